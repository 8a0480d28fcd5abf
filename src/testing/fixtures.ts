import { type DataSourceInstanceSettings, type DataSourceSettings, PluginType } from '@grafana/data';
import plugin from '../plugin.json';
import { type AnalysisSecureSettings, type AnalysisSettings, type Prompt } from '../types';

export type Settings = DataSourceSettings<AnalysisSettings, AnalysisSecureSettings>;

/** Settings of a data source as Grafana hands them to the browser. */
export function instanceSettings(): DataSourceInstanceSettings<AnalysisSettings> {
  return {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the type still requires it
    id: 1,
    uid: 'ai',
    type: plugin.id,
    name: plugin.name,
    readOnly: false,
    access: 'proxy',
    jsonData: {},
    meta: {
      id: plugin.id,
      name: plugin.name,
      type: PluginType.datasource,
      module: '',
      baseUrl: '',
      info: {
        author: { name: '' },
        description: '',
        links: [],
        logos: { large: '', small: '' },
        screenshots: [],
        updated: '',
        version: '',
      },
    },
  };
}

/** Settings of a new data source as its configuration page gets them. */
export function settings(part: Partial<Settings> = {}): Settings {
  return {
    id: 1,
    uid: 'ai',
    orgId: 1,
    name: plugin.name,
    type: plugin.id,
    typeName: plugin.name,
    typeLogoUrl: '',
    access: 'proxy',
    url: '',
    user: '',
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the type still requires it
    database: '',
    basicAuth: false,
    basicAuthUser: '',
    isDefault: false,
    jsonData: {},
    secureJsonFields: {},
    readOnly: false,
    withCredentials: false,
    ...part,
  };
}

export const PROMPTS: Prompt[] = [
  { id: 'triage', version: '1.0.0', title: 'Triage', description: 'What is wrong, and since when', origin: 'built-in' },
  { id: 'security', version: '1.2.0', title: 'Security', description: 'Signs of an attack', origin: 'ConfigMap' },
];
