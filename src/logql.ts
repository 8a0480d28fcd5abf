import { type ScopedVars } from '@grafana/data';
import { type TemplateSrv } from '@grafana/runtime';

/** A stretch of a LogQL query in which a variable's value is written in one way. */
interface Segment {
  kind: 'code' | 'comment' | 'quoted' | 'raw';
  /** The text without its quotes. */
  text: string;
  /** Whether the literal is a regular expression: the value of `=~`, `!~` or `|~`. */
  regex: boolean;
}

/** What Grafana says about a variable; scoped variables such as those of a repeated panel have none of it. */
interface VariableInfo {
  multi?: boolean;
  includeAll?: boolean;
}

const SEGMENT = /"(?:[^"\\]|\\[^])*(?:"|$)|`[^`]*(?:`|$)|#[^\n]*|[^"`#]+/g;

/** Cuts a query into code, comments and literals. A literal that is never closed ends with the query. */
function segments(expr: string): Segment[] {
  const result: Segment[] = [];
  let regex = false;
  for (const [text] of expr.matchAll(SEGMENT)) {
    const first = text[0] ?? '';
    if (first === '"' || first === '`') {
      const closed = text.length > 1 && text.endsWith(first);
      result.push({ kind: first === '"' ? 'quoted' : 'raw', text: text.slice(1, closed ? -1 : undefined), regex });
    } else if (first === '#') {
      result.push({ kind: 'comment', text, regex: false });
    } else {
      // `|~ "a" or "b"` has one operator for both literals.
      regex = /^\s*or\s*$/.test(text) ? regex : text.trimEnd().endsWith('~');
      result.push({ kind: 'code', text, regex: false });
    }
  }
  return result;
}

/** Writes a text so that a regular expression (RE2) matches just this text. */
export function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** Writes a text so that it can stand between double quotes in LogQL, which has Go's string literals. */
export function escapeQuoted(text: string): string {
  return text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}

function asStrings(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((item) => String(item ?? ''));
}

/** Gives the text of a value inside a literal. Several values become alternatives. */
function literalValue(value: unknown, variable: VariableInfo, regex: boolean): string {
  const values = asStrings(value);
  // A variable with one value may hold a regular expression that someone typed; chosen values are always plain text.
  const chosen = Array.isArray(value) || variable.multi === true || variable.includeAll === true;
  const parts = regex && chosen ? values.map(escapeRegex) : values;
  return regex && parts.length > 1 ? `(${parts.join('|')})` : parts.join('|');
}

/**
 * Replaces the template variables of a LogQL query. A value inside a literal cannot end the literal; the chosen values
 * of a multi-value variable match exactly under `=~`, `!~` and `|~`. Outside literals a value is inserted as it is and
 * several are joined with commas, for `by (…)`. An explicit format such as `${app:regex}` is left to Grafana.
 */
export function interpolateLogQL(expr: string, templateSrv: TemplateSrv, scopedVars?: ScopedVars): string {
  return segments(expr)
    .map(({ kind, text, regex }) => {
      switch (kind) {
        case 'comment':
          return text;
        case 'code':
          return templateSrv.replace(text, scopedVars, (value: unknown) => asStrings(value).join(','));
        case 'quoted':
          return `"${templateSrv.replace(text, scopedVars, (value: unknown, variable?: VariableInfo) =>
            escapeQuoted(literalValue(value, variable ?? {}, regex))
          )}"`;
        case 'raw': {
          const replaced = templateSrv.replace(text, scopedVars, (value: unknown, variable?: VariableInfo) =>
            literalValue(value, variable ?? {}, regex)
          );
          // A raw literal cannot hold a backtick.
          return replaced.includes('`') ? `"${escapeQuoted(replaced)}"` : `\`${replaced}\``;
        }
      }
    })
    .join('');
}
