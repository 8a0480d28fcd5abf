import { durationProblem, parseDuration } from './duration';

it.each([
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['1d', 86_400_000],
  ['2w', 14 * 86_400_000],
  ['', undefined],
  ['15', undefined],
  ['-1h', undefined],
  ['1d12h', undefined],
  ['1 h', undefined],
  ['1M', undefined],
])('reads "%s" as %p ms', (text, want) => {
  expect(parseDuration(text)).toBe(want);
});

it.each([
  ['', undefined],
  ['$range', '"$range" is no duration: write a number and a unit, such as 15m, 1h or 1d.'],
  ['20s', undefined],
  ['21s', 'The longest duration here is 20s.'],
  ['0s', 'The duration must be longer than nothing.'],
])('finds in "%s" the problem %p', (text, want) => {
  expect(durationProblem(text, '20s')).toBe(want);
});
