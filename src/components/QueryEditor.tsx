import { type QueryEditorProps } from '@grafana/data';
import { Stack } from '@grafana/ui';
import { useEffect } from 'react';
import { type AnalysisDataSource } from '../datasource';
import { completeQuery, isAlerting, isExplore, isPanel, needsPrompt, withType } from '../query';
import { type AnalysisQuery, type AnalysisSettings } from '../types';
import { ALERT_TYPE_CHOICES, ChoiceField, FORMATS, QUERY_TYPE_CHOICES } from './ChoiceField';
import { GroupByField } from './GroupByField';
import { JudgementOptions } from './JudgementOptions';
import { LogQLField } from './LogQLField';
import { NotificationHint } from './NotificationHint';
import { PromptPicker } from './PromptPicker';
import { QueryProgress } from './QueryProgress';
import { usePrompts } from './usePrompts';
import { ValuePicker } from './ValuePicker';

type Props = QueryEditorProps<AnalysisDataSource, AnalysisQuery, AnalysisSettings>;

/** Edits one query: everything in panels and Explore, and in alert rules what a rule can evaluate. */
export function QueryEditor({ app, data, datasource, query: stored, onChange, onRunQuery }: Props) {
  const query = completeQuery(stored, app);

  // A rule made from a panel brings a query that no rule can evaluate. Storing the change at once keeps what is
  // evaluated the same as what is shown.
  const unfit = isAlerting(app) && stored.queryType !== query.queryType;
  useEffect(() => {
    if (unfit) {
      onChange(query);
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each unfit query, not for each new callback
  }, [unfit]);

  const change = (part: Partial<AnalysisQuery>) => onChange({ ...query, ...part });
  /** Stores a choice and shows its result. Explore waits for its own button, so that several choices are one run. */
  const choose = (part: Partial<AnalysisQuery>) => {
    change(part);
    if (!isExplore(app) && datasource.filterQuery({ ...query, ...part })) {
      onRunQuery();
    }
  };

  return (
    <Stack direction="column" gap={2}>
      <LogQLField
        expr={query.expr ?? ''}
        // Explore's own button would otherwise start the query a second time.
        runOnBlur={!isExplore(app)}
        description={
          query.queryType === 'history'
            ? 'The LogQL of the analysis whose verdicts are shown, written the same. Shift+Enter runs the query.'
            : undefined
        }
        onChange={(expr) => change({ expr })}
        onRun={onRunQuery}
      />
      <QueryOptions app={app} datasource={datasource} query={query} choose={choose} />
      <QueryProgress refId={query.refId} data={data} />
    </Stack>
  );
}

interface OptionsProps extends Pick<Props, 'app' | 'datasource' | 'query'> {
  choose: (part: Partial<AnalysisQuery>) => void;
}

/** What is asked about the lines, as far as the app has a use for it. */
function QueryOptions({ app, datasource, query, choose }: OptionsProps) {
  const { queryType = 'analysis', promptId = '', value = 'severity', groupBy = [], format = '' } = query;
  const { list, retry } = usePrompts(datasource);
  const prompt = list.state === 'ready' ? list.prompts.find(({ id }) => id === promptId) : undefined;
  return (
    <>
      <Stack direction="row" gap={2} wrap="wrap" alignItems="flex-start">
        <ChoiceField
          label="Query type"
          choices={isAlerting(app) ? ALERT_TYPE_CHOICES : QUERY_TYPE_CHOICES}
          value={queryType}
          onChange={(choice) => choose(withType(choice, app))}
        />
        {needsPrompt(queryType) && (
          <PromptPicker list={list} promptId={promptId} onChange={(id) => choose({ promptId: id })} onRetry={retry} />
        )}
        {queryType === 'verdict' && <ValuePicker value={value} onChange={(choice) => choose({ value: choice })} />}
        <GroupByField groupBy={groupBy} onChange={(names) => choose({ groupBy: names })} />
        {isPanel(app) && queryType === 'analysis' && (
          <ChoiceField
            label="Show"
            choices={FORMATS}
            value={format}
            onChange={(choice) => choose({ format: choice })}
          />
        )}
      </Stack>
      {queryType === 'notification' && <NotificationHint />}
      {queryType !== 'history' && (
        <JudgementOptions app={app} query={query} variables={prompt?.variables} choose={choose} />
      )}
    </>
  );
}
