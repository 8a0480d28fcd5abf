import { realpathSync } from 'node:fs';
import path from 'node:path';
import pkg from '../package.json';
import plugin from './plugin.json';

it('is one file at the root and under src', () => {
  expect(realpathSync(path.join(__dirname, 'plugin.json'))).toBe(path.join(__dirname, '..', 'plugin.json'));
});

it('has the identity that the backend and the deployment rely on', () => {
  expect(plugin).toMatchObject({
    id: 'lokalyst-aianalysis-datasource',
    type: 'datasource',
    backend: true,
    alerting: true,
    executable: 'gpx_lokalyst_aianalysis',
  });
});

it('takes its version from package.json', () => {
  expect(plugin.info.version).toBe('%VERSION%');
  expect(pkg.version).toMatch(/^\d+\.\d+\.\d+$/);
});
