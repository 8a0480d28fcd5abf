// Builds src/ into dist/ as the AMD module that Grafana's plugin loader expects.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import CopyPlugin from 'copy-webpack-plugin';

const root = path.dirname(fileURLToPath(import.meta.url));
const readJSON = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const { id } = readJSON('plugin.json');
const { version } = readJSON('package.json');

// Modules that Grafana 12.3 and later hands to every plugin. Two copies of one of these in a page break hooks, theme or
// styles, so they are never bundled. @grafana/schema and @grafana/i18n are absent on purpose: Grafana does not share them.
const shared = [
  '@emotion/css',
  '@emotion/react',
  '@grafana/data',
  '@grafana/runtime',
  '@grafana/ui',
  'i18next',
  'lodash',
  'moment',
  'prismjs',
  'react',
  'react-dom',
  'react-inlinesvg',
  'react-redux',
  'react-router',
  'react-router-dom',
  'react/jsx-dev-runtime',
  'react/jsx-runtime',
  'redux',
  'rxjs',
  'rxjs/operators',
];

/** Fails the build when a package that Grafana owns was bundled, for example through a deep import of a dependency. */
class SharedPackagesStayOutside {
  apply(compiler) {
    const forbidden =
      /node_modules[\\/](react|react-dom|rxjs|lodash|i18next|@emotion[\\/]\w+|@grafana[\\/](data|runtime|ui|schema|i18n))[\\/]/;
    compiler.hooks.compilation.tap('SharedPackagesStayOutside', (compilation) => {
      compilation.hooks.finishModules.tap('SharedPackagesStayOutside', (modules) => {
        for (const { resource } of modules) {
          const match = resource && forbidden.exec(resource);
          if (match) {
            compilation.errors.push(
              new Error(`${match[1]} would be bundled (${resource}); import it by a name that Grafana shares`)
            );
          }
        }
      });
    });
  }
}

/** The day of the build, or of SOURCE_DATE_EPOCH (seconds) where a reproducible build sets it, as YYYY-MM-DD in UTC. */
function buildDay() {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  return (epoch ? new Date(Number(epoch) * 1000) : new Date()).toISOString().slice(0, 10);
}

const stampVersion = (content) => content.toString().replaceAll('%VERSION%', version).replaceAll('%TODAY%', buildDay());

const documents = ['README.md', 'CHANGELOG.md', 'LICENSE'].filter((name) => existsSync(path.join(root, name)));

export default (_env, { mode }) => ({
  mode,
  target: ['web', 'es2020'],
  context: path.join(root, 'src'),
  entry: { module: './module.ts' },
  devtool: mode === 'production' ? 'source-map' : 'eval-source-map',
  externals: shared,
  externalsType: 'amd',
  resolve: { extensions: ['.tsx', '.ts', '.mjs', '.js'] },
  module: {
    rules: [
      {
        test: /\.tsx?$/,
        exclude: /node_modules/,
        loader: 'swc-loader',
        options: {
          jsc: {
            target: 'es2020',
            parser: { syntax: 'typescript', tsx: true },
            // The production JSX functions work in every build of React; the development ones do not.
            transform: { react: { runtime: 'automatic', development: false } },
          },
        },
      },
    ],
  },
  plugins: [
    new CopyPlugin({
      patterns: [
        { from: path.join(root, 'plugin.json'), transform: stampVersion },
        { from: 'img', to: 'img' },
        ...documents.map((name) => ({ from: path.join(root, name) })),
      ],
    }),
    new SharedPackagesStayOutside(),
  ],
  output: {
    // What the Go build puts into dist/ stays there.
    clean: { keep: /(^gpx_|go_plugin_build_manifest$)/ },
    path: path.join(root, 'dist'),
    filename: '[name].js',
    library: { type: 'amd' },
    publicPath: `public/plugins/${id}/`,
    uniqueName: id,
  },
  performance: { hints: mode === 'production' ? 'error' : false, maxAssetSize: 400_000, maxEntrypointSize: 400_000 },
});
