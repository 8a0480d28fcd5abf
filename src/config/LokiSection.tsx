import { Auth, ConfigSection, convertLegacyAuthProps } from '@grafana/plugin-ui';
import { Divider } from '@grafana/ui';
import { type EditorProps } from './ConfigEditor';
import { TextSetting } from './TextSetting';
import { urlProblem } from './url';

const EXAMPLE = 'http://loki-gateway.observability.svc';

/** Where the logs are read. URL and authentication are stored as every data source stores them. */
export function LokiSection({ options, onOptionsChange }: EditorProps) {
  const { jsonData, url, readOnly } = options;
  return (
    <>
      <ConfigSection
        title="Loki"
        description="The Loki that holds the logs. The plugin only reads from it, unless verdicts are recorded there."
      >
        <TextSetting
          id="loki-url"
          label="Loki URL"
          description="The address without a path such as /loki/api/v1. Grafana's server must reach it."
          placeholder={EXAMPLE}
          required
          disabled={readOnly}
          problem={urlProblem(url, EXAMPLE)}
          value={url}
          onChange={(value) => onOptionsChange({ ...options, url: value })}
        />
        <TextSetting
          id="loki-tenant"
          label="Tenant"
          description="Sent as X-Scope-OrgID. Leave it empty when Loki runs with auth_enabled: false."
          disabled={readOnly}
          value={jsonData.lokiTenant ?? ''}
          onChange={(value) =>
            onOptionsChange({ ...options, jsonData: { ...jsonData, lokiTenant: value || undefined } })
          }
        />
      </ConfigSection>
      <Divider />
      <Auth {...convertLegacyAuthProps({ config: options, onChange: onOptionsChange })} />
    </>
  );
}
