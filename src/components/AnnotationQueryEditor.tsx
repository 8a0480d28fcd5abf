import { type QueryEditorProps } from '@grafana/data';
import { Stack } from '@grafana/ui';
import { type AnalysisDataSource } from '../datasource';
import { annotationQuery } from '../query';
import { type AnalysisQuery, type AnalysisSettings } from '../types';
import { GroupByField } from './GroupByField';
import { LogQLField } from './LogQLField';
import { PromptPicker } from './PromptPicker';
import { usePrompts } from './usePrompts';

type Props = QueryEditorProps<AnalysisDataSource, AnalysisQuery, AnalysisSettings>;

/** Edits which verdicts of the past a dashboard shows as annotations. Grafana runs the query when it changes. */
export function AnnotationQueryEditor({ datasource, query: stored, onChange, onRunQuery }: Props) {
  const query = annotationQuery(stored);
  const { list, retry } = usePrompts(datasource);
  const change = (part: Partial<AnalysisQuery>) => onChange({ ...query, ...part });
  return (
    <Stack direction="column" gap={2}>
      <LogQLField
        expr={query.expr ?? ''}
        description="The LogQL of the analysis whose verdicts are shown, written the same. Shift+Enter runs the query."
        // Grafana runs a changed annotation by itself.
        runOnBlur={false}
        onChange={(expr) => change({ expr })}
        onRun={onRunQuery}
      />
      <Stack direction="row" gap={2} wrap="wrap" alignItems="flex-start">
        <PromptPicker
          list={list}
          promptId={query.promptId ?? ''}
          onChange={(promptId) => change({ promptId })}
          onRetry={retry}
        />
        <GroupByField groupBy={query.groupBy ?? []} onChange={(groupBy) => change({ groupBy })} />
      </Stack>
    </Stack>
  );
}
