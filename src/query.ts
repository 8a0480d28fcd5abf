import { CoreApp } from '@grafana/data';
import { type AnalysisQuery, type QueryType } from './types';

const isOneOf = (app: string | undefined, ...apps: CoreApp[]) => apps.some((one) => String(one) === app);

/** Whether an app is Explore, which runs queries with a button of its own and shows each frame in its own place. */
export function isExplore(app?: string): boolean {
  return isOneOf(app, CoreApp.Explore);
}

/** Whether an app evaluates queries as an alert rule, where only numbers can be compared. */
export function isAlerting(app?: string): boolean {
  return isOneOf(app, CoreApp.UnifiedAlerting, CoreApp.CloudAlerting);
}

/** Whether an app shows one frame of a query, so that the reader chooses which. */
export function isPanel(app?: string): boolean {
  return isOneOf(app, CoreApp.PanelEditor, CoreApp.Dashboard);
}

/**
 * Returns what a new query in an app starts with. Limits are absent, so that those of the data source apply.
 * What an alert rule needs is written out: a rule must not change its meaning when a default changes.
 */
export function defaultQuery(app?: string): Partial<AnalysisQuery> {
  const common: Partial<AnalysisQuery> = { queryType: 'analysis', expr: '', promptId: '', groupBy: [], format: '' };
  if (isAlerting(app)) {
    return { ...common, queryType: 'verdict', value: 'severity', baseline: '1d', ask: 'novel', maxAge: '15m' };
  }
  return isPanel(app) ? { ...common, format: 'verdict' } : common;
}

const EVALUABLE: readonly QueryType[] = ['verdict', 'notification'];

/**
 * Fills in what a stored query lacks with what the backend assumes, so that an editor shows what is evaluated. In an
 * alert rule a query that no rule can evaluate, such as one copied from a panel, becomes a new rule's `verdict`.
 */
export function completeQuery(query: AnalysisQuery, app?: string): AnalysisQuery {
  if (isAlerting(app) && !EVALUABLE.includes(query.queryType ?? 'analysis')) {
    return { ...defaultQuery(app), ...query, queryType: 'verdict', format: '' };
  }
  return { ...defaultQuery(), ...query };
}

/** Tells whether a query type is about a model's judgement and so about a prompt. */
export function needsPrompt(queryType?: QueryType): boolean {
  return queryType !== 'patterns';
}

/** Tells whether the backend answers a query at once and completes the answer while it is asked again. */
export function runsAsync({ queryType = 'analysis' }: AnalysisQuery): boolean {
  return queryType === 'analysis' || queryType === 'verdict';
}

/** Returns what changes with the type of a query: a format that the new type does not have goes. */
export function withType(queryType: QueryType, app?: string): Partial<AnalysisQuery> {
  return { queryType, format: queryType === 'analysis' ? defaultQuery(app).format : '' };
}

/** Returns a query as dashboards ask for their annotations: verdicts of the past, one table of events. */
export function annotationQuery(query: AnalysisQuery): AnalysisQuery {
  return { expr: '', promptId: '', groupBy: [], ...query, queryType: 'history', format: 'annotations' };
}

const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Splits a comma or space separated list into label names without duplicates. `invalid` holds the names that Loki cannot
 * have; a name with a template variable is left to the interpolation.
 */
export function parseLabelNames(text: string): { names: string[]; invalid: string[] } {
  const names = [...new Set(text.split(/[\s,]+/).filter((name) => name !== ''))];
  return { names, invalid: names.filter((name) => !name.includes('$') && !LABEL_NAME.test(name)) };
}
