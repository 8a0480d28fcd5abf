import { ConfigSection } from '@grafana/plugin-ui';
import { Button, Stack } from '@grafana/ui';
import { HIGHEST_SLOTS, type LlmServer } from '../types';
import { type EditorProps } from './ConfigEditor';
import { NumberSetting } from './NumberSetting';
import { SecretSetting } from './SecretSetting';
import { TextSetting } from './TextSetting';
import { urlProblem } from './url';

const EXAMPLE = 'http://llama-server.ai.svc:8080';
const EMPTY_SERVER: LlmServer = { url: '', model: '' };

/** The servers that judge. There is always a row for the first one; a list of nothing but that row is stored empty. */
export function ModelSection(props: EditorProps) {
  const { options, onOptionsChange } = props;
  const { jsonData, readOnly } = options;
  const servers = jsonData.llmServers?.length ? jsonData.llmServers : [EMPTY_SERVER];

  const store = (next: LlmServer[]) => {
    const used = next.length > 1 || next.some(({ url, model, slots }) => url !== '' || model !== '' || slots);
    onOptionsChange({ ...options, jsonData: { ...jsonData, llmServers: used ? next : [] } });
  };

  return (
    <ConfigSection
      title="Model"
      description="The llama.cpp servers that judge the logs. Only masked log patterns are sent there, raw lines never. Several servers share the work; while none answers, the rules alone judge."
    >
      <Stack direction="column" gap={2} alignItems="flex-start">
        {servers.map((server, index) => (
          <ServerSettings
            // The rows have no identity of their own; another number of rows makes them anew.
            key={`${index} of ${servers.length}`}
            server={server}
            index={index}
            disabled={readOnly}
            onChange={(part) => store(servers.map((one, i) => (i === index ? { ...one, ...part } : one)))}
            onRemove={servers.length > 1 ? () => store(servers.filter((_, i) => i !== index)) : undefined}
          />
        ))}
        <Button variant="secondary" icon="plus" disabled={readOnly} onClick={() => store([...servers, EMPTY_SERVER])}>
          Add server
        </Button>
        <SecretSetting
          {...props}
          id="llm-api-key"
          name="llmApiKey"
          label="API key"
          description="The key that llama-server was started with, if any, the same for all servers. It is stored encrypted."
        />
      </Stack>
    </ConfigSection>
  );
}

interface ServerProps {
  server: LlmServer;
  index: number;
  disabled?: boolean;
  onChange: (part: Partial<LlmServer>) => void;
  onRemove?: () => void;
}

function ServerSettings({ server, index, disabled, onChange, onRemove }: ServerProps) {
  const number = index + 1;
  const label = (first: string) => (index === 0 ? first : `${first} of server ${number}`);
  return (
    <div role="group" aria-label={`Server ${number}`}>
      <TextSetting
        id={`llm-url-${number}`}
        label={label('llama.cpp server URL')}
        description="The address without /v1. Grafana's server must reach it."
        placeholder={EXAMPLE}
        required={index === 0}
        disabled={disabled}
        problem={urlProblem(server.url, EXAMPLE)}
        value={server.url}
        onChange={(url) => onChange({ url })}
      />
      <TextSetting
        id={`llm-model-${number}`}
        label={label('Model')}
        description="The alias that llama-server was started with. Leave it empty when the server has one model."
        disabled={disabled}
        value={server.model}
        onChange={(model) => onChange({ model })}
      />
      <NumberSetting
        id={`llm-slots-${number}`}
        label={label('Slots')}
        description="Calls that the server gets at once. Each slot more makes every answer slower; fewer than it has leaves room for others. Empty asks the server."
        fallback="the server's own"
        highest={HIGHEST_SLOTS}
        value={server.slots}
        disabled={disabled}
        onChange={(slots) => onChange({ slots })}
      />
      {onRemove && (
        <Button variant="destructive" fill="text" icon="trash-alt" disabled={disabled} onClick={onRemove}>
          {`Remove server ${number}`}
        </Button>
      )}
    </div>
  );
}
