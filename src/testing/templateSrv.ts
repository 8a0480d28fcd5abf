import { type TemplateSrv } from '@grafana/runtime';

interface FakeVariable {
  value: string | string[];
  multi?: boolean;
}

type Format = (value: string | string[], variable: { multi: boolean }) => string;

/** A template service that knows `$name`, `${name}` and `${name:format}`; it leaves unknown variables as they are. */
export function fakeTemplateSrv(variables: Record<string, FakeVariable>): TemplateSrv {
  const replace = (target = '', _scopedVars?: unknown, format?: unknown) =>
    target.replace(
      /\$\{(\w+)(:\w+)?\}|\$(\w+)/g,
      (match, braced: string, explicit: string | undefined, bare: string) => {
        const variable = variables[braced ?? bare];
        if (!variable) {
          return match;
        }
        return typeof format === 'function' && !explicit
          ? (format as Format)(variable.value, { multi: variable.multi ?? false })
          : String(variable.value);
      }
    );
  return {
    replace,
    getVariables: () => [],
    containsTemplate: (target) => /\$/.test(target ?? ''),
    updateTimeRange: () => undefined,
  };
}
