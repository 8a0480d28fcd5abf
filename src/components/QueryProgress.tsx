import { LoadingState, type PanelData } from '@grafana/data';
import { Spinner, Stack, Text } from '@grafana/ui';
import { isRunning, progressOf } from '../asyncFrames';

interface Props {
  refId: string;
  data?: PanelData;
}

/** Says how far the model is while the rules' answer is shown already. */
export function QueryProgress({ refId, data }: Props) {
  if (data?.state !== LoadingState.Streaming) {
    return null;
  }
  const progress = progressOf(data.series.filter((frame) => frame.refId === refId));
  if (!isRunning(progress)) {
    return null;
  }
  return (
    <div role="status">
      <Stack direction="row" gap={1} alignItems="center">
        <Spinner inline />
        <Text variant="bodySmall" color="secondary">
          {progress.progress ?? 'The model is at work.'} Shown is what is known so far.
        </Text>
      </Stack>
    </div>
  );
}
