import { Field, Input } from '@grafana/ui';
import { useState } from 'react';

interface Props {
  id: string;
  label: string;
  description: string;
  /** What applies when nothing is entered, in words or as a number. */
  fallback: string;
  highest: number;
  value?: number;
  disabled?: boolean;
  onChange: (value?: number) => void;
}

/** A whole number from 1 to the highest, or nothing. What is neither is shown as wrong and not stored. */
export function NumberSetting({ id, label, description, fallback, highest, value, disabled, onChange }: Props) {
  const [text, setText] = useState(value === undefined ? '' : String(value));
  const allowed = (entry: string) => /^\d{1,9}$/.test(entry) && Number(entry) >= 1 && Number(entry) <= highest;
  const valid = text === '' || allowed(text);
  const change = (next: string) => {
    setText(next);
    if (next === '') {
      onChange(undefined);
    } else if (allowed(next)) {
      onChange(Number(next));
    }
  };
  return (
    <Field
      label={label}
      htmlFor={id}
      description={description}
      disabled={disabled}
      invalid={!valid}
      error={valid ? undefined : `Enter a whole number from 1 to ${highest}, or nothing for ${fallback}.`}
    >
      <Input
        id={id}
        width={20}
        inputMode="numeric"
        placeholder={fallback}
        value={text}
        onChange={(event) => change(event.currentTarget.value.trim())}
      />
    </Field>
  );
}
