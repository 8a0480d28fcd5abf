import { Field, Input } from '@grafana/ui';
import { useState } from 'react';
import { durationProblem } from '../duration';

interface Props {
  id: string;
  label: string;
  description: string;
  /** What applies when nothing is entered. */
  fallback: string;
  longest: string;
  value?: string;
  disabled?: boolean;
  onChange: (value?: string) => void;
}

/** A duration up to the longest, or nothing. What is neither is shown as wrong and not stored. */
export function DurationSetting({ id, label, description, fallback, longest, value = '', disabled, onChange }: Props) {
  const [text, setText] = useState(value);
  const problem = durationProblem(text, longest);
  const change = (next: string) => {
    setText(next);
    if (durationProblem(next, longest) === undefined) {
      onChange(next || undefined);
    }
  };
  return (
    <Field
      label={label}
      htmlFor={id}
      description={description}
      disabled={disabled}
      invalid={problem !== undefined}
      error={problem}
    >
      <Input
        id={id}
        width={20}
        placeholder={fallback}
        value={text}
        onChange={(event) => change(event.currentTarget.value.trim())}
      />
    </Field>
  );
}
