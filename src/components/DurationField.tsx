import { Field, Input } from '@grafana/ui';
import { useId } from 'react';
import { durationProblem } from '../duration';
import { useDraft } from './useDraft';

interface Props {
  label: string;
  description: string;
  /** What an empty field means. */
  placeholder: string;
  value: string;
  longest?: string;
  onChange: (value: string) => void;
}

/** A duration, or nothing. What is neither is shown as wrong and not stored; nothing is stored while typing. */
export function DurationField({ label, description, placeholder, value, longest, onChange }: Props) {
  const id = useId();
  const entry = (text: string) => (text.trim() === placeholder ? '' : text.trim());
  const { text, setText, commit } = useDraft(value, (next) => onChange(entry(next)));
  // A template variable is filled in when the query runs.
  const problem = text.includes('$') ? undefined : durationProblem(entry(text), longest);
  const store = () => {
    if (problem === undefined) {
      commit();
    }
  };
  return (
    <Field
      noMargin
      label={label}
      htmlFor={id}
      description={description}
      invalid={problem !== undefined}
      error={problem}
    >
      <Input
        id={id}
        width={20}
        placeholder={placeholder}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={store}
        onKeyDown={(event) => event.key === 'Enter' && store()}
      />
    </Field>
  );
}
