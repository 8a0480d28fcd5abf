import { css } from '@emotion/css';
import {
  type CoreApp,
  createTheme,
  type DataFrame,
  dateTime,
  getDefaultTimeRange,
  LoadingState,
  type PanelData,
  ThemeContext,
} from '@grafana/data';
import { Button, GlobalStyles, PortalContainer } from '@grafana/ui';
import { useEffect, useRef, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { type Subscription } from 'rxjs';
import { instanceSettings, settings } from '../../src/testing/fixtures';
import { type AnalysisQuery } from '../../src/types';
import { loadPlugin } from './plugin';
import { type Scenario } from './scenario';
import { installStubs } from './stubs';

const scenario = JSON.parse(decodeURIComponent(window.location.hash.slice(1))) as Scenario;
const theme = createTheme({ colors: { mode: scenario.theme } });

window.harness = { runs: 0, promptRequests: [], sent: [], shown: [] };
installStubs(scenario, window.harness);

const { ConfigEditor, QueryEditor, DataSourceClass } = await loadPlugin();
const datasource = new DataSourceClass(instanceSettings());

/** Runs a query as Grafana does: a new run or the button ends the one before. */
function useAnswer() {
  const [data, setData] = useState<PanelData>();
  const running = useRef<Subscription>(undefined);
  const run = (query: AnalysisQuery) => {
    window.harness.runs += 1;
    if (!scenario.answers) {
      return;
    }
    running.current?.unsubscribe();
    const timeRange = getDefaultTimeRange();
    const app = scenario.app ?? 'explore';
    const request = { app, requestId: 'Q1', interval: '1m', intervalMs: 60_000, range: timeRange, scopedVars: {} };
    running.current = datasource
      .query({ ...request, timezone: 'utc', startTime: dateTime().valueOf(), targets: [query] })
      .subscribe(({ state, data: series }) => {
        const verdicts = (series as DataFrame[]).flatMap((frame) => (frame.fields[0]?.values ?? []) as unknown[]);
        window.harness.shown.push({ state, verdicts });
        setData({ state: state ?? LoadingState.Done, series: series as DataFrame[], timeRange });
      });
  };
  const stop = () => {
    running.current?.unsubscribe();
    setData((last) => last && { ...last, state: LoadingState.Done });
  };
  return { data, run, stop };
}

function QueryPage() {
  const [query, setQuery] = useState<AnalysisQuery>({ refId: 'A', ...scenario.query });
  const { data, run, stop } = useAnswer();
  const latest = useRef(query);
  useEffect(() => {
    window.harness.query = query;
    latest.current = query;
  }, [query]);
  const Editor = (scenario.view === 'annotation' && datasource.annotations?.QueryEditor) || QueryEditor;
  return (
    <>
      <Editor
        app={scenario.app as CoreApp | undefined}
        data={data}
        datasource={datasource}
        query={query}
        onChange={(next: AnalysisQuery) => {
          latest.current = next;
          setQuery(next);
        }}
        onRunQuery={() => run(latest.current)}
      />
      {data?.state === LoadingState.Streaming && <Button onClick={stop}>Stop</Button>}
    </>
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
    <div className={page}>{scenario.view === 'config' ? <ConfigPage /> : <QueryPage />}</div>
    <PortalContainer />
  </ThemeContext.Provider>
);
