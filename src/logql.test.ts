import { escapeQuoted, escapeRegex, interpolateLogQL } from './logql';
import { fakeTemplateSrv } from './testing/templateSrv';

describe('interpolateLogQL', () => {
  const variables = {
    one: { value: 'a.b' },
    quote: { value: 'x"} |= "y' },
    slash: { value: 'C:\\logs' },
    tick: { value: 'a`b' },
    lines: { value: 'a\nb' },
    chosen: { value: 'api.v1', multi: true },
    many: { value: ['api.v1', 'web+db', 'plain'], multi: true },
    labels: { value: ['namespace', 'app'], multi: true },
    selector: { value: '{app="x"}' },
    none: { value: [], multi: true },
  };
  const cases: Array<[name: string, expr: string, want: string]> = [
    ['leaves a query without variables alone', '{a="b"} |= `c` # d', '{a="b"} |= `c` # d'],
    ['inserts a single value', '{a="$one"}', '{a="a.b"}'],
    ['keeps a value from ending its literal', '{a="$quote"}', '{a="x\\"} |= \\"y"}'],
    ['escapes a backslash', '{a="$slash"}', '{a="C:\\\\logs"}'],
    ['escapes a line break', '{a="$lines"}', '{a="a\\nb"}'],
    ['joins several values as alternatives', '{a=~"$many"}', '{a=~"(api\\\\.v1|web\\\\+db|plain)"}'],
    ['escapes the one chosen value of a multi-value variable', '{a=~"$chosen"}', '{a=~"api\\\\.v1"}'],
    ['does not escape for an exact matcher', '{a="$chosen"}', '{a="api.v1"}'],
    ['leaves a typed regular expression as it is', '{a=~"$one"}', '{a=~"a.b"}'],
    ['knows negated and line filters', '{a!~"$chosen"} |~ "$chosen"', '{a!~"api\\\\.v1"} |~ "api\\\\.v1"'],
    ['knows chained line filters', '{} |~ "x" or "$chosen"', '{} |~ "x" or "api\\\\.v1"'],
    ['escapes once in a raw literal', '{a=~`$many`}', '{a=~`(api\\.v1|web\\+db|plain)`}'],
    ['turns a raw literal with a backtick into a quoted one', '{} |= `$tick`', '{} |= "a`b"'],
    [
      'joins labels outside literals',
      'sum by ($labels) (rate({a="b"}[5m]))',
      'sum by (namespace,app) (rate({a="b"}[5m]))',
    ],
    ['inserts code outside literals', '$selector |= "x"', '{app="x"} |= "x"'],
    ['keeps escaped quotes within their literal', '{a="x\\"$one"}', '{a="x\\"a.b"}'],
    [
      'does not take a quote in a comment for a literal',
      '{a="b"} # say "\n|= "$quote"',
      '{a="b"} # say "\n|= "x\\"} |= \\"y"',
    ],
    ['closes a literal that is not closed', '{a="$one', '{a="a.b"'],
    ['gives nothing for no value', '{a=~"$none"}', '{a=~""}'],
    ['leaves unknown variables', '{a="$unknown"}', '{a="$unknown"}'],
    ['leaves an explicit format to Grafana', '{a=~"${many:pipe}"}', '{a=~"api.v1,web+db,plain"}'],
    ['keeps an empty query', '', ''],
  ];
  it.each(cases)('%s', (_name, expr, want) => {
    expect(interpolateLogQL(expr, fakeTemplateSrv(variables))).toBe(want);
  });

  it('hands the scoped variables on', () => {
    const replace = jest.fn((text?: string) => text ?? '');
    const scoped = { __interval: { value: '1m', text: '1m' } };
    interpolateLogQL('{a="b"}', { ...fakeTemplateSrv({}), replace }, scoped);
    expect(replace.mock.calls.every((call: unknown[]) => call[1] === scoped)).toBe(true);
  });
});

describe('escaping', () => {
  it('matches just the text', () => {
    const text = '^a.b*c+d?(e)[f]{1}|g\\h$';
    expect(new RegExp(`^${escapeRegex(text)}$`).test(text)).toBe(true);
  });

  it('survives a literal', () => {
    const text = 'a"b\\c\nd\te\r';
    expect(JSON.parse(`"${escapeQuoted(text)}"`)).toBe(text);
  });
});
