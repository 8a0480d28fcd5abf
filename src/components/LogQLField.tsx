import { css } from '@emotion/css';
import { type GrafanaTheme2 } from '@grafana/data';
import { Button, Field, Stack, TextArea, useStyles2 } from '@grafana/ui';
import { type FocusEvent, type KeyboardEvent, useId, useRef } from 'react';
import { type Draft, useDraft } from './useDraft';

interface Props {
  expr: string;
  description?: string;
  /** Whether leaving the field runs a changed query. */
  runOnBlur: boolean;
  onChange: (expr: string) => void;
  onRun: () => void;
}

/** The LogQL of a query. It runs on Shift+Enter, on the button and on leaving the field, never while typing. */
export function LogQLField(props: Props) {
  const id = useId();
  const draft = useDraft(props.expr, props.onChange);
  const empty = draft.text.trim() === '';
  return (
    <Field
      noMargin
      label="LogQL query"
      htmlFor={id}
      description={props.description ?? 'The log lines to analyse. Shift+Enter runs the query.'}
      invalid={empty}
      error={empty ? 'Write a LogQL query, for example {namespace="shop"} |= "error".' : undefined}
    >
      <LogQLInput id={id} draft={draft} runOnBlur={props.runOnBlur} onRun={props.onRun} />
    </Field>
  );
}

interface InputProps extends Pick<Props, 'runOnBlur' | 'onRun'> {
  id: string;
  draft: Draft;
  /** Given by Field. */
  invalid?: boolean;
}

function LogQLInput({ id, draft, runOnBlur, onRun, invalid }: InputProps) {
  const styles = useStyles2(getStyles);
  const button = useRef<HTMLButtonElement>(null);
  const empty = draft.text.trim() === '';

  const run = () => {
    draft.commit();
    if (!empty) {
      onRun();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run();
    }
  };
  const onBlur = (event: FocusEvent) => {
    const changed = draft.commit();
    // The button runs the query itself; running here as well would ask the model twice.
    if (changed && runOnBlur && !empty && event.relatedTarget !== button.current) {
      onRun();
    }
  };

  return (
    <Stack direction="row" gap={1} alignItems="flex-start">
      <TextArea
        id={id}
        className={styles.input}
        rows={Math.min(8, Math.max(2, draft.text.split('\n').length))}
        spellCheck={false}
        invalid={invalid}
        placeholder={'{namespace="shop", app="checkout"}'}
        value={draft.text}
        onChange={(event) => draft.setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onBlur={onBlur}
      />
      <Button
        ref={button}
        icon="play"
        variant="secondary"
        disabled={empty}
        // Keeps the focus in the text, so that a click is one run and not a run on leaving the field and another one.
        onMouseDown={(event) => event.preventDefault()}
        onClick={run}
      >
        Run query
      </Button>
    </Stack>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  input: css({ fontFamily: theme.typography.fontFamilyMonospace, minWidth: 0 }),
});
