import { Field, Input } from '@grafana/ui';
import { useId } from 'react';
import { parseLabelNames } from '../query';
import { useDraft } from './useDraft';

interface Props {
  groupBy: string[];
  onChange: (groupBy: string[]) => void;
}

/** The labels by which the lines are grouped. What Loki cannot have as a label name is shown and not stored. */
export function GroupByField({ groupBy, onChange }: Props) {
  const id = useId();
  const { text, setText, commit } = useDraft(groupBy.join(', '), (names) => onChange(parseLabelNames(names).names));
  const { invalid } = parseLabelNames(text);
  const store = () => {
    if (invalid.length === 0) {
      commit();
    }
  };
  return (
    <Field
      noMargin
      label="Group by"
      htmlFor={id}
      invalid={invalid.length > 0}
      error={
        invalid.length > 0
          ? `"${invalid.join('", "')}" cannot be a label name: use letters, digits and _, and a comma between names.`
          : undefined
      }
    >
      <Input
        id={id}
        width={30}
        placeholder="namespace, app"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={store}
        onKeyDown={(event) => event.key === 'Enter' && store()}
      />
    </Field>
  );
}
