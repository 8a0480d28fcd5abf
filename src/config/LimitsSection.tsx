import { ConfigSection } from '@grafana/plugin-ui';
import {
  DEFAULT_ALERT_WAIT,
  DEFAULT_MAX_GROUPS,
  DEFAULT_MAX_LINES,
  HIGHEST_MAX_GROUPS,
  HIGHEST_MAX_LINES,
  LONGEST_ALERT_WAIT,
} from '../types';
import { type EditorProps } from './ConfigEditor';
import { DurationSetting } from './DurationSetting';
import { NumberSetting } from './NumberSetting';

/** How much one query may read, ask and wait at most, whatever it says itself. */
export function LimitsSection({ options, onOptionsChange }: EditorProps) {
  const { jsonData, readOnly } = options;
  return (
    <ConfigSection
      title="Limits"
      description="Upper bounds for one query. An answer says what it left out because of them."
      isCollapsible
      isInitiallyOpen
    >
      <NumberSetting
        id="max-lines"
        label="Maximum lines"
        description="Log lines that one query reads. What is beyond is counted and sampled."
        fallback={String(DEFAULT_MAX_LINES)}
        highest={HIGHEST_MAX_LINES}
        value={jsonData.maxLines}
        disabled={readOnly}
        onChange={(maxLines) => onOptionsChange({ ...options, jsonData: { ...jsonData, maxLines } })}
      />
      <NumberSetting
        id="max-groups"
        label="Maximum groups"
        description="Groups that the model judges in one query, the worst first. The rules judge the rest."
        fallback={String(DEFAULT_MAX_GROUPS)}
        highest={HIGHEST_MAX_GROUPS}
        value={jsonData.maxGroups}
        disabled={readOnly}
        onChange={(maxGroups) => onOptionsChange({ ...options, jsonData: { ...jsonData, maxGroups } })}
      />
      <DurationSetting
        id="alert-wait"
        label="Wait of an alert rule"
        description="How long an evaluation waits for the model before it answers with what is known. The model goes on, and the next evaluation has its verdict. All queries of a rule share Grafana's 30 seconds, so a long wait can cost the rule its answer."
        fallback={DEFAULT_ALERT_WAIT}
        longest={LONGEST_ALERT_WAIT}
        value={jsonData.alertWait}
        disabled={readOnly}
        onChange={(alertWait) => onOptionsChange({ ...options, jsonData: { ...jsonData, alertWait } })}
      />
    </ConfigSection>
  );
}
