import { CoreApp } from '@grafana/data';
import { screen } from '@testing-library/react';
import { PROMPTS } from '../testing/fixtures';
import { showQueryEditor } from '../testing/showQueryEditor';

/** Shows the editor with its options open. */
async function setup(options: Parameters<typeof showQueryEditor>[0] = {}) {
  const shown = await showQueryEditor({ ...options, query: { expr: '{a="b"}', ...options.query } });
  await shown.user.click(screen.getByRole('button', { name: /^Options/ }));
  const enter = async (label: RegExp, text: string) => {
    await shown.user.clear(screen.getByLabelText(label));
    await shown.user.type(screen.getByLabelText(label), text);
  };
  return { ...shown, enter };
}

describe('the summary', () => {
  it.each([
    [CoreApp.PanelEditor, {}, 'Options: no baseline, model asked always'],
    [
      CoreApp.Explore,
      { baseline: '1h', ask: 'novel', context: 'events' },
      'Options: compared with 1h earlier, model asked about what is new, with Kubernetes events',
    ],
    [
      CoreApp.UnifiedAlerting,
      { queryType: 'verdict' },
      'Options: compared with 1d earlier, model asked about what is new',
    ],
    [
      CoreApp.UnifiedAlerting,
      { queryType: 'verdict', baseline: '' },
      'Options: no baseline, model asked about what is new',
    ],
    [CoreApp.PanelEditor, { queryType: 'patterns', baseline: 'none' }, 'Options: no baseline'],
  ] as const)('tells in %s what %j means', async (app, query, want) => {
    await showQueryEditor({ app, query });
    expect(screen.getByRole('button', { name: want })).toBeInTheDocument();
  });
});

describe('baseline', () => {
  it('is stored when the field is left, and runs once', async () => {
    const { user, changed, run, enter } = await setup();
    await enter(/^Baseline/, '1h');
    expect([changed.mock.calls.length, run.mock.calls.length]).toEqual([0, 0]);
    await user.tab();
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ baseline: '1h' }));
    expect(run).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['1', '"1" is no duration: write a number and a unit, such as 15m, 1h or 1d.'],
    ['2w1d', '"2w1d" is no duration'],
    ['0h', 'longer than nothing'],
    ['366d', 'The longest duration here is 365d.'],
  ])('says what is wrong with "%s" and does not store it', async (text, problem) => {
    const { user, changed, enter } = await setup();
    await enter(/^Baseline/, text);
    await user.tab();
    expect(screen.getByText(problem, { exact: false })).toBeInTheDocument();
    expect(changed).not.toHaveBeenCalled();
  });

  it('can be a template variable', async () => {
    const { changed, enter } = await setup();
    await enter(/^Baseline/, '$offset{Enter}');
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ baseline: '$offset' }));
  });

  it.each(['none', ' '])('of a rule can be taken away with "%s"', async (text) => {
    const { user, changed, enter } = await setup({
      app: CoreApp.UnifiedAlerting,
      query: { queryType: 'verdict', baseline: '1d' },
    });
    await enter(/^Baseline/, text);
    await user.tab();
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ baseline: '' }));
  });
});

it('stores how long a verdict holds, and never nothing', async () => {
  const { user, changed, enter } = await setup({
    app: CoreApp.UnifiedAlerting,
    query: { queryType: 'verdict', maxAge: '1h' },
  });
  await enter(/^Maximum age/, '30m{Enter}');
  expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ maxAge: '30m' }));
  await user.clear(screen.getByLabelText(/^Maximum age/));
  await user.tab();
  expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ maxAge: '15m' }));
});

it('stores when the model is asked, and whether of events', async () => {
  const { user, changed, run } = await setup();
  await user.click(screen.getByRole('radio', { name: 'When it is new' }));
  expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ ask: 'novel' }));
  await user.click(screen.getByLabelText(/^Kubernetes events/));
  expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ context: 'events', ask: 'novel' }));
  await user.click(screen.getByLabelText(/^Kubernetes events/));
  expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ context: '' }));
  expect(run).toHaveBeenCalledTimes(3);
});

it('has nothing about a model for patterns', async () => {
  await setup({ query: { queryType: 'patterns' } });
  expect(screen.getByLabelText(/^Baseline/)).toBeInTheDocument();
  expect(screen.queryByLabelText(/^Kubernetes events/)).not.toBeInTheDocument();
  expect(screen.queryByLabelText(/^Prompt variable/)).not.toBeInTheDocument();
  expect(screen.queryByLabelText(/^Maximum age/)).not.toBeInTheDocument();
});

describe('prompt variables', () => {
  it('are added by name where the data source does not list them', async () => {
    const { user, changed, run } = await setup({ query: { promptVars: { service: 'shop' } } });
    const name = screen.getByLabelText(/^Prompt variable/);
    await user.type(name, '1x');
    expect(screen.getByText(/A name has letters/)).toBeInTheDocument();
    await user.clear(name);
    await user.type(name, 'service');
    expect(screen.getByText(/has a variable "service" already/)).toBeInTheDocument();
    await user.clear(name);
    await user.type(name, 'team');
    await user.type(screen.getByLabelText('Value of the prompt variable'), 'a b');
    expect(changed).not.toHaveBeenCalled();
    await user.click(screen.getByRole('button', { name: 'Add variable' }));
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ promptVars: { service: 'shop', team: 'a b' } }));
    expect(run).toHaveBeenCalledTimes(1);
    expect(screen.getByLabelText(/^Variable team/)).toHaveValue('a b');
  });

  it('can be changed and removed', async () => {
    const { user, changed, enter } = await setup({ query: { promptVars: { service: 'shop' } } });
    await enter(/^Variable service/, 'cart{Enter}');
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ promptVars: { service: 'cart' } }));
    await user.click(screen.getByRole('button', { name: 'Remove service' }));
    expect(changed.mock.lastCall?.[0].promptVars).toBeUndefined();
  });

  it('are those of the prompt where the data source lists them', async () => {
    const variables = [{ name: 'service', description: 'Empty for all.', default: 'all' }];
    const { enter, changed } = await setup({
      query: { promptVars: { team: 'a' } },
      listPrompts: () => Promise.resolve(PROMPTS.map((prompt) => ({ ...prompt, variables }))),
    });
    expect(screen.getByText('Empty for all.')).toBeInTheDocument();
    expect(screen.getByText(/The prompt has no variable "team"/)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: 'Add variable' })).not.toBeInTheDocument();
    await enter(/^Variable service/, 'shop{Enter}');
    expect(changed).toHaveBeenLastCalledWith(expect.objectContaining({ promptVars: { service: 'shop', team: 'a' } }));
  });
});
