import { CoreApp } from '@grafana/data';
import { completeQuery, needsPrompt, parseLabelNames, runsAsync } from './query';
import { type QueryType } from './types';

describe('completeQuery', () => {
  it('fills in what a stored query lacks and keeps the rest', () => {
    expect(completeQuery({ refId: 'A', expr: '{a="b"}', promptId: 'triage' }, CoreApp.Explore)).toEqual({
      refId: 'A',
      queryType: 'analysis',
      expr: '{a="b"}',
      promptId: 'triage',
      groupBy: [],
      format: '',
    });
  });

  it('shows a panel that stores no format as what it is: all frames', () => {
    expect(completeQuery({ refId: 'A' }, CoreApp.PanelEditor)).toMatchObject({ format: '' });
  });

  it('turns a query of a panel into one that a rule can evaluate', () => {
    const query = completeQuery({ refId: 'A', queryType: 'analysis', format: 'evidence' }, CoreApp.UnifiedAlerting);
    expect(query).toMatchObject({ queryType: 'verdict', value: 'severity', format: '', maxAge: '15m' });
  });

  it.each(['verdict', 'notification'] as const)('keeps a rule of type %s', (queryType) => {
    expect(completeQuery({ refId: 'A', queryType, value: 'age' }, CoreApp.UnifiedAlerting)).toMatchObject({
      queryType,
      value: 'age',
    });
  });
});

it.each<[QueryType | undefined, boolean]>([
  [undefined, true],
  ['analysis', true],
  ['verdict', true],
  ['notification', false],
  ['patterns', false],
  ['history', false],
])('knows whether %s is answered bit by bit', (queryType, want) => {
  expect(runsAsync({ refId: 'A', queryType })).toBe(want);
});

it('knows the query type without a prompt', () => {
  expect(needsPrompt('patterns')).toBe(false);
  expect(needsPrompt('verdict')).toBe(true);
  expect(needsPrompt()).toBe(true);
});

describe('parseLabelNames', () => {
  it.each([
    ['', [], []],
    ['namespace', ['namespace'], []],
    [' a, b  c,,a ', ['a', 'b', 'c'], []],
    ['app.kubernetes.io/name, 1st, ok', ['app.kubernetes.io/name', '1st', 'ok'], ['app.kubernetes.io/name', '1st']],
    ['$labels', ['$labels'], []],
  ])('splits "%s"', (text, names, invalid) => {
    expect(parseLabelNames(text)).toEqual({ names, invalid });
  });
});
