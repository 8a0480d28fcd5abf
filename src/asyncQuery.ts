import { type DataFrame, type DataQueryError, type DataQueryResponse, LoadingState } from '@grafana/data';
import {
  catchError,
  defaultIfEmpty,
  defer,
  distinctUntilChanged,
  EMPTY,
  expand,
  finalize,
  map,
  type Observable,
  of,
  switchMap,
  takeLast,
  tap,
  timer,
} from 'rxjs';
import { type Answer, isRunning, merge, progressOf, type Shown, visible, warn } from './asyncFrames';
import { reasonOf } from './reason';
import { type AsyncQuery } from './types';

/** The wait before the second request, in milliseconds; each further wait is twice as long, up to the longest. */
export const FIRST_DELAY_MS = 100;
export const LONGEST_DELAY_MS = 2_000;
/** How often a running query is asked for: a bit more than half an hour at the longest delay. */
export const MOST_POLLS = 1_000;
/** How many requests in a row may be lost on their way before the loop gives up. */
export const MOST_FAILURES = 3;
/** How often the backend may begin a query anew because it does not know the id, as after a restart of the plugin. */
export const MOST_RESTARTS = 3;

/** What the loop needs of a data source. */
export interface Backend {
  /** Sends queries in one request. */
  ask: (queries: AsyncQuery[]) => Observable<DataQueryResponse>;
  /** Tells the backend that nobody waits for a query any more. */
  cancel: (queryID: string) => void;
}

/** What is known of one query. */
interface Track {
  query: AsyncQuery;
  /** Set while the backend works on the query. */
  queryID?: string;
  /** Whether the loop gave up on a query that the backend may still work on. */
  abandoned: boolean;
  restarts: number;
  shown: Shown;
  error?: DataQueryError;
}

interface Loop {
  tracks: Track[];
  /** Requests after the first one. */
  polls: number;
  /** Requests in a row that brought no answer. */
  failures: number;
  traceIds?: string[];
}

/**
 * Runs queries by the asynchronous protocol of `@grafana/plugin-ui`. Frames of a newer answer replace those before; the
 * loop of that package appends them, which would show each row of ours several times. All queries share one request a
 * round, so that a panel has one state.
 *
 * Emits `Streaming` while a query runs and `Done` or `Error` at the end, and completes then. An error of the first
 * answer is passed on; an error of a later one becomes a warning on the frames that are shown already. The number of
 * requests, of failures in a row and of restarts is bounded. Unsubscribing ends the loop and cancels what is running.
 */
export function runAsync(queries: AsyncQuery[], backend: Backend): Observable<DataQueryResponse> {
  return defer(() => {
    let latest: Loop = { tracks: queries.map(newTrack), polls: 0, failures: 0 };
    const ask = (asked: AsyncQuery[]) =>
      backend.ask(asked).pipe(takeLast(1), defaultIfEmpty<DataQueryResponse, DataQueryResponse>({ data: [] }));
    const again = (loop: Loop) =>
      timer(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** loop.polls)).pipe(
        switchMap(() => ask(awaited(loop).map(({ query, queryID }) => ({ ...query, queryID })))),
        catchError((error: unknown) => of<DataQueryResponse>({ data: [], errors: [{ message: reasonOf(error) }] })),
        map((response) => takeAgain(loop, response))
      );
    return ask(queries).pipe(
      map((response) => takeFirst(latest, response)),
      expand((loop) => (awaited(loop).length > 0 ? again(loop) : EMPTY)),
      tap((loop) => (latest = loop)),
      // Drawing the same again would cost a reader the place in a long table.
      distinctUntilChanged(looksSame),
      map(toResponse),
      finalize(() => latest.tracks.forEach(({ queryID }) => queryID && backend.cancel(queryID)))
    );
  });
}

const newTrack = (query: AsyncQuery): Track => ({
  query,
  abandoned: false,
  restarts: 0,
  shown: { frames: [], notices: [] },
});

const isAwaited = (track: Track) => track.queryID !== undefined && !track.abandoned;
const awaited = (loop: Loop) => loop.tracks.filter(isAwaited);

function looksSame(a: Loop, b: Loop): boolean {
  return a.tracks.every((track, i) => {
    const other = b.tracks[i]!;
    return track.shown === other.shown && track.error === other.error && isAwaited(track) === isAwaited(other);
  });
}

/** Picks what a response says of one query. */
function answerTo({ query: { refId } }: Track, response: DataQueryResponse): Answer {
  return {
    frames: (response.data as DataFrame[]).filter((frame) => frame.refId === refId),
    error: errorsOf(response).find((error) => error.refId === refId),
  };
}

/** Returns the errors of a response. Grafana leaves an error of the whole request in the member that it deprecated. */
function errorsOf({ errors = [], ...rest }: DataQueryResponse): DataQueryError[] {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
  return rest.error && errors.length === 0 ? [rest.error] : errors;
}

function takeFirst(loop: Loop, response: DataQueryResponse): Loop {
  // An error without a refId is one of the request, and so of each of its queries.
  const common = errorsOf(response).find(({ refId }) => refId === undefined);
  const tracks = loop.tracks.map((track): Track => {
    const { frames, error = common } = answerTo(track, response);
    return error ? { ...track, shown: merge(track.shown, frames), error } : step(track, frames);
  });
  return { ...loop, tracks, traceIds: response.traceIds };
}

function takeAgain(loop: Loop, response: DataQueryResponse): Loop {
  const next: Loop = { ...loop, polls: loop.polls + 1, failures: 0, traceIds: response.traceIds };
  const lost = awaited(loop).every((track) => {
    const { error, frames } = answerTo(track, response);
    return !error && frames.length === 0;
  });
  if (lost) {
    const failures = loop.failures + 1;
    const tracks =
      failures < MOST_FAILURES
        ? loop.tracks
        : loop.tracks.map((track) => abandon(track, reasonOf(errorsOf(response)[0])));
    return { ...next, failures, tracks };
  }
  const tracks = loop.tracks.map((track) => {
    if (!isAwaited(track)) {
      return track;
    }
    const { error, frames } = answerTo(track, response);
    if (error) {
      // The backend gave up on the query. Asking again would begin it anew.
      return { ...fail(track, reasonOf(error)), queryID: undefined };
    }
    return frames.length > 0 ? step(track, frames) : abandon(track, 'the data source answered other queries only');
  });
  return next.polls < MOST_POLLS
    ? { ...next, tracks }
    : { ...next, tracks: tracks.map((track) => abandon(track, 'it was not ready in time')) };
}

/** Takes the frames of an answer without an error. */
function step(track: Track, frames: DataFrame[]): Track {
  const progress = progressOf(frames);
  const queryID = isRunning(progress) ? progress.queryID : undefined;
  const anew = track.queryID !== undefined && queryID !== undefined && queryID !== track.queryID;
  const next = {
    ...track,
    queryID,
    restarts: track.restarts + (anew ? 1 : 0),
    shown: merge(track.shown, frames),
  };
  return next.restarts > MOST_RESTARTS ? abandon(next, 'the data source lost it several times') : next;
}

/** Stops asking for a query; it is cancelled when the loop ends. */
function abandon(track: Track, reason: string): Track {
  return isAwaited(track) ? { ...fail(track, reason), abandoned: true } : track;
}

/** Says why a query that began well has no end. */
function fail(track: Track, reason: string): Track {
  const text = `The answer did not become complete: ${reason}. What was known before is shown. Run the query again.`;
  return track.shown.frames.some((frame) => frame.fields.length > 0)
    ? { ...track, shown: warn(track.shown, text) }
    : { ...track, error: { refId: track.query.refId, message: `There is no answer: ${reason}. Run the query again.` } };
}

function toResponse({ tracks, traceIds }: Loop): DataQueryResponse {
  const data = tracks.flatMap((track) => visible(track.shown, isAwaited(track)));
  const errors = [...new Set(tracks.flatMap(({ error }) => error ?? []))];
  const ended = errors.length > 0 ? LoadingState.Error : LoadingState.Done;
  const unfinished = data.length > 0 ? LoadingState.Streaming : LoadingState.Loading;
  return {
    data,
    state: tracks.some(isAwaited) ? unfinished : ended,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- parts of Grafana still look for the one error only
    ...(errors.length > 0 && { errors, error: errors[0] }),
    ...(traceIds && { traceIds }),
  };
}
