import { CoreApp, type DataFrame, getDefaultTimeRange, LoadingState } from '@grafana/data';
import { screen, waitFor } from '@testing-library/react';
import { PROMPTS } from '../testing/fixtures';
import { showQueryEditor as setup } from '../testing/showQueryEditor';
import { type Prompt, type QueryType } from '../types';

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
    await setup({ query: { queryType: 'forecast' as QueryType } });
    expect(screen.getByRole('radio', { name: 'forecast' })).toBeChecked();
  });
});

describe('alert rules', () => {
  it('offer the verdict with its value, and the text for a notification', async () => {
    const { user, changed } = await setup({
      app: CoreApp.UnifiedAlerting,
      query: { expr: '{a="b"}', queryType: 'verdict', value: 'field:errors' },
    });
    expect(screen.getByLabelText('Value')).toHaveValue('field:errors');
    expect(screen.queryByRole('radio', { name: 'Analysis' })).not.toBeInTheDocument();
    expect(screen.queryByText(/never its condition/)).not.toBeInTheDocument();

    await user.click(screen.getByRole('radio', { name: 'Notification text' }));
    expect(changed).toHaveBeenLastCalledWith(
      expect.objectContaining({ queryType: 'notification', promptId: 'triage', expr: '{a="b"}' })
    );
    expect(screen.getByText(/never its condition/)).toBeInTheDocument();
    expect(screen.getByText('{{ $values.B.Labels.summary }}')).toBeInTheDocument();
    expect(screen.queryByLabelText('Value')).not.toBeInTheDocument();
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

describe('history', () => {
  it('asks which verdicts, and for no frame and no model', async () => {
    const { user, changed } = await setup({ query: { expr: '{a="b"}', format: 'evidence', groupBy: ['app'] } });
    await user.click(screen.getByRole('radio', { name: 'History' }));
    expect(changed).toHaveBeenLastCalledWith(
      expect.objectContaining({ queryType: 'history', format: '', promptId: 'triage', groupBy: ['app'] })
    );
    expect(screen.getByText(/The LogQL of the analysis whose verdicts are shown/)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: /^Options/ })).not.toBeInTheDocument();
    expect(screen.queryByRole('radio', { name: 'Evidence' })).not.toBeInTheDocument();
  });

  it('gives an analysis the frame of a new panel again', async () => {
    const { user, changed } = await setup({ query: { expr: '{a="b"}', queryType: 'history' } });
    await user.click(screen.getByRole('radio', { name: 'Analysis' }));
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ queryType: 'analysis', format: 'verdict' }));
  });
});

describe('progress', () => {
  const frame = (refId: string, status: string, progress?: string): DataFrame => ({
    refId,
    length: 0,
    fields: [],
    meta: { custom: { queryID: 'q', status, progress } },
  });
  const data = (state: LoadingState, ...series: DataFrame[]) => ({ state, series, timeRange: getDefaultTimeRange() });

  it('is shown for the query that it belongs to', async () => {
    await setup({
      data: data(LoadingState.Streaming, frame('B', 'running', 'other'), frame('A', 'running', '1 of 2 groups')),
    });
    expect(screen.getByRole('status')).toHaveTextContent('1 of 2 groups Shown is what is known so far.');
  });

  it.each([
    ['the query is done', data(LoadingState.Streaming, frame('A', 'done'))],
    ['the reader stopped it', data(LoadingState.Done, frame('A', 'running', 'half'))],
    ['there are no frames', data(LoadingState.Streaming)],
    ['nothing ran', undefined],
  ])('is not shown when %s', async (_, shown) => {
    await setup({ data: shown });
    expect(screen.queryByRole('status')).not.toBeInTheDocument();
  });
});
