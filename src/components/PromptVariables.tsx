import { Button, Field, IconButton, Input, Stack } from '@grafana/ui';
import { useId, useState } from 'react';
import { type PromptVariable } from '../types';
import { useDraft } from './useDraft';

interface Props {
  /** What the prompt lets a query fill in; absent where that is not known. */
  declared?: PromptVariable[];
  values: Record<string, string>;
  onChange: (values: Record<string, string> | undefined) => void;
}

/** Fills in the variables of a prompt. A query with a variable that its prompt does not have is refused. */
export function PromptVariables({ declared, values, onChange }: Props) {
  const others = Object.keys(values).filter((name) => !declared?.some((variable) => variable.name === name));
  const set = (name: string, value: string) => {
    const next = { ...values, [name]: value };
    if (value === '') {
      delete next[name];
    }
    onChange(Object.keys(next).length > 0 ? next : undefined);
  };
  return (
    <>
      {declared?.map((variable) => (
        <VariableField
          key={variable.name}
          variable={variable}
          value={values[variable.name] ?? ''}
          onChange={(value) => set(variable.name, value)}
        />
      ))}
      {others.map((name) => (
        <VariableField
          key={name}
          variable={{ name }}
          value={values[name] ?? ''}
          problem={declared && `The prompt has no variable "${name}". Remove it, or choose a prompt that has it.`}
          onChange={(value) => set(name, value)}
          onRemove={() => set(name, '')}
        />
      ))}
      {!declared && <NewVariable taken={others} onAdd={set} />}
    </>
  );
}

interface VariableProps {
  variable: PromptVariable;
  value: string;
  problem?: string;
  onChange: (value: string) => void;
  onRemove?: () => void;
}

function VariableField({ variable, value, problem, onChange, onRemove }: VariableProps) {
  const id = useId();
  const { text, setText, commit } = useDraft(value, (next) => onChange(next.trim()));
  return (
    <Field
      noMargin
      label={`Variable ${variable.name}`}
      htmlFor={id}
      description={variable.description}
      invalid={problem !== undefined}
      error={problem}
    >
      <Input
        id={id}
        width={30}
        placeholder={variable.default}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => event.key === 'Enter' && commit()}
        addonAfter={onRemove && <IconButton name="trash-alt" tooltip={`Remove ${variable.name}`} onClick={onRemove} />}
      />
    </Field>
  );
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

interface NewProps {
  taken: string[];
  onAdd: (name: string, value: string) => void;
}

/** Adds a variable by its name, where the data source does not list those of the prompt. */
function NewVariable({ taken, onAdd }: NewProps) {
  const id = useId();
  const [name, setName] = useState('');
  const problem =
    name !== '' && !NAME.test(name)
      ? 'A name has letters, digits and _, and begins with no digit.'
      : taken.includes(name)
        ? `The query has a variable "${name}" already.`
        : undefined;
  return (
    <Field
      noMargin
      label="Prompt variable"
      htmlFor={id}
      description="What the prompt's instructions can use"
      invalid={problem !== undefined}
      error={problem}
    >
      <NewVariableInput
        id={id}
        name={name}
        ready={name !== '' && problem === undefined}
        onName={setName}
        onAdd={(value) => {
          onAdd(name, value);
          setName('');
        }}
      />
    </Field>
  );
}

interface NewInputProps {
  id: string;
  name: string;
  /** Whether a variable of this name can be added. */
  ready: boolean;
  onName: (name: string) => void;
  onAdd: (value: string) => void;
  /** Given by Field. */
  invalid?: boolean;
}

function NewVariableInput({ id, name, ready, onName, onAdd, invalid }: NewInputProps) {
  const [value, setValue] = useState('');
  const complete = ready && value.trim() !== '';
  const add = () => {
    if (complete) {
      onAdd(value.trim());
      setValue('');
    }
  };
  return (
    <Stack direction="row" gap={1} wrap="wrap">
      <Input
        id={id}
        width={15}
        invalid={invalid}
        placeholder="Name"
        value={name}
        onChange={(event) => onName(event.currentTarget.value.trim())}
      />
      <Input
        aria-label="Value of the prompt variable"
        width={20}
        placeholder="Value"
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && add()}
      />
      <Button variant="secondary" icon="plus" disabled={!complete} onClick={add}>
        Add variable
      </Button>
    </Stack>
  );
}
