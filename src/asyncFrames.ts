import { type DataFrame, type DataQueryError, type QueryResultMetaNotice } from '@grafana/data';

/** What the backend answered to one query. */
export interface Answer {
  frames: DataFrame[];
  error?: DataQueryError;
}

/** What the backend says of a query in `meta.custom` of the first frame. */
export interface Progress {
  queryID?: string;
  status?: string;
  /** A sentence for the reader, such as "3 of 5 groups are judged". */
  progress?: string;
}

/** What a reader sees of one query. Only the newest answer's progress is in it, and only once. */
export interface Shown {
  frames: DataFrame[];
  progress?: string;
  /** Notices of the newest answer where it brought no frames of its own. */
  notices: QueryResultMetaNotice[];
}

const RUNNING = ['started', 'submitted', 'running'];

/** Reads what the first of a query's frames says of its progress. */
export function progressOf(frames: DataFrame[]): Progress {
  const custom = frames[0]?.meta?.custom ?? {};
  const text = (name: keyof Progress) => (typeof custom[name] === 'string' ? custom[name] : undefined);
  return { queryID: text('queryID'), status: text('status'), progress: text('progress') };
}

/** Whether the backend goes on working on a query, so that it has to be asked again. */
export function isRunning({ queryID, status }: Progress): boolean {
  return Boolean(queryID) && RUNNING.includes(status ?? '');
}

const hasFields = (frame: DataFrame) => frame.fields.length > 0;
const isSame = (a: QueryResultMetaNotice, b: QueryResultMetaNotice) => a.severity === b.severity && a.text === b.text;

const areSame = (a: QueryResultMetaNotice[], b: QueryResultMetaNotice[]) =>
  a.length === b.length && a.every((notice, i) => isSame(notice, b[i]!));

/** Removes the notice in which a frame repeats its progress: it would outlive the progress. */
function withoutProgress(frame: DataFrame, progress?: string): DataFrame {
  const notices = frame.meta?.notices?.filter(({ severity, text }) => severity !== 'info' || text !== progress);
  return notices ? { ...frame, meta: { ...frame.meta, notices } } : frame;
}

/** Puts newer frames in the place of older ones with their name. What has no newer frame stays. */
function replaceByName(older: DataFrame[], newer: DataFrame[]): DataFrame[] {
  const names = [...new Set([...older, ...newer].map((frame) => frame.name))];
  return names.flatMap((name) => {
    const found = newer.filter((frame) => frame.name === name);
    return found.length > 0 ? found : older.filter((frame) => frame.name === name);
  });
}

/** Changes what the first frame says of the query's progress. */
function withCustom([first, ...others]: DataFrame[], custom: object): DataFrame[] {
  return first
    ? [{ ...first, meta: { ...first.meta, custom: { ...first.meta?.custom, ...custom } } }, ...others]
    : others;
}

/**
 * Takes a newer answer into what is shown. While a query runs, frames replace those of the same name; a single frame
 * without fields means that nothing changed, and the same object is returned when it says nothing new. An answer that
 * begins or ends a query is the whole set.
 */
export function merge(shown: Shown, frames: DataFrame[]): Shown {
  const { status, progress } = progressOf(frames);
  const clean = frames.map((frame) => withoutProgress(frame, progress));
  const newer = clean.filter(hasFields);
  if (newer.length === 0 && shown.frames.some(hasFields)) {
    const notices = clean.flatMap((frame) => frame.meta?.notices ?? []);
    const same = progress === shown.progress && areSame(notices, shown.notices);
    return same ? shown : { frames: withCustom(shown.frames, clean[0]?.meta?.custom ?? {}), progress, notices };
  }
  const next = status === 'running' ? replaceByName(shown.frames.filter(hasFields), newer) : clean;
  return { frames: withCustom(next, clean[0]?.meta?.custom ?? {}), progress, notices: [] };
}

/** Ends what is shown with a warning, where there are frames that can carry it. */
export function warn(shown: Shown, text: string): Shown {
  return {
    frames: withCustom(shown.frames, { status: 'failed' }),
    notices: [...shown.notices, { severity: 'warning', text }],
  };
}

/**
 * Returns the frames as Grafana gets them: the progress is a notice on the first frame while the query runs. A running
 * query without anything to show has no frames, so that a panel keeps what it showed before.
 */
export function visible({ frames, progress, notices }: Shown, running: boolean): DataFrame[] {
  if (running && !frames.some(hasFields)) {
    return [];
  }
  const added: QueryResultMetaNotice[] = [...notices];
  if (running && progress) {
    added.unshift({ severity: 'info', text: progress });
  }
  const [first, ...others] = frames;
  if (!first || added.length === 0) {
    return frames;
  }
  const own = first.meta?.notices ?? [];
  const missing = added.filter((notice) => !own.some((one) => isSame(one, notice)));
  return [{ ...first, meta: { ...first.meta, notices: [...own, ...missing] } }, ...others];
}
