import { ConfigSection } from '@grafana/plugin-ui';
import { Alert, Field, Switch } from '@grafana/ui';
import { type EditorProps } from './ConfigEditor';
import { SecretSetting } from './SecretSetting';
import { TextSetting } from './TextSetting';
import { urlProblem } from './url';

const EXAMPLE = 'http://loki-gateway.observability.svc';

/** Whether and where verdicts are recorded, and how a recorded one is told from a forged one. */
export function HistorySection(props: EditorProps) {
  const { options, onOptionsChange } = props;
  const { jsonData, secureJsonData, secureJsonFields, readOnly } = options;
  const { historyEnabled = false, historyUrl = '' } = jsonData;
  const signed = Boolean(secureJsonFields?.historyKey) || Boolean(secureJsonData?.historyKey);
  return (
    <ConfigSection
      title="History"
      description="Verdicts as lines in Loki. With them verdicts survive a restart, and dashboards show them over time and as annotations."
      isCollapsible
      isInitiallyOpen
    >
      <Field
        label="Record verdicts"
        htmlFor="history-enabled"
        description="Costs one line in Loki for each new verdict, masked and without raw log lines, in the tenant that is read. Needs the right to write there."
        disabled={readOnly}
      >
        <Switch
          id="history-enabled"
          value={historyEnabled}
          onChange={(event) =>
            onOptionsChange({ ...options, jsonData: { ...jsonData, historyEnabled: event.currentTarget.checked } })
          }
        />
      </Field>
      <TextSetting
        id="history-url"
        label="History URL"
        description="The Loki that the lines are written to and read from. Leave it empty for the Loki above."
        placeholder={options.url || EXAMPLE}
        disabled={readOnly}
        problem={historyUrl === '' ? undefined : urlProblem(historyUrl, EXAMPLE)}
        value={historyUrl}
        onChange={(value) => onOptionsChange({ ...options, jsonData: { ...jsonData, historyUrl: value || undefined } })}
      />
      <SecretSetting
        {...props}
        id="history-key"
        name="historyKey"
        label="Signing key"
        description="A long random text. It signs recorded verdicts, so that nobody who can write logs can forge one, and keeps the pseudonyms of addresses the same over restarts. With another key the old history is shown but not believed."
      />
      {historyEnabled && !signed && (
        <Alert severity="warning" title="Recorded verdicts are not signed">
          Without a signing key they are shown, but not believed: after a restart the model is asked again. Enter a key,
          the same for all data sources that share the history.
        </Alert>
      )}
    </ConfigSection>
  );
}
