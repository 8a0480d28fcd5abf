import { DataSourcePlugin } from '@grafana/data';
import { ConfigEditor } from './config/ConfigEditor';
import { QueryEditor } from './components/QueryEditor';
import { AnalysisDataSource } from './datasource';
import { type AnalysisQuery, type AnalysisSecureSettings, type AnalysisSettings } from './types';

export const plugin = new DataSourcePlugin<AnalysisDataSource, AnalysisQuery, AnalysisSettings, AnalysisSecureSettings>(
  AnalysisDataSource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor);
