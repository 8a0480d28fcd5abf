import {
  type CoreApp,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type ScopedVars,
} from '@grafana/data';
import { type DataQuery } from '@grafana/schema';
import { config, DataSourceWithBackend, getTemplateSrv, type TemplateSrv } from '@grafana/runtime';
import { type Observable } from 'rxjs';
import { annotationSupport } from './annotations';
import { runAsync } from './asyncQuery';
import { interpolateLogQL } from './logql';
import { completeQuery, defaultQuery, isExplore, parseLabelNames, runsAsync } from './query';
import { type AnalysisQuery, type AnalysisSettings, type AsyncQuery, type Prompt } from './types';

/** What `importQueries` needs to know of the data source that the queries come from. */
interface QueryOrigin {
  type: string;
}

/** The browser's side of the data source. All analysis happens in the backend; this prepares queries for it. */
export class AnalysisDataSource extends DataSourceWithBackend<AnalysisQuery, AnalysisSettings> {
  constructor(
    instanceSettings: DataSourceInstanceSettings<AnalysisSettings>,
    private readonly templateSrv: TemplateSrv = getTemplateSrv()
  ) {
    super(instanceSettings);
    this.annotations = annotationSupport;
  }

  override getDefaultQuery(app: CoreApp): Partial<AnalysisQuery> {
    return defaultQuery(app);
  }

  /** Keeps hidden queries and queries without LogQL from the backend, where they could only fail. */
  override filterQuery(query: AnalysisQuery): boolean {
    return !query.hide && (query.expr ?? '').trim() !== '';
  }

  /**
   * Runs queries. Those that a model answers show what the rules say at once and what the model says when it is there;
   * alert rules and expressions are evaluated on the server and never come here.
   */
  override query(request: DataQueryRequest<AnalysisQuery>): Observable<DataQueryResponse> {
    // Explore has no control for `format`, which a query may bring from a panel.
    const targets = isExplore(request.app)
      ? request.targets.map((target): AnalysisQuery => ({ ...target, format: '' }))
      : request.targets;
    // A public dashboard's server runs the queries that it has stored, whatever is asked.
    if (config.publicDashboardAccessToken || !targets.some(runsAsync)) {
      return super.query({ ...request, targets });
    }
    const queries = targets.map((target): AsyncQuery =>
      runsAsync(target) ? { ...target, meta: { queryFlow: 'async' } } : target
    );
    return runAsync(queries, {
      // A cached answer would carry the id of a query that ended long ago.
      ask: (asked) => super.query({ ...request, targets: asked, skipQueryCache: true }),
      cancel: (queryID) => void this.cancel(queryID),
    });
  }

  /** Asks the backend to stop working on a query. Whoever left is not told when that fails. */
  private async cancel(queryId: string) {
    try {
      await this.postResource('cancel', { queryId }, { showErrorAlert: false });
    } catch {
      // The backend ends the query by itself when nobody asks for it.
    }
  }

  override applyTemplateVariables(query: AnalysisQuery, scopedVars: ScopedVars): AnalysisQuery {
    const plain = (text: string) =>
      this.templateSrv.replace(text, scopedVars, (value: unknown) =>
        Array.isArray(value) ? value.join(', ') : String(value)
      );
    return {
      ...query,
      expr: interpolateLogQL(query.expr ?? '', this.templateSrv, scopedVars),
      promptId: plain(query.promptId ?? ''),
      promptVars:
        query.promptVars &&
        Object.fromEntries(Object.entries(query.promptVars).map(([name, value]) => [name, plain(value)])),
      groupBy: parseLabelNames((query.groupBy ?? []).map(plain).join(',')).names,
      ...(query.baseline && { baseline: plain(query.baseline) }),
      ...(query.maxAge && { maxAge: plain(query.maxAge) }),
    };
  }

  override getQueryDisplayText(query: AnalysisQuery): string {
    return [query.promptId, query.expr].filter(Boolean).join(': ');
  }

  /**
   * Takes over queries when a reader switches from another data source. A Loki query keeps its LogQL, parser stages and
   * all; other languages mean nothing here, and the empty list makes Grafana start with a default query. The newer
   * import of abstract queries carries label matchers only, so it must stay unimplemented: Grafana would prefer it.
   */
  override importQueries(queries: DataQuery[], origin: QueryOrigin): Promise<AnalysisQuery[]> {
    if (origin.type !== 'loki') {
      return Promise.resolve([]);
    }
    return Promise.resolve(
      queries.map(({ refId, key, hide, ...rest }) =>
        completeQuery({ refId, key, hide, expr: 'expr' in rest && typeof rest.expr === 'string' ? rest.expr : '' })
      )
    );
  }

  /** Asks the backend for its prompts, sorted by title. Rejects when the backend cannot answer or answers nonsense. */
  async listPrompts(): Promise<Prompt[]> {
    const answer = await this.getResource<{ prompts?: Prompt[] } | undefined>('prompts');
    if (!Array.isArray(answer?.prompts)) {
      throw new Error('the answer has no list of prompts');
    }
    return [...answer.prompts].sort((a, b) => (a.title || a.id).localeCompare(b.title || b.id));
  }
}
