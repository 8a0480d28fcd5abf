import { Button, Combobox, type ComboboxOption, Field, Input, Stack } from '@grafana/ui';
import { useId } from 'react';
import { type Prompt } from '../types';
import { useDraft } from './useDraft';
import { type PromptList } from './usePrompts';

interface Props {
  list: PromptList;
  promptId: string;
  onChange: (promptId: string) => void;
  /** Loads the list again. */
  onRetry: () => void;
}

function toOption({ id, version, title, description }: Prompt): ComboboxOption<string> {
  return {
    value: id,
    label: title || id,
    description: [`${id} ${version}`.trim(), description].filter(Boolean).join(' · '),
  };
}

/**
 * Chooses the prompt by which the model judges. Any id can be typed, since prompts come and go while Grafana runs, and
 * an id can be a template variable.
 */
export function PromptPicker({ list, promptId, onChange, onRetry }: Props) {
  const id = useId();

  if (list.state === 'failed' || (list.state === 'ready' && list.prompts.length === 0)) {
    const problem =
      list.state === 'failed'
        ? `The prompts could not be loaded: ${list.reason}. Type the id of a prompt, or open the data source, choose "Save & test" and try again.`
        : 'The data source has no prompts. Ask its administrator to add one, or type the id of a prompt.';
    return (
      <Field noMargin label="Prompt" htmlFor={id} invalid error={problem}>
        <PromptInput id={id} promptId={promptId} onChange={onChange} onRetry={onRetry} />
      </Field>
    );
  }

  const options = list.state === 'ready' ? list.prompts.map(toOption) : [];
  const missing = promptId === '';
  const unknown =
    list.state === 'ready' && !missing && !promptId.includes('$') && !options.some((o) => o.value === promptId);
  return (
    <Field
      noMargin
      label="Prompt"
      htmlFor={id}
      invalid={missing || unknown}
      error={
        missing
          ? 'Choose the prompt by which the logs are judged.'
          : unknown
            ? `The data source lists no prompt "${promptId}". Choose another one, or ask its administrator to add it.`
            : undefined
      }
    >
      <Combobox
        id={id}
        width={40}
        createCustomValue
        customValueDescription="Use this prompt id"
        placeholder="Choose a prompt"
        loading={list.state === 'loading'}
        options={options}
        value={missing ? null : (options.find((o) => o.value === promptId) ?? { value: promptId, label: promptId })}
        onChange={({ value }) => onChange(value)}
      />
    </Field>
  );
}

interface InputProps extends Omit<Props, 'list'> {
  id: string;
  /** Given by Field. */
  invalid?: boolean;
}

/** Stands in for the list when there is none. */
function PromptInput({ id, promptId, onChange, onRetry, invalid }: InputProps) {
  const { text, setText, commit } = useDraft(promptId, (next) => onChange(next.trim()));
  return (
    <Stack direction="row" gap={1}>
      <Input
        id={id}
        width={40}
        invalid={invalid}
        placeholder="Prompt id"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
      />
      <Button variant="secondary" icon="sync" onClick={onRetry}>
        Load prompts again
      </Button>
    </Stack>
  );
}
