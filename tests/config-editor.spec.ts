import { expect, test } from './page';

test('two addresses are enough, and a wrong one is explained', async ({ harness, page }) => {
  await harness.open({ view: 'config', theme: 'dark' });
  await page.getByLabel('llama.cpp server URL').fill('llama-server:8080');
  await expect(page.getByText(/The address must begin with http/)).toBeVisible();
  await harness.picture('config-errors-dark');

  await page.getByLabel('Loki URL').fill('http://loki:3100');
  await page.getByLabel('llama.cpp server URL').fill('http://llama-server:8080');
  await page.getByLabel('API key').fill('secret');
  await expect(page.getByText(/Enter the whole address/)).toHaveCount(0);
  const { options } = await harness.state();
  expect(options).toMatchObject({
    url: 'http://loki:3100',
    jsonData: { llmServers: [{ url: 'http://llama-server:8080', model: '' }] },
    secureJsonData: { llmApiKey: 'secret' },
  });
  expect(JSON.stringify(options?.jsonData)).not.toContain('secret');
});

test('stored settings are shown, and authentication can be chosen', async ({ harness, page }) => {
  await harness.open({
    view: 'config',
    theme: 'light',
    url: 'http://loki:3100',
    settings: { lokiTenant: 'team-a', maxLines: 5000, llmServers: [{ url: 'http://llama:8080', model: 'small' }] },
  });
  await expect(page.getByLabel(/^Tenant/)).toHaveValue('team-a');
  await expect(page.getByLabel('Maximum lines')).toHaveValue('5000');
  await page.getByLabel('Authentication method').click();
  await page.getByText('Basic authentication', { exact: true }).click();
  await expect(page.getByLabel('User')).toBeVisible();
  await harness.picture('config-light');
  expect(await harness.overflow()).toEqual([]);
});

test('several servers and a signed history', async ({ harness, page }) => {
  await harness.open({
    view: 'config',
    theme: 'dark',
    url: 'http://loki:3100',
    settings: { llmServers: [{ url: 'http://llama:8080', model: 'small', slots: 2 }] },
  });
  await page.getByRole('button', { name: 'Add server' }).click();
  await page.getByLabel('llama.cpp server URL of server 2').fill('http://llama-2:8080');
  await page.getByText('Record verdicts').click();
  await expect(page.getByText('Recorded verdicts are not signed')).toBeVisible();
  await page.getByLabel('Wait of an alert rule').fill('1h');
  await expect(page.getByText('The longest duration here is 20s.')).toBeVisible();
  await harness.picture('config-history-dark');

  await page.getByLabel('Signing key').fill('secret');
  await page.getByLabel('Wait of an alert rule').fill('8s');
  await expect(page.getByText('Recorded verdicts are not signed')).toHaveCount(0);
  const { options } = await harness.state();
  expect(options).toMatchObject({
    jsonData: {
      llmServers: [
        { url: 'http://llama:8080', model: 'small', slots: 2 },
        { url: 'http://llama-2:8080', model: '' },
      ],
      historyEnabled: true,
      alertWait: '8s',
    },
    secureJsonData: { historyKey: 'secret' },
  });
  expect(await harness.overflow()).toEqual([]);
});
