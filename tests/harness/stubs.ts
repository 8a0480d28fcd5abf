import { type BackendSrv, type BackendSrvRequest, setBackendSrv, setTemplateSrv } from '@grafana/runtime';
import { of, throwError } from 'rxjs';
import { fakeTemplateSrv } from '../../src/testing/templateSrv';
import { PROMPTS } from '../../src/testing/fixtures';
import { type Scenario } from './scenario';

/** Gives the editors the parts of Grafana that they use: a backend that knows the resource `prompts`, and variables. */
export function installStubs(prompts: Scenario['prompts'], requested: string[]) {
  setTemplateSrv(fakeTemplateSrv({}));
  const backend: Pick<BackendSrv, 'fetch'> = {
    fetch: <T>({ url }: BackendSrvRequest) => {
      requested.push(url);
      if (prompts === 'failing') {
        return throwError(() => ({
          status: 502,
          statusText: 'Bad Gateway',
          data: { message: 'the plugin is not running' },
        }));
      }
      const data = { prompts: prompts === 'none' ? [] : PROMPTS } as T;
      return of({
        data,
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
