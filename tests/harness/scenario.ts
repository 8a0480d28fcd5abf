import { type AnalysisQuery, type AnalysisSettings } from '../../src/types';

/** What a spec asks of the page, as JSON in the fragment of its address. */
export interface Scenario {
  view: 'query' | 'annotation' | 'config';
  theme: 'dark' | 'light';
  /** The app whose editor is shown, for example `explore`. */
  app?: string;
  query?: Partial<AnalysisQuery>;
  url?: string;
  settings?: AnalysisSettings;
  /** How the resource `prompts` answers. */
  prompts?: 'listed' | 'failing' | 'none';
  /** How the backend answers a query: the model becomes ready, or never does. Without it nothing is asked. */
  answers?: 'model' | 'endless';
}

/** What the page tells a spec. */
export interface HarnessState {
  query?: AnalysisQuery;
  options?: { url: string; jsonData: AnalysisSettings; secureJsonData?: object };
  runs: number;
  promptRequests: string[];
  /** What was sent to the backend besides requests for prompts, in order. */
  sent: Array<{ url: string; data: unknown }>;
  /** The states of the answer, in order, each with the verdicts that were shown. */
  shown: Array<{ state?: string; verdicts: unknown[] }>;
}

declare global {
  interface Window {
    harness: HarnessState;
  }
}
