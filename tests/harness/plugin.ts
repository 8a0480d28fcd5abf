import * as emotion from '@emotion/css';
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import * as react from 'react';
import * as jsxRuntime from 'react/jsx-runtime';
import * as rxjs from 'rxjs';
import { type plugin } from '../../src/module';

/** What Grafana shares with a plugin, as far as this one may ask for it. */
const shared = new Map<string, unknown>([
  ['@emotion/css', emotion],
  ['@grafana/data', data],
  ['@grafana/runtime', runtime],
  ['@grafana/ui', ui],
  ['react', react],
  ['react/jsx-runtime', jsxRuntime],
  ['rxjs', rxjs],
]);

type Module = { plugin: typeof plugin };

declare global {
  interface Window {
    define: (names: string[], factory: (...modules: unknown[]) => Module) => void;
  }
}

function load(): Promise<Module> {
  return new Promise((resolve, reject) => {
    window.define = (names, factory) => {
      const missing = names.filter((name) => !shared.has(name));
      if (missing.length > 0) {
        throw new Error(`module.js asks for ${missing.join(', ')}, which the harness does not share`);
      }
      resolve(factory(...names.map((name) => shared.get(name))));
    };
    const script = document.createElement('script');
    script.src = 'module.js';
    script.onerror = () => reject(new Error('module.js is missing: build the plugin first'));
    document.head.append(script);
  });
}

/** Loads the built module.js the way Grafana does: as an AMD module that gets the shared packages and no others. */
export async function loadPlugin() {
  const { plugin } = await load();
  const { ConfigEditor, QueryEditor } = plugin.components;
  if (!ConfigEditor || !QueryEditor) {
    throw new Error('module.js has no editors');
  }
  return { ConfigEditor, QueryEditor, DataSourceClass: plugin.DataSourceClass };
}
