// Durations as the backend reads them: Go's, such as 1h30m, or one number of days, weeks or years.

const MILLISECONDS = { ms: 1, s: 1e3, m: 60e3, h: 3_600e3, d: 86_400e3, w: 7 * 86_400e3, y: 365.25 * 86_400e3 };
const DURATION = /^(?:(?:\d+(?:\.\d+)?(?:ms|s|m|h))+|\d+(?:d|w|y))$/;

/** Returns a duration in milliseconds, or nothing for a text that is none. A number without a unit is none. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) {
    return undefined;
  }
  const parts = text.matchAll(/([\d.]+)(ms|[smhdwy])/g);
  return [...parts].reduce((sum, [, n, unit]) => sum + Number(n) * MILLISECONDS[unit as keyof typeof MILLISECONDS], 0);
}

/** Says what is wrong with a duration, or nothing when it can be used or is empty. */
export function durationProblem(text: string, longest?: string): string | undefined {
  if (text === '') {
    return undefined;
  }
  const length = parseDuration(text);
  if (length === undefined) {
    return `"${text}" is no duration: write a number and a unit, such as 15m, 1h or 1d.`;
  }
  if (length === 0) {
    return 'The duration must be longer than nothing.';
  }
  return longest && length > parseDuration(longest)! ? `The longest duration here is ${longest}.` : undefined;
}
