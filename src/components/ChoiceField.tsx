import { Field, RadioButtonGroup } from '@grafana/ui';
import { type AnalysisQuery, type Format, type QueryType } from '../types';

interface Choice<T> {
  value: T;
  label: string;
  description: string;
}

const VERDICT: Choice<QueryType> = {
  value: 'verdict',
  label: 'Verdict',
  description: 'One number for each group, as alert rules compare it',
};

export const QUERY_TYPE_CHOICES: Array<Choice<QueryType>> = [
  { value: 'analysis', label: 'Analysis', description: 'Verdict, findings and the log lines behind them' },
  VERDICT,
  { value: 'patterns', label: 'Patterns', description: 'The patterns of the lines, without asking a model' },
  { value: 'history', label: 'History', description: 'Verdicts of the past over time, as they were recorded' },
];

export const ALERT_TYPE_CHOICES: Array<Choice<QueryType>> = [
  VERDICT,
  { value: 'notification', label: 'Notification text', description: 'The summary for the text of an alert' },
];

export const ASK_CHOICES: Array<Choice<NonNullable<AnalysisQuery['ask']>>> = [
  {
    value: 'novel',
    label: 'When it is new',
    description: 'Content that the rules find suspicious or that the baseline does not know',
  },
  { value: 'always', label: 'Always', description: 'All content that no verdict is known for' },
];

export const FORMATS: Array<Choice<Format>> = [
  { value: 'verdict', label: 'Verdict', description: 'One row for each group' },
  { value: 'findings', label: 'Findings', description: 'One row for each pattern that supports a verdict' },
  { value: 'evidence', label: 'Evidence', description: 'Raw log lines, for a logs panel' },
  { value: '', label: 'All', description: 'All frames; most panels show only the first' },
];

interface Props<T> {
  label: string;
  description?: string;
  choices: Array<Choice<T>>;
  value: T;
  onChange: (value: T) => void;
}

/** Chooses one of a few values. A stored value that is not among them is shown as well, so that it is not lost. */
export function ChoiceField<T extends string>({ label, description, choices, value, onChange }: Props<T>) {
  const known = choices.some((choice) => choice.value === value);
  const options = known ? choices : [...choices, { value, label: value, description: 'Not editable here' }];
  return (
    <Field noMargin label={label} description={description}>
      <RadioButtonGroup aria-label={label} options={options} value={value} onChange={onChange} />
    </Field>
  );
}
