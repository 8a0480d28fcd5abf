import { css } from '@emotion/css';
import { type CoreApp, createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { instanceSettings, settings } from '../../src/testing/fixtures';
import { type AnalysisQuery } from '../../src/types';
import { loadPlugin } from './plugin';
import { type Scenario } from './scenario';
import { installStubs } from './stubs';

const scenario = JSON.parse(decodeURIComponent(window.location.hash.slice(1))) as Scenario;
const theme = createTheme({ colors: { mode: scenario.theme } });

window.harness = { runs: 0, promptRequests: [] };
installStubs(scenario.prompts, window.harness.promptRequests);

const { ConfigEditor, QueryEditor, DataSourceClass } = await loadPlugin();
const datasource = new DataSourceClass(instanceSettings());

function QueryPage() {
  const [query, setQuery] = useState<AnalysisQuery>({ refId: 'A', ...scenario.query });
  useEffect(() => {
    window.harness.query = query;
  }, [query]);
  return (
    <QueryEditor
      app={scenario.app as CoreApp | undefined}
      datasource={datasource}
      query={query}
      onChange={setQuery}
      onRunQuery={() => (window.harness.runs += 1)}
    />
  );
}

function ConfigPage() {
  const [options, setOptions] = useState(() =>
    settings({ url: scenario.url ?? '', jsonData: scenario.settings ?? {} })
  );
  useEffect(() => {
    window.harness.options = options;
  }, [options]);
  return <ConfigEditor options={options} onOptionsChange={setOptions} />;
}

const page = css({ padding: theme.spacing(2), background: theme.colors.background.primary, minHeight: '100vh' });

createRoot(document.getElementById('root')!).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div className={page}>{scenario.view === 'query' ? <QueryPage /> : <ConfigPage />}</div>
    <PortalContainer />
  </ThemeContext.Provider>
);
