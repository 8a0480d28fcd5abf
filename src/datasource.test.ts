import { CoreApp, type DataQueryRequest, dateTime } from '@grafana/data';
import { type BackendSrv, DataSourceWithBackend, setBackendSrv } from '@grafana/runtime';
import { EMPTY } from 'rxjs';
import { AnalysisDataSource } from './datasource';
import { instanceSettings, PROMPTS } from './testing/fixtures';
import { fakeTemplateSrv } from './testing/templateSrv';
import { type AnalysisQuery } from './types';

const variables = {
  app: { value: ['web.1', 'db'], multi: true },
  labels: { value: ['namespace', 'pod'], multi: true },
  prompt: { value: 'triage' },
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
  const request = (app: string): DataQueryRequest<AnalysisQuery> => ({
    app,
    requestId: '1',
    interval: '1m',
    intervalMs: 60_000,
    range: { from: dateTime(0), to: dateTime(1), raw: { from: 'now-1h', to: 'now' } },
    scopedVars: {},
    startTime: 0,
    timezone: 'utc',
    targets: [{ refId: 'A', expr: '{a="b"}', format: 'verdict' }],
  });

  it.each([
    [CoreApp.Explore, ''],
    [CoreApp.PanelEditor, 'verdict'],
  ])('asks in %s for format "%s"', (app, format) => {
    const sent = jest.spyOn(DataSourceWithBackend.prototype, 'query').mockReturnValue(EMPTY);
    newDataSource().query(request(app));
    expect(sent.mock.calls[0]?.[0].targets).toEqual([expect.objectContaining({ format })]);
    sent.mockRestore();
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
      maxLines: 10,
    };
    expect(newDataSource().applyTemplateVariables(query, {})).toEqual({
      refId: 'A',
      queryType: 'analysis',
      expr: '{app=~"(web\\\\.1|db)"}',
      promptId: 'triage',
      promptVars: { service: 'the services web.1, db' },
      groupBy: ['namespace', 'pod', 'container'],
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
