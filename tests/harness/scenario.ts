import { type AnalysisQuery, type AnalysisSettings } from '../../src/types';

/** What a spec asks of the page, as JSON in the fragment of its address. */
export interface Scenario {
  view: 'query' | 'config';
  theme: 'dark' | 'light';
  /** The app whose editor is shown, for example `explore`. */
  app?: string;
  query?: Partial<AnalysisQuery>;
  url?: string;
  settings?: AnalysisSettings;
  /** How the resource `prompts` answers. */
  prompts?: 'listed' | 'failing' | 'none';
}

/** What the page tells a spec. */
export interface HarnessState {
  query?: AnalysisQuery;
  options?: { url: string; jsonData: AnalysisSettings; secureJsonData?: object };
  runs: number;
  promptRequests: string[];
}

declare global {
  interface Window {
    harness: HarnessState;
  }
}
