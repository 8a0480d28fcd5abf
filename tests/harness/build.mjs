// Makes tests/harness/dist, a page that opens from a file and stands in for Grafana: it bundles the @grafana packages
// that Grafana shares and loads the built module.js of dist/.
import { copyFile, cp } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.join(here, 'dist');

await build({
  entryPoints: [path.join(here, 'main.tsx')],
  outdir,
  bundle: true,
  format: 'esm',
  jsx: 'automatic',
  sourcemap: 'linked',
  target: 'es2022',
  define: { 'process.env.NODE_ENV': '"development"', global: 'window' },
  loader: { '.svg': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
  logLevel: 'warning',
});
// The icons of @grafana/ui are fetched one by one, relative to the page.
const icons = path.join(here, '../../node_modules/@grafana/ui/dist/public/img/icons');
await cp(icons, path.join(outdir, 'public/build/img/icons'), { recursive: true });
await copyFile(path.join(here, '../../dist/module.js'), path.join(outdir, 'module.js'));
await copyFile(path.join(here, 'index.html'), path.join(outdir, 'index.html'));
