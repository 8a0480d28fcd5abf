import { CoreApp, type DataQueryRequest, type DataQueryResponse, dateTime } from '@grafana/data';
import { type BackendSrv, config, setBackendSrv } from '@grafana/runtime';
import { lastValueFrom, of } from 'rxjs';
import { FIRST_DELAY_MS } from './asyncQuery';
import { AnalysisDataSource } from './datasource';
import { instanceSettings, PROMPTS } from './testing/fixtures';
import { fakeTemplateSrv } from './testing/templateSrv';
import { type AnalysisQuery, type AsyncQuery, type Format, type QueryType } from './types';

const variables = {
  app: { value: ['web.1', 'db'], multi: true },
  labels: { value: ['namespace', 'pod'], multi: true },
  prompt: { value: 'triage' },
  offset: { value: '2d' },
};
const newDataSource = () => new AnalysisDataSource(instanceSettings(), fakeTemplateSrv(variables));

describe('getDefaultQuery', () => {
  it.each([CoreApp.UnifiedAlerting, CoreApp.CloudAlerting])('gives %s what a rule can evaluate', (app) => {
    expect(newDataSource().getDefaultQuery(app)).toMatchObject({
      queryType: 'verdict',
      value: 'severity',
      baseline: '1d',
      ask: 'novel',
      maxAge: '15m',
    });
  });

  it('gives panels one frame and Explore all of them', () => {
    expect(newDataSource().getDefaultQuery(CoreApp.PanelEditor)).toMatchObject({
      queryType: 'analysis',
      format: 'verdict',
    });
    expect(newDataSource().getDefaultQuery(CoreApp.Explore)).toMatchObject({ queryType: 'analysis', format: '' });
  });

  it('leaves limits to the data source', () => {
    expect(newDataSource().getDefaultQuery(CoreApp.Explore)).not.toHaveProperty('maxLines');
  });
});

describe('filterQuery', () => {
  it.each<[boolean, Partial<AnalysisQuery>]>([
    [true, { expr: '{a="b"}' }],
    [false, { expr: '{a="b"}', hide: true }],
    [false, { expr: '  \n' }],
    [false, {}],
  ])('says %s to %j', (want, query) => {
    expect(newDataSource().filterQuery({ refId: 'A', ...query })).toBe(want);
  });
});

describe('query', () => {
  const request = (...targets: AnalysisQuery[]): DataQueryRequest<AnalysisQuery> => ({
    app: CoreApp.PanelEditor,
    requestId: '1',
    interval: '1m',
    intervalMs: 60_000,
    maxDataPoints: 500,
    range: { from: dateTime(0), to: dateTime(1), raw: { from: 'now-1h', to: 'now' } },
    scopedVars: {},
    startTime: 0,
    timezone: 'utc',
    targets,
  });

  interface Sent {
    url: string;
    data: { queries: AsyncQuery[] };
    headers: Record<string, string>;
  }

  /** A backend service that answers each request with the frames of one round: JSON as the server sends it. */
  function backendSrv(...rounds: unknown[][]) {
    const sent: Sent[] = [];
    const fetch = (request: unknown) => {
      const { url, data, headers } = request as Sent;
      sent.push({ url, data: JSON.parse(JSON.stringify(data)) as Sent['data'], headers });
      const frames = rounds[Math.min(sent.length, rounds.length) - 1];
      const results = Object.fromEntries((data.queries ?? []).map(({ refId }) => [refId, { status: 200, frames }]));
      return of({ status: 200, data: { results } });
    };
    setBackendSrv({ fetch } as unknown as BackendSrv);
    return sent;
  }

  const frame = (status?: string, value?: string) => ({
    schema: {
      name: 'verdict',
      fields: value ? [{ name: 'verdict', type: 'string' }] : [],
      meta: status && { custom: { queryID: 'q1', status } },
    },
    data: { values: value ? [[value]] : [] },
  });

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it.each<[CoreApp, Format]>([
    [CoreApp.Explore, ''],
    [CoreApp.PanelEditor, 'verdict'],
  ])('asks in %s for format "%s"', async (app, format) => {
    const sent = backendSrv([frame(undefined, 'x')]);
    const answer = newDataSource().query({ ...request({ refId: 'A', expr: '{a="b"}', format: 'verdict' }), app });
    await lastValueFrom(answer);
    expect(sent[0]?.data.queries[0]).toMatchObject({ format });
  });

  it('asks for the model in the asynchronous way, and cancels when nobody waits', async () => {
    const sent = backendSrv([frame('started', 'rules')], [frame('running')]);
    const seen: DataQueryResponse[] = [];
    const query: AnalysisQuery = { refId: 'A', queryType: 'verdict', expr: '{app="$prompt"}', promptId: '$prompt' };
    const subscription = newDataSource()
      .query(request(query))
      .subscribe((response) => seen.push(response));
    await jest.advanceTimersByTimeAsync(FIRST_DELAY_MS);
    subscription.unsubscribe();
    await jest.advanceTimersByTimeAsync(60_000);

    const first = {
      refId: 'A',
      queryType: 'verdict',
      expr: '{app="triage"}',
      promptId: 'triage',
      groupBy: [],
      meta: { queryFlow: 'async' },
      intervalMs: 60_000,
      maxDataPoints: 500,
      datasource: { type: 'lokalyst-aianalysis-datasource', uid: 'ai' },
      datasourceId: 1,
    };
    expect(sent.map(({ url, data }) => [url, data])).toEqual([
      [expect.stringMatching(/^\/api\/ds\/query\?/), { queries: [first], from: '0', to: '1' }],
      [expect.stringMatching(/^\/api\/ds\/query\?/), { queries: [{ ...first, queryID: 'q1' }], from: '0', to: '1' }],
      ['/api/datasources/uid/ai/resources/cancel', { queryId: 'q1' }],
    ]);
    expect(sent[0]?.headers).toMatchObject({ 'X-Cache-Skip': 'true' });
    expect(seen.map(({ state }) => state)).toEqual(['Streaming']);
  });

  it('survives a cancel that fails', async () => {
    backendSrv([frame('started', 'rules')]);
    const source = newDataSource();
    const post = jest.spyOn(source, 'postResource').mockRejectedValue(new Error('offline'));
    const subscription = source.query(request({ refId: 'A', expr: '{a="b"}' })).subscribe();
    await jest.advanceTimersByTimeAsync(1);
    subscription.unsubscribe();
    await jest.advanceTimersByTimeAsync(1);
    expect(post).toHaveBeenCalledWith('cancel', { queryId: 'q1' }, { showErrorAlert: false });
  });

  it.each<[QueryType, Format]>([
    ['patterns', ''],
    ['notification', ''],
    ['history', ''],
    ['history', 'annotations'],
  ])('asks once for %s with format "%s", and never in the asynchronous way', async (queryType, format) => {
    const sent = backendSrv([frame('started', 'x')]);
    const answer = await lastValueFrom(
      newDataSource().query(request({ refId: 'A', queryType, format, expr: '{a="b"}' }))
    );
    await jest.advanceTimersByTimeAsync(60_000);
    expect(answer.state).toBe('Done');
    expect(sent).toHaveLength(1);
    expect(sent[0]?.data.queries[0]).not.toHaveProperty('meta');
    expect(sent[0]?.headers).not.toHaveProperty('X-Cache-Skip');
  });

  it('marks only the queries of a request that a model answers', async () => {
    const sent = backendSrv([frame(undefined, 'x')]);
    await lastValueFrom(
      newDataSource().query(
        request({ refId: 'A', expr: '{a="b"}' }, { refId: 'B', queryType: 'patterns', expr: '{a="b"}' })
      )
    );
    expect(sent).toHaveLength(1);
    expect(sent[0]?.data.queries.map(({ meta }) => meta)).toEqual([{ queryFlow: 'async' }, undefined]);
  });

  it('leaves public dashboards to their server', async () => {
    config.publicDashboardAccessToken = 'token';
    const sent = backendSrv([frame('started', 'x')]);
    try {
      await lastValueFrom(newDataSource().query({ ...request({ refId: 'A', expr: '{a="b"}' }), panelId: 7 }));
      await jest.advanceTimersByTimeAsync(60_000);
      expect(sent.map(({ url }) => url)).toEqual(['/api/public/dashboards/token/panels/7/query']);
    } finally {
      config.publicDashboardAccessToken = '';
    }
  });
});

describe('applyTemplateVariables', () => {
  it('replaces variables wherever a query has text', () => {
    const query: AnalysisQuery = {
      refId: 'A',
      queryType: 'analysis',
      expr: '{app=~"$app"}',
      promptId: '$prompt',
      promptVars: { service: 'the services $app' },
      groupBy: ['$labels', 'pod', 'container'],
      baseline: '$offset',
      maxAge: '1h',
      maxLines: 10,
    };
    expect(newDataSource().applyTemplateVariables(query, {})).toEqual({
      refId: 'A',
      queryType: 'analysis',
      expr: '{app=~"(web\\\\.1|db)"}',
      promptId: 'triage',
      promptVars: { service: 'the services web.1, db' },
      groupBy: ['namespace', 'pod', 'container'],
      baseline: '2d',
      maxAge: '1h',
      maxLines: 10,
    });
  });

  it('does not change the query that is stored', () => {
    const query: AnalysisQuery = { refId: 'A', expr: '{app=~"$app"}', groupBy: ['$labels'] };
    newDataSource().applyTemplateVariables(query, {});
    expect(query).toEqual({ refId: 'A', expr: '{app=~"$app"}', groupBy: ['$labels'] });
  });
});

/* eslint-disable @typescript-eslint/no-deprecated -- the replacement would drop the stages of a query, see the method */
describe('importQueries', () => {
  it('keeps the LogQL of Loki with all its stages', async () => {
    const loki = {
      refId: 'B',
      key: 'k',
      expr: '{a="b"} | json | level="error"',
      queryType: 'range',
      datasource: { uid: 'l' },
    };
    const [query] = await newDataSource().importQueries([loki], { type: 'loki' });
    expect(query).toMatchObject({ refId: 'B', key: 'k', queryType: 'analysis', expr: loki.expr });
    expect(query).not.toHaveProperty('datasource');
  });

  it('takes nothing from another language', async () => {
    const queries = [{ refId: 'A', expr: 'up == 0' }];
    await expect(newDataSource().importQueries(queries, { type: 'prometheus' })).resolves.toEqual([]);
  });
});
/* eslint-enable @typescript-eslint/no-deprecated */

it('describes a query in one line', () => {
  expect(newDataSource().getQueryDisplayText({ refId: 'A', promptId: 'triage', expr: '{a="b"}' })).toBe(
    'triage: {a="b"}'
  );
  expect(newDataSource().getQueryDisplayText({ refId: 'A', expr: '{a="b"}' })).toBe('{a="b"}');
});

describe('listPrompts', () => {
  const answer = (body: unknown) => {
    const source = newDataSource();
    return { source, getResource: jest.spyOn(source, 'getResource').mockResolvedValue(body) };
  };

  it('asks the resource prompts and sorts by title', async () => {
    const { source, getResource } = answer({ prompts: PROMPTS });
    await expect(source.listPrompts()).resolves.toEqual([PROMPTS[1], PROMPTS[0]]);
    expect(getResource).toHaveBeenCalledWith('prompts');
  });

  it.each([undefined, {}, { prompts: 'no' }])('rejects %j', async (body) => {
    await expect(answer(body).source.listPrompts()).rejects.toThrow('no list of prompts');
  });
});

it('is built by Grafana without a template service', () => {
  setBackendSrv({} as BackendSrv);
  expect(() => new AnalysisDataSource(instanceSettings())).not.toThrow();
});
