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

it('keeps the servers and slots that provisioning set', () => {
  const other = { url: 'http://b', model: 'b' };
  const { changed, enter } = setup({ jsonData: { llmServers: [{ url: 'http://a', model: 'a', slots: 2 }, other] } });
  enter(/^Model/, 'c');
  expect(changed.mock.calls[0]?.[0].jsonData.llmServers).toEqual([{ url: 'http://a', model: 'c', slots: 2 }, other]);
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

it('cannot be edited when it is provisioned', () => {
  setup({ readOnly: true });
  for (const label of [/^Loki URL/, /^Tenant/, /^llama.cpp server URL/, /^Model/, /^API key/, /^Maximum lines/]) {
    expect(screen.getByLabelText(label)).toBeDisabled();
  }
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
