import { CoreApp } from '@grafana/data';
import { act, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { AnalysisDataSource } from '../datasource';
import { instanceSettings, PROMPTS } from '../testing/fixtures';
import { fakeTemplateSrv } from '../testing/templateSrv';
import { type AnalysisQuery, type Prompt } from '../types';
import { QueryEditor } from './QueryEditor';

interface Setup {
  app?: CoreApp;
  query?: Partial<AnalysisQuery>;
  listPrompts?: () => Promise<Prompt[]>;
}

/** Shows the editor the way Grafana does: a changed query comes back as a property. */
async function setup({ app = CoreApp.PanelEditor, query, listPrompts = () => Promise.resolve(PROMPTS) }: Setup = {}) {
  const datasource = new AnalysisDataSource(instanceSettings(), fakeTemplateSrv({}));
  const list = jest.spyOn(datasource, 'listPrompts').mockImplementation(listPrompts);
  const changed = jest.fn<void, [AnalysisQuery]>();
  const run = jest.fn();
  function Host() {
    const [current, setCurrent] = useState<AnalysisQuery>({ refId: 'A', promptId: 'triage', ...query });
    return (
      <QueryEditor
        app={app}
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

describe('LogQL', () => {
  it('neither runs nor changes the query while typing', async () => {
    const { user, changed, run, expr } = await setup();
    await user.type(expr, '{{app="web"}{Enter}|= "error"');
    expect(expr).toHaveValue('{app="web"}\n|= "error"');
    expect(changed).not.toHaveBeenCalled();
    expect(run).not.toHaveBeenCalled();
  });

  it('runs once on Shift+Enter, and not again on leaving the field', async () => {
    const { user, changed, run, expr } = await setup();
    await user.type(expr, '{{app="web"}{Shift>}{Enter}{/Shift}');
    expect(changed).toHaveBeenCalledWith(expect.objectContaining({ expr: '{app="web"}', queryType: 'analysis' }));
    expect(run).toHaveBeenCalledTimes(1);
    await user.tab();
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('runs on leaving the field when the query changed', async () => {
    const { user, changed, run, expr } = await setup();
    await user.type(expr, '{{app="web"}');
    await user.click(document.body);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledTimes(1);
    await user.click(expr);
    await user.click(document.body);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('leaves running to the button of Explore, but keeps the text', async () => {
    const { user, changed, run, expr } = await setup({ app: CoreApp.Explore });
    await user.type(expr, '{{app="web"}');
    await user.click(document.body);
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ expr: '{app="web"}' }));
    expect(run).not.toHaveBeenCalled();
  });

  it.each(['click', 'keyboard'])('runs once with the button, by %s', async (way) => {
    const { user, changed, run, expr } = await setup();
    await user.type(expr, '{{app="web"}');
    if (way === 'click') {
      await user.click(screen.getByRole('button', { name: 'Run query' }));
    } else {
      await user.tab();
      await user.keyboard('{Enter}');
    }
    expect(changed).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('says what to write and does not run an empty query', async () => {
    const { user, run, expr } = await setup();
    expect(screen.getByText(/Write a LogQL query/)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Run query' })).toBeDisabled();
    await user.type(expr, '{Shift>}{Enter}{/Shift}');
    expect(run).not.toHaveBeenCalled();
  });
});

describe('prompt', () => {
  it('shows the title of the chosen prompt', async () => {
    await setup();
    expect(screen.getByLabelText('Prompt')).toHaveValue('Triage');
  });

  it('says why the list is missing, takes a typed id and can try again', async () => {
    const listPrompts = jest
      .fn<Promise<Prompt[]>, []>()
      .mockRejectedValueOnce({ data: { message: 'plugin unavailable' } })
      .mockResolvedValue(PROMPTS);
    const { user, changed, run } = await setup({ query: { expr: '{a="b"}', promptId: '' }, listPrompts });
    expect(screen.getByText(/could not be loaded: plugin unavailable\. Type the id/)).toBeInTheDocument();
    await user.type(screen.getByLabelText('Prompt'), 'mine{Enter}');
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ promptId: 'mine' }));
    expect(run).toHaveBeenCalledTimes(1);
    await user.click(screen.getByRole('button', { name: 'Load prompts again' }));
    await waitFor(() => expect(screen.getByText(/lists no prompt "mine"/)).toBeInTheDocument());
  });

  it.each<[string, unknown]>([
    ['offline', { statusText: 'offline' }],
    ['broken', new Error('broken')],
    ['no reason was given', 7],
  ])('finds the reason "%s"', async (reason, error) => {
    await setup({ listPrompts: jest.fn<Promise<Prompt[]>, []>().mockRejectedValue(error) });
    expect(screen.getByText(new RegExp(`could not be loaded: ${reason}`))).toBeInTheDocument();
  });

  it('says that there are no prompts', async () => {
    await setup({ listPrompts: () => Promise.resolve([]) });
    expect(screen.getByText(/has no prompts\. Ask its administrator/)).toBeInTheDocument();
  });

  it('asks for a prompt when there is none', async () => {
    await setup({ query: { promptId: '' } });
    expect(screen.getByText(/Choose the prompt/)).toBeInTheDocument();
  });

  it('is not asked for where no model is', async () => {
    const { user, changed } = await setup({ query: { expr: '{a="b"}' } });
    await user.click(screen.getByRole('radio', { name: 'Patterns' }));
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ queryType: 'patterns' }));
    expect(screen.queryByLabelText('Prompt')).not.toBeInTheDocument();
  });
});

describe('group by', () => {
  it('stores label names and runs once', async () => {
    const { user, changed, run } = await setup({ query: { expr: '{a="b"}' } });
    await user.type(screen.getByLabelText('Group by'), 'namespace, app{Enter}');
    await user.tab();
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ groupBy: ['namespace', 'app'] }));
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('shows and does not store what Loki cannot have', async () => {
    const { user, changed } = await setup();
    await user.type(screen.getByLabelText('Group by'), 'app.kubernetes.io{Enter}');
    expect(screen.getByText(/"app.kubernetes.io" cannot be a label name/)).toBeInTheDocument();
    expect(changed).not.toHaveBeenCalled();
  });
});

describe('what an app shows', () => {
  it('lets a panel choose one frame', async () => {
    const { user, changed } = await setup({ query: { expr: '{a="b"}' } });
    await user.click(screen.getByRole('radio', { name: 'Evidence' }));
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ format: 'evidence' }));
  });

  it('does not offer it in Explore, and does not run there on a choice', async () => {
    const { user, changed, run } = await setup({ app: CoreApp.Explore, query: { expr: '{a="b"}' } });
    expect(screen.queryByRole('radio', { name: 'Evidence' })).not.toBeInTheDocument();
    await user.click(screen.getByRole('radio', { name: 'Verdict' }));
    expect(changed).toHaveBeenCalledTimes(1);
    expect(run).not.toHaveBeenCalled();
  });

  it('shows a query type that it does not know', async () => {
    await setup({ query: { queryType: 'history' } });
    expect(screen.getByRole('radio', { name: 'history' })).toBeChecked();
  });
});

describe('alert rules', () => {
  it('offer the verdict and its value only', async () => {
    await setup({ app: CoreApp.UnifiedAlerting, query: { queryType: 'verdict', value: 'field:errors' } });
    expect(screen.queryByRole('radio')).not.toBeInTheDocument();
    expect(screen.getByLabelText('Value')).toHaveValue('field:errors');
  });

  it('store a verdict in place of what they cannot evaluate, once', async () => {
    const { changed } = await setup({
      app: CoreApp.UnifiedAlerting,
      query: { queryType: 'analysis', expr: '{a="b"}' },
    });
    expect(changed).toHaveBeenCalledTimes(1);
    expect(changed).toHaveBeenCalledWith(
      expect.objectContaining({ queryType: 'verdict', value: 'severity', expr: '{a="b"}', baseline: '1d' })
    );
  });

  it('leave a verdict as it is stored', async () => {
    const { changed } = await setup({ app: CoreApp.UnifiedAlerting, query: { queryType: 'verdict' } });
    expect(changed).not.toHaveBeenCalled();
  });
});
