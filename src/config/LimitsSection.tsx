import { ConfigSection } from '@grafana/plugin-ui';
import { Field, Input } from '@grafana/ui';
import { useState } from 'react';
import { DEFAULT_MAX_GROUPS, DEFAULT_MAX_LINES, HIGHEST_MAX_GROUPS, HIGHEST_MAX_LINES } from '../types';
import { type EditorProps } from './ConfigEditor';

/** How much one query may read and ask at most, whatever it says itself. */
export function LimitsSection({ options, onOptionsChange }: EditorProps) {
  const { jsonData, readOnly } = options;
  return (
    <ConfigSection
      title="Limits"
      description="Upper bounds for one query. An answer says what it left out because of them."
      isCollapsible
      isInitiallyOpen
    >
      <LimitField
        id="max-lines"
        label="Maximum lines"
        description="Log lines that one query reads. What is beyond is counted and sampled."
        fallback={DEFAULT_MAX_LINES}
        highest={HIGHEST_MAX_LINES}
        value={jsonData.maxLines}
        disabled={readOnly}
        onChange={(maxLines) => onOptionsChange({ ...options, jsonData: { ...jsonData, maxLines } })}
      />
      <LimitField
        id="max-groups"
        label="Maximum groups"
        description="Groups that the model judges in one query, the worst first. The rules judge the rest."
        fallback={DEFAULT_MAX_GROUPS}
        highest={HIGHEST_MAX_GROUPS}
        value={jsonData.maxGroups}
        disabled={readOnly}
        onChange={(maxGroups) => onOptionsChange({ ...options, jsonData: { ...jsonData, maxGroups } })}
      />
    </ConfigSection>
  );
}

interface LimitProps {
  id: string;
  label: string;
  description: string;
  /** What applies when nothing is entered. */
  fallback: number;
  highest: number;
  value?: number;
  disabled?: boolean;
  onChange: (value?: number) => void;
}

/** A whole number from 1 to the highest, or nothing. What is neither is shown as wrong and not stored. */
function LimitField({ id, label, description, fallback, highest, value, disabled, onChange }: LimitProps) {
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
        placeholder={String(fallback)}
        value={text}
        onChange={(event) => change(event.currentTarget.value.trim())}
      />
    </Field>
  );
}
