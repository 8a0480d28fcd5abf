import { Combobox, type ComboboxOption, Field } from '@grafana/ui';
import { useId } from 'react';
import { type VerdictValue } from '../types';

interface Props {
  value: VerdictValue;
  onChange: (value: VerdictValue) => void;
}

const OPTIONS: Array<ComboboxOption<VerdictValue>> = [
  { value: 'severity', label: 'Severity', description: '0 healthy, 1 notice, 2 warning, 3 critical, -1 inconclusive' },
  {
    value: 'probability',
    label: 'Probability',
    description: '0 to 1 that it is an incident, -1 when rules alone judged',
  },
  { value: 'age', label: 'Age', description: 'Seconds since the end of the logs that the verdict describes' },
  { value: 'coverage', label: 'Coverage', description: 'Share of the lines in the window that was read, 0 to 1' },
  { value: 'rules_severity', label: 'Rules severity', description: 'The severity without the model' },
  { value: 'contested', label: 'Contested', description: '1 when rules and model disagree' },
  { value: 'degraded', label: 'Degraded', description: '1 when the model could not be asked' },
];

/** Names a value that was typed: one of the list, or an output field of the prompt. */
export function toVerdictValue(text: string): VerdictValue {
  const known = OPTIONS.find((option) => option.value === text.trim().toLowerCase());
  return known ? known.value : `field:${text.trim().replace(/^field:\s*/, '')}`;
}

/** Chooses the number that an alert rule compares. */
export function ValuePicker({ value, onChange }: Props) {
  const id = useId();
  return (
    <Field noMargin label="Value" htmlFor={id}>
      <Combobox<string>
        id={id}
        width={30}
        createCustomValue
        customValueDescription="Use this output field of the prompt"
        options={OPTIONS}
        value={OPTIONS.find((option) => option.value === value) ?? { value, label: value }}
        onChange={(option) => onChange(toVerdictValue(option.value))}
      />
    </Field>
  );
}
