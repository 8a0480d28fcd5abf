/* eslint-disable @typescript-eslint/no-deprecated -- Grafana still puts an error of the request into `error` */
import {
  type DataFrame,
  type DataQueryResponse,
  FieldType,
  LoadingState,
  type QueryResultMetaNotice,
} from '@grafana/data';
import { NEVER, Observable, of, throwError } from 'rxjs';
import { type Backend, FIRST_DELAY_MS, LONGEST_DELAY_MS, MOST_FAILURES, MOST_POLLS, runAsync } from './asyncQuery';
import { type AsyncQuery } from './types';

interface FrameOptions {
  refId?: string;
  values?: string[];
  custom?: object;
  notices?: QueryResultMetaNotice[];
}

/** A frame as the backend sends it; without values it has no fields. */
function frame(name: string, { refId = 'A', values, custom, notices }: FrameOptions = {}): DataFrame {
  const fields = values ? [{ name: 'verdict', type: FieldType.string, config: {}, values }] : [];
  return { name, refId, length: values?.length ?? 0, fields, meta: { custom, notices } };
}

const at = (status: string, progress?: string, queryID = 'q1') => ({ queryID, status, progress });
const answer = (...data: DataFrame[]): DataQueryResponse => ({ data, state: LoadingState.Done });
const info = (text: string): QueryResultMetaNotice => ({ severity: 'info', text });
const started = answer(
  frame('verdict', { values: ['rules'], custom: at('started', '0 of 2'), notices: [info('0 of 2'), info('sampled')] }),
  frame('findings', { values: ['f'], custom: at('started') })
);
const done = answer(
  frame('verdict', { values: ['model'], custom: at('done', '2 of 2'), notices: [info('2 of 2'), info('sampled')] })
);
const failure: DataQueryResponse = { data: [], state: LoadingState.Error, error: { data: { message: 'bad gateway' } } };
const refused: DataQueryResponse = {
  data: [],
  state: LoadingState.Error,
  error: { refId: 'A', message: 'Loki is down' },
  errors: [{ refId: 'A', message: 'Loki is down' }],
};

/** Runs the loop against a backend that gives these answers, the last of them for ever. */
function start(
  answers: Array<DataQueryResponse | Observable<DataQueryResponse>>,
  queries: AsyncQuery[] = [{ refId: 'A' }]
) {
  const asked: AsyncQuery[][] = [];
  const cancelled: string[] = [];
  const backend: Backend = {
    ask: (sent) => {
      const next = answers[Math.min(asked.length, answers.length - 1)]!;
      asked.push(sent);
      return next instanceof Observable ? next : of(next);
    },
    cancel: (id) => cancelled.push(id),
  };
  const seen: DataQueryResponse[] = [];
  const ended = jest.fn();
  const subscription = runAsync(queries, backend).subscribe({
    next: (r) => seen.push(r),
    complete: ended,
    error: ended,
  });
  return { asked, cancelled, seen, ended, subscription, last: () => seen[seen.length - 1]! };
}

/** What a reader sees: the state, each frame with its values, and the notices. */
function look({ data, state }: DataQueryResponse) {
  const frames = data as DataFrame[];
  return {
    state,
    frames: frames.map(({ refId, name, fields }) => `${refId}.${name}: ${String(fields[0]?.values)}`),
    notices: frames.flatMap(({ meta }) => meta?.notices ?? []).map(({ severity, text }) => `${severity}: ${text}`),
  };
}

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('shows the first frames at once, then newer ones in their place, and ends', () => {
  const changed = answer(
    frame('verdict', { values: ['half'], custom: at('running', '1 of 2'), notices: [info('1 of 2')] })
  );
  const { asked, seen, ended, cancelled } = start([started, changed, done]);
  expect(seen.map(look)).toEqual([
    { state: 'Streaming', frames: ['A.verdict: rules', 'A.findings: f'], notices: ['info: sampled', 'info: 0 of 2'] },
  ]);
  jest.runAllTimers();
  expect(seen.slice(1).map(look)).toEqual([
    { state: 'Streaming', frames: ['A.verdict: half', 'A.findings: f'], notices: ['info: 1 of 2'] },
    { state: 'Done', frames: ['A.verdict: model'], notices: ['info: sampled'] },
  ]);
  expect(asked).toEqual([[{ refId: 'A' }], [{ refId: 'A', queryID: 'q1' }], [{ refId: 'A', queryID: 'q1' }]]);
  expect(ended).toHaveBeenCalledTimes(1);
  expect(cancelled).toEqual([]);
});

it('keeps what is shown when nothing changed, with the newest progress only', () => {
  const unchanged = (progress: string) =>
    answer(frame('', { custom: at('running', progress), notices: [info(progress)] }));
  const { seen } = start([started, unchanged('queued'), unchanged('1 of 2'), done]);
  jest.runAllTimers();
  expect(seen.map(look).map(({ frames }) => frames)).toEqual([
    ['A.verdict: rules', 'A.findings: f'],
    ['A.verdict: rules', 'A.findings: f'],
    ['A.verdict: rules', 'A.findings: f'],
    ['A.verdict: model'],
  ]);
  expect(seen.map(look).map(({ notices }) => notices)).toEqual([
    ['info: sampled', 'info: 0 of 2'],
    ['info: sampled', 'info: queued'],
    ['info: sampled', 'info: 1 of 2'],
    ['info: sampled'],
  ]);
  expect((seen[2]!.data[0] as DataFrame).meta?.custom).toEqual(at('running', '1 of 2'));
});

it('is silent while nothing changes', () => {
  const unchanged = answer(frame('', { custom: at('running', 'queued') }));
  const { asked, seen } = start([started, unchanged, unchanged, unchanged, done]);
  jest.runAllTimers();
  expect(asked).toHaveLength(5);
  expect(seen.map(look).map(({ state }) => state)).toEqual(['Streaming', 'Streaming', 'Done']);
});

it('keeps the frames when the last answer has none', () => {
  const { last } = start([started, answer(frame('', { custom: at('done') }))]);
  jest.runAllTimers();
  expect(look(last())).toMatchObject({ state: 'Done', frames: ['A.verdict: rules', 'A.findings: f'] });
});

it('passes on an answer that is complete, and asks once', () => {
  const { asked, seen, ended } = start([answer(frame('verdict'))]);
  jest.runAllTimers();
  expect(seen.map(look)).toEqual([{ state: 'Done', frames: ['A.verdict: undefined'], notices: [] }]);
  expect(asked).toHaveLength(1);
  expect(ended).toHaveBeenCalledTimes(1);
});

it('leaves the earlier panel alone while there is nothing to show', () => {
  const { seen } = start([answer(frame('', { custom: at('started', 'reading logs') })), done]);
  expect(seen).toEqual([{ data: [], state: LoadingState.Loading }]);
  jest.runAllTimers();
  expect(look(seen[1]!)).toMatchObject({ state: 'Done', frames: ['A.verdict: model'] });
});

it('begins with short waits and never waits longer than the longest', () => {
  const { asked, subscription } = start([started]);
  for (const delay of [FIRST_DELAY_MS, 200, 400, 800, 1_600, LONGEST_DELAY_MS, LONGEST_DELAY_MS]) {
    const before = asked.length;
    jest.advanceTimersByTime(delay - 1);
    expect(asked).toHaveLength(before);
    jest.advanceTimersByTime(1);
    expect(asked).toHaveLength(before + 1);
  }
  subscription.unsubscribe();
});

describe('unsubscribing', () => {
  it('cancels what runs and asks no more', () => {
    const { asked, cancelled, subscription } = start([started]);
    jest.advanceTimersByTime(FIRST_DELAY_MS);
    subscription.unsubscribe();
    expect(cancelled).toEqual(['q1']);
    jest.advanceTimersByTime(60_000);
    expect(asked).toHaveLength(2);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('cancels while a request is under way, and ends that as well', () => {
    const aborted = jest.fn();
    const { cancelled, subscription } = start([started, new Observable(() => aborted)]);
    jest.advanceTimersByTime(FIRST_DELAY_MS);
    subscription.unsubscribe();
    expect(aborted).toHaveBeenCalledTimes(1);
    expect(cancelled).toEqual(['q1']);
  });

  it('has nothing to cancel before the first answer or after the last', () => {
    const early = start([NEVER]);
    early.subscription.unsubscribe();
    const late = start([started, done]);
    jest.runAllTimers();
    late.subscription.unsubscribe();
    expect([early.cancelled, late.cancelled]).toEqual([[], []]);
  });
});

describe('errors', () => {
  it('are passed on when they come first', () => {
    const { seen, asked } = start([refused]);
    expect(seen).toEqual([{ ...refused, errors: refused.errors }]);
    expect(asked).toHaveLength(1);
  });

  it('of the first request as a whole are passed on', () => {
    const { last } = start([failure]);
    expect(last()).toMatchObject({ data: [], state: 'Error', error: { data: { message: 'bad gateway' } } });
  });

  it('that are thrown first reach the subscriber', () => {
    const { ended, seen } = start([throwError(() => new Error('unknown data source'))]);
    expect(ended).toHaveBeenCalledWith(new Error('unknown data source'));
    expect(seen).toEqual([]);
  });

  it('of the backend later become a warning, and nothing is asked again', () => {
    const { last, asked, cancelled } = start([started, refused]);
    jest.runAllTimers();
    expect(look(last())).toEqual({
      state: 'Done',
      frames: ['A.verdict: rules', 'A.findings: f'],
      notices: [
        'info: sampled',
        'warning: The answer did not become complete: Loki is down. What was known before is shown. Run the query again.',
      ],
    });
    expect(last()).not.toHaveProperty('error');
    expect([asked.length, cancelled]).toEqual([2, []]);
  });

  it('of the way are survived', () => {
    const { last } = start([started, failure, throwError(() => new Error('offline')), done]);
    jest.runAllTimers();
    expect(look(last())).toEqual({ state: 'Done', frames: ['A.verdict: model'], notices: ['info: sampled'] });
  });

  it('of the way become a warning when they last, and the query is cancelled', () => {
    const { last, asked, cancelled, ended } = start([started, failure]);
    jest.runAllTimers();
    expect(asked).toHaveLength(1 + MOST_FAILURES);
    expect(look(last()).notices).toContainEqual(expect.stringMatching(/^warning: .*: bad gateway\. /));
    expect(look(last())).toMatchObject({ state: 'Done', frames: ['A.verdict: rules', 'A.findings: f'] });
    expect([cancelled, ended.mock.calls.length]).toEqual([['q1'], 1]);
  });

  it('stay errors when there is nothing to show', () => {
    const { last } = start([answer(frame('', { custom: at('started') })), refused]);
    jest.runAllTimers();
    expect(last()).toMatchObject({
      state: 'Error',
      error: { refId: 'A', message: 'There is no answer: Loki is down. Run the query again.' },
    });
  });
});

it('begins anew with a backend that does not know the id, but not for ever', () => {
  const anew = (id: string) => answer(frame('verdict', { values: [id], custom: at('started', '', id) }));
  const survived = start([started, anew('q2'), done]);
  jest.runAllTimers();
  expect(survived.asked[2]).toEqual([{ refId: 'A', queryID: 'q2' }]);
  expect(look(survived.seen[1]!).frames).toEqual(['A.verdict: q2']);
  expect(look(survived.last())).toMatchObject({ state: 'Done', frames: ['A.verdict: model'] });

  const lost = start([started, ...['q2', 'q3', 'q4', 'q5', 'q6'].map(anew)]);
  jest.runAllTimers();
  expect(lost.asked).toHaveLength(5);
  expect(look(lost.last())).toMatchObject({
    state: 'Done',
    notices: [expect.stringContaining('lost it several times')],
  });
  expect(lost.cancelled).toEqual(['q5']);
});

it('ends a query that never becomes ready', () => {
  const { asked, last, cancelled } = start([started]);
  jest.runAllTimers();
  expect(asked).toHaveLength(1 + MOST_POLLS);
  expect(look(last()).notices).toContainEqual(expect.stringContaining('not ready in time'));
  expect(cancelled).toEqual(['q1']);
});

describe('several queries', () => {
  const queries: AsyncQuery[] = [{ refId: 'A' }, { refId: 'B' }, { refId: 'C', queryType: 'patterns' }];
  const b = (status: string, value: string) =>
    frame('verdict', { refId: 'B', values: [value], custom: at(status, undefined, 'q2') });
  const patterns = frame('patterns', { refId: 'C', values: ['p'] });

  it('share a round and a state, and only what runs is asked again', () => {
    const { asked, seen } = start(
      [
        answer(...(started.data as DataFrame[]), b('started', 'b1'), patterns),
        answer(...(done.data as DataFrame[]), b('running', 'b2')),
        answer(b('done', 'b3')),
      ],
      queries
    );
    jest.runAllTimers();
    expect(asked.map((round) => round.map(({ refId, queryID }) => [refId, queryID]))).toEqual([
      [
        ['A', undefined],
        ['B', undefined],
        ['C', undefined],
      ],
      [
        ['A', 'q1'],
        ['B', 'q2'],
      ],
      [['B', 'q2']],
    ]);
    expect(seen.map(look).map(({ state, frames }) => [state, frames])).toEqual([
      ['Streaming', ['A.verdict: rules', 'A.findings: f', 'B.verdict: b1', 'C.patterns: p']],
      ['Streaming', ['A.verdict: model', 'B.verdict: b2', 'C.patterns: p']],
      ['Done', ['A.verdict: model', 'B.verdict: b3', 'C.patterns: p']],
    ]);
  });

  it('fail one by one', () => {
    const { last } = start(
      [
        answer(...(started.data as DataFrame[]), b('started', 'b1')),
        { ...refused, data: [b('running', 'b2')] },
        answer(b('done', 'b3')),
      ],
      queries.slice(0, 2)
    );
    jest.runAllTimers();
    expect(look(last())).toMatchObject({
      state: 'Done',
      frames: ['A.verdict: rules', 'A.findings: f', 'B.verdict: b3'],
      notices: ['info: sampled', expect.stringContaining('Loki is down')],
    });
  });

  it('are all cancelled', () => {
    const { cancelled, subscription } = start([answer(...(started.data as DataFrame[]), b('started', 'b1'))], queries);
    subscription.unsubscribe();
    expect(cancelled).toEqual(['q1', 'q2']);
  });

  it('warn of one that the backend leaves out', () => {
    const { last, cancelled } = start([answer(...(started.data as DataFrame[]), b('started', 'b1')), done], queries);
    jest.runAllTimers();
    expect(look(last())).toMatchObject({ state: 'Done', frames: ['A.verdict: model', 'B.verdict: b1'] });
    expect(look(last()).notices).toContainEqual(expect.stringContaining('answered other queries only'));
    expect(cancelled).toEqual(['q2']);
  });
});
