import { expect, test } from './page';

test('typing LogQL asks nothing, Shift+Enter asks once', async ({ harness, page }) => {
  await harness.open({ view: 'query', theme: 'dark', app: 'explore', query: { promptId: 'triage' } });
  const expr = page.getByLabel('LogQL query');
  await expr.pressSequentially('{app="web"} |= "error"');
  expect(await harness.state()).toMatchObject({ runs: 0, query: { refId: 'A' } });
  expect((await harness.state()).query).not.toHaveProperty('expr');

  await expr.press('Shift+Enter');
  expect(await harness.state()).toMatchObject({
    runs: 1,
    query: { expr: '{app="web"} |= "error"', queryType: 'analysis' },
  });
  await expect(expr).toHaveValue('{app="web"} |= "error"');
  await harness.picture('explore-dark');
});

test('a click on the button is one run', async ({ harness, page }) => {
  await harness.open({ view: 'query', theme: 'light', app: 'panel-editor', query: { promptId: 'triage' } });
  await page.getByLabel('LogQL query').fill('{app="web"}');
  await page.getByRole('button', { name: 'Run query' }).click();
  expect(await harness.state()).toMatchObject({ runs: 1, query: { expr: '{app="web"}', format: '' } });
  await page.getByRole('radio', { name: 'Evidence' }).check();
  expect(await harness.state()).toMatchObject({ runs: 2, query: { format: 'evidence' } });
  await harness.picture('panel-light');
});

test('a prompt is chosen from the list of the data source', async ({ harness, page }) => {
  await harness.open({ view: 'query', theme: 'dark', app: 'panel-editor', query: { expr: '{app="web"}' } });
  await expect(page.getByText('Choose the prompt by which the logs are judged.')).toBeVisible();
  await page.getByLabel('Prompt').click();
  await expect(page.getByRole('option')).toHaveCount(2);
  await harness.picture('prompts-dark');
  await page.getByRole('option', { name: /Security/ }).click();
  const state = await harness.state();
  expect(state).toMatchObject({ runs: 1, query: { promptId: 'security' } });
  expect(state.promptRequests).toEqual([expect.stringMatching(/\/api\/datasources\/uid\/ai\/resources\/prompts$/)]);
});

test('without a list the reason is shown and an id can be typed', async ({ harness, page }) => {
  await harness.open({ view: 'query', theme: 'light', app: 'explore', prompts: 'failing', query: { expr: '{a="b"}' } });
  await expect(page.getByText(/could not be loaded: the plugin is not running/)).toBeVisible();
  await page.getByLabel('Prompt').fill('triage');
  await page.getByLabel('Prompt').press('Enter');
  expect(await harness.state()).toMatchObject({ query: { promptId: 'triage' } });
  await harness.picture('prompts-failing-light');
  await page.getByRole('button', { name: 'Load prompts again' }).click();
  await expect.poll(async () => (await harness.state()).promptRequests.length).toBe(2);
});

test('an alert rule gets a verdict and the value to compare', async ({ harness, page }) => {
  await harness.open({
    view: 'query',
    theme: 'dark',
    app: 'unified-alerting',
    query: { expr: '{app="web"}', promptId: 'triage', queryType: 'analysis', groupBy: ['namespace'] },
  });
  await expect.poll(async () => (await harness.state()).query?.queryType).toBe('verdict');
  await expect(page.getByRole('radio', { name: 'Analysis' })).toHaveCount(0);
  await page.getByLabel('Value').click();
  await page.getByRole('option', { name: /^Age/ }).click();
  expect((await harness.state()).query).toMatchObject({ queryType: 'verdict', value: 'age', baseline: '1d' });
  await page.getByLabel('Value').fill('errors');
  await page.getByRole('option', { name: /Use this output field/ }).click();
  expect((await harness.state()).query).toMatchObject({ value: 'field:errors' });
  await harness.picture('alert-dark');
});

test('the second query of a rule says what it is for', async ({ harness, page }) => {
  const query = { expr: '{app="web"}', promptId: 'triage', queryType: 'verdict', baseline: '1d' } as const;
  await harness.open({ view: 'query', theme: 'light', app: 'unified-alerting', query });
  await page.getByRole('radio', { name: 'Notification text' }).check();
  await expect(page.getByText('The second query of an alert rule, never its condition')).toBeVisible();
  await expect(page.getByLabel('Value')).toHaveCount(0);
  expect((await harness.state()).query).toMatchObject({ queryType: 'notification', baseline: '1d' });
  await harness.picture('notification-light');
});

test('options are summed up, and checked when they are changed', async ({ harness, page }) => {
  const query = {
    expr: '{app="web"}',
    promptId: 'triage',
    queryType: 'verdict',
    promptVars: { service: 'shop' },
  } as const;
  await harness.open({ view: 'query', theme: 'dark', app: 'panel-editor', query });
  await expect(page.getByRole('button', { name: 'Options: no baseline, model asked always' })).toBeVisible();
  await page.getByRole('button', { name: /^Options/ }).click();
  await page.getByLabel('Baseline').fill('yesterday');
  await page.getByLabel('Baseline').press('Tab');
  await expect(page.getByText(/"yesterday" is no duration/)).toBeVisible();
  expect((await harness.state()).runs).toBe(0);
  await harness.picture('options-dark');

  await page.getByLabel('Baseline').fill('1d');
  await page.getByLabel('Baseline').press('Enter');
  await page.getByText('Kubernetes events', { exact: true }).click();
  expect(await harness.state()).toMatchObject({ runs: 2, query: { baseline: '1d', context: 'events' } });
  expect(await harness.overflow()).toEqual([]);
});

test('the rules answer at once and the model when it is ready', async ({ harness, page }) => {
  const query = { expr: '{app="web"}', promptId: 'triage' };
  await harness.open({ view: 'query', theme: 'dark', app: 'explore', query, answers: 'model' });
  await page.getByRole('button', { name: 'Run query' }).click();
  await expect(page.getByRole('status')).toContainText('1 of 2 groups is judged. Shown is what is known so far.');
  await harness.picture('progress-dark');
  await expect(page.getByRole('status')).toHaveCount(0);
  const { shown, sent } = await harness.state();
  expect(shown).toEqual([
    { state: 'Streaming', verdicts: ['suspicious, by the rules'] },
    { state: 'Streaming', verdicts: ['suspicious, by the rules'] },
    { state: 'Done', verdicts: ['incident, by the model'] },
  ]);
  expect(sent).toHaveLength(4);
});

test('a reader can stop waiting', async ({ harness, page }) => {
  const query = { expr: '{app="web"}', promptId: 'triage' };
  await harness.open({ view: 'query', theme: 'light', app: 'explore', query, answers: 'endless' });
  await page.getByRole('button', { name: 'Run query' }).click();
  await expect(page.getByRole('status')).toContainText('1 of 2 groups');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByRole('status')).toHaveCount(0);
  const { sent } = await harness.state();
  expect(sent.at(-1)).toEqual({
    url: '/api/datasources/uid/ai/resources/cancel',
    data: { queryId: 'q1' },
  });
});

test('annotations are verdicts of the past', async ({ harness, page }) => {
  await harness.open({ view: 'annotation', theme: 'dark', query: { promptId: 'triage' } });
  await page.getByLabel('LogQL query').fill('{app="web"}');
  await page.getByLabel('Group by').fill('namespace');
  await page.getByLabel('Group by').press('Enter');
  expect(await harness.state()).toMatchObject({
    runs: 0,
    query: { queryType: 'history', format: 'annotations', expr: '{app="web"}', groupBy: ['namespace'] },
  });
  await expect(page.getByRole('radio')).toHaveCount(0);
  await harness.picture('annotation-dark');
});

test('everything fits into a narrow window and is reached with the keyboard', async ({ harness, page }) => {
  await page.setViewportSize({ width: 480, height: 900 });
  await harness.open({
    view: 'query',
    theme: 'dark',
    app: 'panel-editor',
    query: { expr: '{a="b"}', promptId: 'triage' },
  });
  await expect(page.getByLabel('Prompt')).toHaveValue('Triage');

  const boxes = await Promise.all(
    ['LogQL query', 'Prompt', 'Group by'].map((label) => page.getByLabel(label).boundingBox())
  );
  for (const [above, below] of [boxes.slice(0, 2), boxes.slice(1)]) {
    expect(above!.y + above!.height).toBeLessThanOrEqual(below!.y);
  }

  await page.getByRole('button', { name: /^Options/ }).click();
  await harness.picture('narrow-dark');
  expect(await harness.overflow()).toEqual([]);

  await page.getByLabel('LogQL query').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Run query' })).toBeFocused();
});
