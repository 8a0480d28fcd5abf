import { type BackendSrv, type BackendSrvRequest, setBackendSrv, setTemplateSrv } from '@grafana/runtime';
import { of, throwError } from 'rxjs';
import { fakeTemplateSrv } from '../../src/testing/templateSrv';
import { PROMPTS } from '../../src/testing/fixtures';
import { type HarnessState, type Scenario } from './scenario';

/** One frame as the server sends it. */
function frame(status: string, progress: string, verdict?: string) {
  const notices = status === 'done' ? [] : [{ severity: 'info', text: progress }];
  return {
    schema: {
      refId: 'A',
      name: 'verdict',
      fields: verdict ? [{ name: 'verdict', type: 'string' }] : [],
      meta: { custom: { queryID: 'q1', status, progress }, notices },
    },
    data: { values: verdict ? [[verdict]] : [] },
  };
}

const started = frame('started', 'Waiting for the model, 1 query is ahead.', 'suspicious, by the rules');
const unchanged = frame('running', '1 of 2 groups is judged.');
const done = frame('done', '', 'incident, by the model');

/** What the backend answers to the first, second and further requests of a query; the last for ever. */
const ANSWERS = {
  model: [started, unchanged, unchanged, done],
  endless: [started, unchanged],
};

/** Gives the plugin the parts of Grafana that it uses: a backend for prompts and queries, and variables. */
export function installStubs({ prompts, answers }: Scenario, { promptRequests, sent }: HarnessState) {
  setTemplateSrv(fakeTemplateSrv({}));
  const answer = (url: string): unknown => {
    if (url.includes('/api/ds/query')) {
      const rounds = ANSWERS[answers ?? 'endless'];
      const round = sent.filter((request) => request.url.includes('/api/ds/query')).length - 1;
      return { results: { A: { status: 200, frames: [rounds[Math.min(round, rounds.length - 1)]] } } };
    }
    return { prompts: prompts === 'none' ? [] : PROMPTS };
  };
  const backend: Pick<BackendSrv, 'fetch'> = {
    fetch: <T>({ url, data }: BackendSrvRequest) => {
      if (url.endsWith('/prompts')) {
        promptRequests.push(url);
      } else {
        sent.push({ url, data });
      }
      if (prompts === 'failing') {
        return throwError(() => ({
          status: 502,
          statusText: 'Bad Gateway',
          data: { message: 'the plugin is not running' },
        }));
      }
      return of({
        data: answer(url) as T,
        status: 200,
        statusText: 'OK',
        ok: true,
        headers: new Headers(),
        redirected: false,
        type: 'basic' as const,
        url,
        config: { url },
      });
    },
  };
  setBackendSrv(backend as BackendSrv);
}
