import { Field, SecretInput } from '@grafana/ui';
import { type AnalysisSecureSettings } from '../types';
import { type EditorProps } from './ConfigEditor';

interface Props extends EditorProps {
  id: string;
  name: keyof AnalysisSecureSettings;
  label: string;
  description: string;
}

/** A secret, which is stored encrypted and never shown again; the browser only learns whether it is set. */
export function SecretSetting({ id, name, label, description, options, onOptionsChange }: Props) {
  const { secureJsonData, secureJsonFields, readOnly } = options;
  return (
    <Field label={label} htmlFor={id} description={description} disabled={readOnly}>
      <SecretInput
        id={id}
        width={60}
        isConfigured={secureJsonFields?.[name] ?? false}
        value={secureJsonData?.[name] ?? ''}
        onChange={(event) =>
          onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, [name]: event.currentTarget.value } })
        }
        onReset={() =>
          onOptionsChange({
            ...options,
            secureJsonFields: { ...secureJsonFields, [name]: false },
            secureJsonData: { ...secureJsonData, [name]: '' },
          })
        }
      />
    </Field>
  );
}
