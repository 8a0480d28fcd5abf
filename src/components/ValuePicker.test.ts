import { toVerdictValue } from './ValuePicker';

it.each([
  ['severity', 'severity'],
  [' Probability ', 'probability'],
  ['field:errors', 'field:errors'],
  ['errors', 'field:errors'],
  ['field: errors', 'field:errors'],
])('reads "%s" as %s', (text, want) => {
  expect(toVerdictValue(text)).toBe(want);
});
