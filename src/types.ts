import { type DataSourceJsonData } from '@grafana/data';
import { type DataQuery } from '@grafana/schema';

export const QUERY_TYPES = ['analysis', 'verdict', 'patterns', 'notification', 'history'] as const;
export type QueryType = (typeof QUERY_TYPES)[number];

/**
 * Frames that a panel can ask for; the empty string asks for all of them. `annotations` is what a `history` query
 * answers for a dashboard's annotations: one table with time, timeEnd, title, text and tags.
 */
export type Format = '' | 'verdict' | 'findings' | 'evidence' | 'annotations';

/** The number that a `verdict` query returns; `field:<name>` is an output field that the prompt declares. */
export type VerdictValue =
  'severity' | 'probability' | 'age' | 'coverage' | 'rules_severity' | 'contested' | 'degraded' | `field:${string}`;

/** One query as it is stored in dashboards and alert rules and read by the backend under the same names. */
export interface AnalysisQuery extends DataQuery {
  queryType?: QueryType;
  /** LogQL of the lines to look at. */
  expr?: string;
  promptId?: string;
  promptVars?: Record<string, string>;
  /** Label names; each combination of their values is analysed by itself. */
  groupBy?: string[];
  /** Groups that the model judges; beyond it the rules alone do. */
  maxGroups?: number;
  maxLines?: number;
  /** Offset of the window to compare with, such as `1h` or `1d`; the empty string compares with nothing. */
  baseline?: string;
  context?: 'events' | '';
  /** How long a verdict stays current, as a duration such as `15m`. */
  maxAge?: string;
  ask?: 'novel' | 'always';
  value?: VerdictValue;
  format?: Format;
}

/** A query as the loop of `asyncQuery.ts` sends it; neither member is ever stored. */
export interface AsyncQuery extends AnalysisQuery {
  /** Asks the backend to answer at once and to go on working. Evaluations on the server have none. */
  meta?: { queryFlow: 'async' };
  /** The id that the backend gave to the running query. */
  queryID?: string;
}

export interface LlmServer {
  url: string;
  model: string;
  /** Requests that the server works on at once; the server is asked when this is absent. */
  slots?: number;
}

/** What a data source stores in the open; Loki's URL and authentication are the data source's own. */
export interface AnalysisSettings extends DataSourceJsonData {
  lokiTenant?: string;
  lokiDatasourceUid?: string;
  historyUrl?: string;
  historyEnabled?: boolean;
  llmServers?: LlmServer[];
  maxLines?: number;
  maxGroups?: number;
  maxConcurrentQueries?: number;
  alertWait?: string;
  memoryLimit?: string;
  requireScorecard?: boolean;
  kubernetes?: { enabled: boolean; namespaces: string[] };
}

/** What a data source stores encrypted; the browser only learns whether a key is set. */
export interface AnalysisSecureSettings {
  llmApiKey?: string;
  historyKey?: string;
}

/** A prompt as the resource `prompts` lists it. */
export interface Prompt {
  id: string;
  version: string;
  title: string;
  description: string;
  /** Where the prompt comes from: built in, the operator's directory, or a ConfigMap. */
  origin: string;
  /** What the prompt lets a query fill in; absent where the backend does not say. */
  variables?: PromptVariable[];
}

export interface PromptVariable {
  name: string;
  description?: string;
  default?: string;
}

/** What the backend assumes where settings and query say nothing. */
export const DEFAULT_MAX_LINES = 20_000;
export const DEFAULT_MAX_GROUPS = 20;
export const DEFAULT_MAX_AGE = '15m';
export const DEFAULT_ALERT_BASELINE = '1d';
export const DEFAULT_ALERT_WAIT = '5s';

/** What the backend does not go beyond, whatever the settings say. */
export const HIGHEST_MAX_LINES = 1_000_000;
export const HIGHEST_MAX_GROUPS = 100;
export const HIGHEST_SLOTS = 64;
export const LONGEST_BASELINE = '365d';
export const LONGEST_ALERT_WAIT = '20s';
