import { ConfigSection } from '@grafana/plugin-ui';
import { Field, SecretInput } from '@grafana/ui';
import { type LlmServer } from '../types';
import { type EditorProps } from './ConfigEditor';
import { TextSetting } from './TextSetting';
import { urlProblem } from './url';

const EXAMPLE = 'http://llama-server.ai.svc:8080';

/** The first server of the list; the others come from provisioning and are kept as they are. */
export function ModelSection(props: EditorProps) {
  const { options, onOptionsChange } = props;
  const { jsonData, readOnly } = options;
  const [server = { url: '', model: '' }, ...others] = jsonData.llmServers ?? [];

  const change = (part: Partial<LlmServer>) => {
    const next = { ...server, ...part };
    const used = next.url !== '' || next.model !== '' || others.length > 0;
    onOptionsChange({ ...options, jsonData: { ...jsonData, llmServers: used ? [next, ...others] : [] } });
  };

  return (
    <ConfigSection
      title="Model"
      description="The llama.cpp server that judges the logs. While it does not answer, the rules alone judge."
    >
      <TextSetting
        id="llm-url"
        label="llama.cpp server URL"
        description={
          others.length > 0
            ? `The address without /v1. ${others.length} more from provisioning stay as they are.`
            : 'The address without /v1. Masked log patterns are sent there, raw lines are not.'
        }
        placeholder={EXAMPLE}
        required
        disabled={readOnly}
        problem={urlProblem(server.url, EXAMPLE)}
        value={server.url}
        onChange={(url) => change({ url })}
      />
      <TextSetting
        id="llm-model"
        label="Model"
        description="The alias that llama-server was started with. Leave it empty when the server has one model."
        disabled={readOnly}
        value={server.model}
        onChange={(model) => change({ model })}
      />
      <ApiKey {...props} />
    </ConfigSection>
  );
}

function ApiKey({ options, onOptionsChange }: EditorProps) {
  const { secureJsonData, secureJsonFields, readOnly } = options;
  return (
    <Field
      label="API key"
      htmlFor="llm-api-key"
      description="The key that llama-server was started with, if any. It is stored encrypted."
      disabled={readOnly}
    >
      <SecretInput
        id="llm-api-key"
        width={60}
        isConfigured={secureJsonFields?.llmApiKey ?? false}
        value={secureJsonData?.llmApiKey ?? ''}
        onChange={(event) =>
          onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, llmApiKey: event.currentTarget.value } })
        }
        onReset={() =>
          onOptionsChange({
            ...options,
            secureJsonFields: { ...secureJsonFields, llmApiKey: false },
            secureJsonData: { ...secureJsonData, llmApiKey: '' },
          })
        }
      />
    </Field>
  );
}
