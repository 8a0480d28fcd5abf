import { type DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { DataSourceDescription } from '@grafana/plugin-ui';
import { Divider } from '@grafana/ui';
import { type AnalysisSecureSettings, type AnalysisSettings } from '../types';
import { HistorySection } from './HistorySection';
import { LimitsSection } from './LimitsSection';
import { LokiSection } from './LokiSection';
import { ModelSection } from './ModelSection';

export type EditorProps = DataSourcePluginOptionsEditorProps<AnalysisSettings, AnalysisSecureSettings>;

/** The settings of a data source: where logs, model and history are, and how much one query may take of them. */
export function ConfigEditor(props: EditorProps) {
  return (
    <>
      <DataSourceDescription
        dataSourceName="AI analysis"
        docsLink="https://github.com/lokalyst/lokalyst"
        hasRequiredFields
      />
      <Divider />
      <LokiSection {...props} />
      <Divider />
      <ModelSection {...props} />
      <Divider />
      <HistorySection {...props} />
      <Divider />
      <LimitsSection {...props} />
    </>
  );
}
