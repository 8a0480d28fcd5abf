import { Collapse, Field, Stack, Switch } from '@grafana/ui';
import { useId, useState } from 'react';
import { isAlerting } from '../query';
import {
  type AnalysisQuery,
  DEFAULT_ALERT_BASELINE,
  DEFAULT_MAX_AGE,
  LONGEST_BASELINE,
  type PromptVariable,
} from '../types';
import { ASK_CHOICES, ChoiceField } from './ChoiceField';
import { DurationField } from './DurationField';
import { PromptVariables } from './PromptVariables';

interface Props {
  app?: string;
  query: AnalysisQuery;
  /** The variables of the chosen prompt; absent where they are not known. */
  variables?: PromptVariable[];
  choose: (part: Partial<AnalysisQuery>) => void;
}

/** What few readers change: what the logs are compared with, what the model is asked and told. */
export function JudgementOptions({ app, query, variables, choose }: Props) {
  const [open, setOpen] = useState(false);
  const shown = effective(query, app);
  return (
    <Collapse label={open ? 'Options' : `Options: ${summary(shown)}`} isOpen={open} onToggle={setOpen}>
      <Stack direction="row" gap={2} wrap="wrap" alignItems="flex-start">
        <DurationField
          label="Baseline"
          description="How much earlier the logs lie that these are compared with"
          placeholder="none"
          longest={LONGEST_BASELINE}
          value={shown.baseline}
          onChange={(baseline) => choose({ baseline })}
        />
        {shown.judged && (
          <ChoiceField
            label="Ask the model"
            description="A call takes the model seconds to minutes"
            choices={ASK_CHOICES}
            value={shown.ask}
            onChange={(ask) => choose({ ask })}
          />
        )}
        {shown.kept && (
          <DurationField
            label="Maximum age"
            description="How long a verdict of the model holds without a newer one"
            placeholder={DEFAULT_MAX_AGE}
            value={query.maxAge ?? ''}
            onChange={(maxAge) => choose({ maxAge: maxAge || DEFAULT_MAX_AGE })}
          />
        )}
        {shown.judged && <EventsSwitch on={shown.events} onChange={(on) => choose({ context: on ? 'events' : '' })} />}
        {shown.judged && (
          <PromptVariables
            declared={variables}
            values={query.promptVars ?? {}}
            onChange={(promptVars) => choose({ promptVars })}
          />
        )}
      </Stack>
    </Collapse>
  );
}

/** What the backend makes of a query in an app, where the query itself is silent. */
function effective({ queryType, baseline, ask, context }: AnalysisQuery, app?: string) {
  const alerting = isAlerting(app);
  return {
    /** Whether the model has a part in the answer. */
    judged: queryType !== 'patterns',
    /** Whether the answer holds for some time, as a rule's does. */
    kept: queryType === 'verdict' || queryType === 'notification',
    baseline: (baseline ?? (alerting ? DEFAULT_ALERT_BASELINE : '')).replace(/^none$/, ''),
    ask: ask ?? (alerting ? 'novel' : 'always'),
    events: context === 'events',
  } as const;
}

function summary({ judged, baseline, ask, events }: ReturnType<typeof effective>): string {
  return [
    baseline ? `compared with ${baseline} earlier` : 'no baseline',
    judged && (ask === 'novel' ? 'model asked about what is new' : 'model asked always'),
    judged && events && 'with Kubernetes events',
  ]
    .filter(Boolean)
    .join(', ');
}

interface EventsProps {
  on: boolean;
  onChange: (on: boolean) => void;
}

function EventsSwitch({ on, onChange }: EventsProps) {
  const id = useId();
  return (
    <Field
      noMargin
      label="Kubernetes events"
      htmlFor={id}
      description="Tells the model of events in the namespaces that the data source may read"
    >
      <Switch id={id} value={on} onChange={(event) => onChange(event.currentTarget.checked)} />
    </Field>
  );
}
