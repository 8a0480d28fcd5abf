import { Field, Input } from '@grafana/ui';

interface Props {
  id: string;
  label: string;
  description: string;
  value: string;
  placeholder?: string;
  required?: boolean;
  disabled?: boolean;
  /** What is wrong with the value and what to do about it. */
  problem?: string;
  onChange: (value: string) => void;
}

/** One line of text in the settings, stored without spaces around it. */
export function TextSetting({
  id,
  label,
  description,
  value,
  placeholder,
  required,
  disabled,
  problem,
  onChange,
}: Props) {
  return (
    <Field
      label={label}
      htmlFor={id}
      description={description}
      required={required}
      disabled={disabled}
      invalid={problem !== undefined}
      error={problem}
    >
      <Input
        id={id}
        width={60}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
    </Field>
  );
}
