import { CoreApp, type PanelData } from '@grafana/data';
import { act, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { QueryEditor } from '../components/QueryEditor';
import { AnalysisDataSource } from '../datasource';
import { type AnalysisQuery, type Prompt } from '../types';
import { instanceSettings, PROMPTS } from './fixtures';
import { fakeTemplateSrv } from './templateSrv';

interface Setup {
  app?: CoreApp;
  query?: Partial<AnalysisQuery>;
  data?: PanelData;
  listPrompts?: () => Promise<Prompt[]>;
}

/** Shows the editor the way Grafana does: a changed query comes back as a property. */
export async function showQueryEditor({
  app = CoreApp.PanelEditor,
  query,
  data,
  listPrompts = () => Promise.resolve(PROMPTS),
}: Setup = {}) {
  const datasource = new AnalysisDataSource(instanceSettings(), fakeTemplateSrv({}));
  const list = jest.spyOn(datasource, 'listPrompts').mockImplementation(listPrompts);
  const changed = jest.fn<void, [AnalysisQuery]>();
  const run = jest.fn();
  function Host() {
    const [current, setCurrent] = useState<AnalysisQuery>({ refId: 'A', promptId: 'triage', ...query });
    return (
      <QueryEditor
        app={app}
        data={data}
        datasource={datasource}
        query={current}
        onChange={(next) => {
          changed(next);
          setCurrent(next);
        }}
        onRunQuery={run}
      />
    );
  }
  render(<Host />);
  await act(() => Promise.resolve());
  return { user: userEvent.setup(), list, changed, run, expr: screen.getByLabelText(/^LogQL query/) };
}
