import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { type Settings, settings } from '../testing/fixtures';
import { ConfigEditor } from './ConfigEditor';
import { urlProblem } from './url';

function setup(part: Partial<Settings> = {}) {
  const changed = jest.fn<void, [Settings]>();
  function Host() {
    const [options, setOptions] = useState(() => settings(part));
    return (
      <ConfigEditor
        options={options}
        onOptionsChange={(next) => {
          changed(next);
          setOptions(next);
        }}
      />
    );
  }
  render(<Host />);
  const enter = (label: RegExp, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
  return { changed, enter };
}

it('stores the two addresses where the backend reads them', () => {
  const { changed, enter } = setup();
  enter(/^Loki URL/, 'http://loki:3100');
  enter(/^llama.cpp server URL/, ' http://llama:8080 ');
  enter(/^Model/, 'small');
  enter(/^Tenant/, 'team-a');
  expect(changed).toHaveBeenLastCalledWith(
    expect.objectContaining({
      url: 'http://loki:3100',
      jsonData: { lokiTenant: 'team-a', llmServers: [{ url: 'http://llama:8080', model: 'small' }] },
    })
  );
});

it('says what an address lacks', () => {
  setup();
  expect(screen.getByText('Enter the whole address, for example http://llama-server.ai.svc:8080.')).toBeInTheDocument();
});

describe('servers', () => {
  const a = { url: 'http://a', model: 'a', slots: 2 };
  const b = { url: 'http://b', model: 'b' };
  const stored = (changed: ReturnType<typeof setup>['changed']) => changed.mock.lastCall?.[0].jsonData.llmServers;

  it('are changed one by one', () => {
    const { changed, enter } = setup({ jsonData: { llmServers: [a, b] } });
    enter(/^Model of server 2/, 'c');
    enter(/^Slots of server 2/, '4');
    enter(/^Slots(?! of)/, '');
    expect(stored(changed)).toEqual([
      { url: 'http://a', model: 'a', slots: undefined },
      { url: 'http://b', model: 'c', slots: 4 },
    ]);
  });

  it('are added and removed', () => {
    const { changed, enter } = setup({ jsonData: { llmServers: [a] } });
    expect(screen.queryByRole('button', { name: /^Remove server/ })).not.toBeInTheDocument();
    fireEvent.click(screen.getByRole('button', { name: 'Add server' }));
    enter(/^llama.cpp server URL of server 2/, 'http://b');
    expect(stored(changed)).toEqual([a, { url: 'http://b', model: '' }]);
    fireEvent.click(screen.getByRole('button', { name: 'Remove server 1' }));
    expect(stored(changed)).toEqual([{ url: 'http://b', model: '' }]);
    expect(screen.getByLabelText(/^Slots/)).toHaveValue('');
  });

  it('are no list where nothing is entered', () => {
    const { changed, enter } = setup({ jsonData: { llmServers: [b] } });
    enter(/^Model/, '');
    enter(/^llama.cpp server URL/, '');
    expect(stored(changed)).toEqual([]);
  });

  it('have between 1 and 64 slots', () => {
    const { changed, enter } = setup();
    enter(/^Slots/, '65');
    expect(screen.getByText("Enter a whole number from 1 to 64, or nothing for the server's own.")).toBeInTheDocument();
    expect(changed).not.toHaveBeenCalled();
  });
});

describe('history', () => {
  const warning = () => screen.queryByText('Recorded verdicts are not signed');

  it('is off, and says what it lacks when it is on', () => {
    const { changed, enter } = setup({ url: 'http://loki:3100' });
    expect(screen.getByLabelText(/^Record verdicts/)).not.toBeChecked();
    expect(screen.getByLabelText(/^History URL/)).toHaveAttribute('placeholder', 'http://loki:3100');
    expect(warning()).not.toBeInTheDocument();
    fireEvent.click(screen.getByLabelText(/^Record verdicts/));
    expect(warning()).toBeInTheDocument();
    enter(/^Signing key/, 'k');
    expect(warning()).not.toBeInTheDocument();
    enter(/^History URL/, 'loki');
    expect(screen.getByText(/The address must begin with http/)).toBeInTheDocument();
    enter(/^History URL/, 'http://history:3100');
    expect(changed.mock.lastCall?.[0]).toMatchObject({
      jsonData: { historyEnabled: true, historyUrl: 'http://history:3100' },
      secureJsonData: { historyKey: 'k' },
    });
  });

  it('is signed with a key that is set, until that is taken away', () => {
    setup({ jsonData: { historyEnabled: true }, secureJsonFields: { historyKey: true } });
    expect(warning()).not.toBeInTheDocument();
    fireEvent.click(screen.getByRole('button', { name: /reset/i }));
    expect(warning()).toBeInTheDocument();
  });
});

it('keeps the API key apart from the open settings', () => {
  const { changed, enter } = setup();
  enter(/^API key/, 'k');
  expect(changed).toHaveBeenLastCalledWith(
    expect.objectContaining({ jsonData: {}, secureJsonData: { llmApiKey: 'k' } })
  );
});

it('can replace an API key that is set', () => {
  const { changed } = setup({ secureJsonFields: { llmApiKey: true, basicAuthPassword: true } });
  expect(screen.getByLabelText(/^API key/)).toBeDisabled();
  fireEvent.click(screen.getByRole('button', { name: /reset/i }));
  expect(changed).toHaveBeenLastCalledWith(
    expect.objectContaining({
      secureJsonFields: { llmApiKey: false, basicAuthPassword: true },
      secureJsonData: { llmApiKey: '' },
    })
  );
});

describe('limits', () => {
  it('are whole numbers within bounds, or nothing', () => {
    const { changed, enter } = setup({ jsonData: { maxLines: 500 } });
    enter(/^Maximum lines/, '0');
    expect(screen.getByText('Enter a whole number from 1 to 1000000, or nothing for 20000.')).toBeInTheDocument();
    enter(/^Maximum lines/, '1e5');
    expect(changed).not.toHaveBeenCalled();
    enter(/^Maximum lines/, '1000');
    expect(changed.mock.lastCall?.[0].jsonData.maxLines).toBe(1000);
    enter(/^Maximum lines/, '');
    expect(changed.mock.lastCall?.[0].jsonData.maxLines).toBeUndefined();
  });
});

describe('the wait of an alert rule', () => {
  it.each([
    ['25s', 'The longest duration here is 20s.'],
    ['10', '"10" is no duration'],
    ['$wait', 'is no duration'],
  ])('is not stored as "%s"', (text, problem) => {
    const { changed, enter } = setup();
    enter(/^Wait of an alert rule/, text);
    expect(screen.getByText(problem, { exact: false })).toBeInTheDocument();
    expect(changed).not.toHaveBeenCalled();
  });

  it('is a duration, or nothing', () => {
    const { changed, enter } = setup({ jsonData: { alertWait: '5s' } });
    enter(/^Wait of an alert rule/, '1500ms');
    expect(changed.mock.lastCall?.[0].jsonData.alertWait).toBe('1500ms');
    enter(/^Wait of an alert rule/, '');
    expect(changed.mock.lastCall?.[0].jsonData.alertWait).toBeUndefined();
  });
});

it('cannot be edited when it is provisioned', () => {
  setup({ readOnly: true });
  for (const label of [/^Loki URL/, /^Tenant/, /^llama.cpp server URL/, /^Model/, /^Slots/, /^API key/]) {
    expect(screen.getByLabelText(label)).toBeDisabled();
  }
  for (const label of [/^Record/, /^History URL/, /^Signing key/, /^Maximum lines/, /^Wait of an alert rule/]) {
    expect(screen.getByLabelText(label)).toBeDisabled();
  }
  expect(screen.getByRole('button', { name: 'Add server' })).toBeDisabled();
});

describe('urlProblem', () => {
  it.each(['http://a', 'https://a.b:1/c'])('takes %s', (url) => {
    expect(urlProblem(url, 'x')).toBeUndefined();
  });
  it.each([
    ['', 'Enter the whole address'],
    ['loki:3100', 'must begin with http://'],
    ['http://', 'not an address'],
    ['http://a b', 'not an address'],
  ])('explains "%s"', (url, problem) => {
    expect(urlProblem(url, 'x')).toContain(problem);
  });
});
