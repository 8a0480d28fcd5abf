import { type AnnotationQuery, CoreApp } from '@grafana/data';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { annotationSupport } from './annotations';
import { AnnotationQueryEditor } from './components/AnnotationQueryEditor';
import { AnalysisDataSource } from './datasource';
import plugin from './plugin.json';
import { instanceSettings, PROMPTS } from './testing/fixtures';
import { fakeTemplateSrv } from './testing/templateSrv';
import { type AnalysisQuery } from './types';

const newDataSource = () => new AnalysisDataSource(instanceSettings(), fakeTemplateSrv({}));
const annotation = (target?: AnalysisQuery) => ({ name: 'Verdicts', enable: true, iconColor: 'red', target });

it('is offered by the data source and announced to Grafana', () => {
  expect(newDataSource().annotations).toBe(annotationSupport);
  expect(plugin.annotations).toBe(true);
});

describe('prepareAnnotation', () => {
  const prepare = (stored: AnnotationQuery<AnalysisQuery>) => annotationSupport.prepareAnnotation!(stored);

  it.each<[string, AnalysisQuery | undefined]>([
    ['a new annotation', undefined],
    ['the default query of a panel', { refId: 'Anno', ...newDataSource().getDefaultQuery(CoreApp.Dashboard) }],
    ['a query of another type', { refId: 'Anno', queryType: 'verdict', format: '' }],
  ])('makes a history query of %s', (_, target) => {
    expect(prepare(annotation(target))).toMatchObject({
      name: 'Verdicts',
      target: { refId: 'Anno', queryType: 'history', format: 'annotations', expr: '' },
    });
  });

  it('returns what is prepared as it is, or Grafana would prepare it for ever', () => {
    const prepared = prepare(annotation({ refId: 'Anno', expr: '{a="b"}', promptId: 'p', groupBy: ['app'] }));
    expect(prepare(prepared)).toBe(prepared);
    expect(prepared.target).toMatchObject({ expr: '{a="b"}', promptId: 'p', groupBy: ['app'] });
  });
});

describe('prepareQuery', () => {
  it('asks for what is stored', () => {
    const { target } = annotationSupport.prepareAnnotation!(annotation({ refId: 'Anno', expr: '{a="b"}' }));
    expect(annotationSupport.prepareQuery!(annotation(target))).toBe(target);
  });

  it.each([undefined, { refId: 'Anno', expr: ' ' }])('asks nothing for %j', (target) => {
    expect(annotationSupport.prepareQuery!(annotation(target))).toBeUndefined();
  });
});

it('is edited by LogQL, prompt and labels, and changes nothing while typing', async () => {
  const datasource = newDataSource();
  jest.spyOn(datasource, 'listPrompts').mockResolvedValue(PROMPTS);
  const changed = jest.fn<void, [AnalysisQuery]>();
  const run = jest.fn();
  function Host() {
    const [query, setQuery] = useState<AnalysisQuery>({ refId: 'Anno', queryType: 'analysis', format: 'verdict' });
    const change = (next: AnalysisQuery) => {
      changed(next);
      setQuery(next);
    };
    return <AnnotationQueryEditor datasource={datasource} query={query} onChange={change} onRunQuery={run} />;
  }
  render(<Host />);
  await act(() => Promise.resolve());
  const user = userEvent.setup();
  await user.type(screen.getByLabelText(/^LogQL query/), '{{app="web"}');
  expect(changed).not.toHaveBeenCalled();
  await user.type(screen.getByLabelText('Group by'), 'app{Enter}');
  expect(changed).toHaveBeenLastCalledWith({
    refId: 'Anno',
    queryType: 'history',
    format: 'annotations',
    expr: '{app="web"}',
    promptId: '',
    groupBy: ['app'],
  });
  expect(run).not.toHaveBeenCalled();
  expect(screen.queryByRole('radio')).not.toBeInTheDocument();
});
