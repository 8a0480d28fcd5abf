/** Finds the sentence in an error of Grafana's backend service, of the browser or of this plugin. */
export function reasonOf(error: unknown): string {
  const { data, statusText, message } = (error ?? {}) as {
    data?: { message?: unknown };
    statusText?: unknown;
    message?: unknown;
  };
  const sentence = [data?.message, message, statusText].find((text) => typeof text === 'string' && text !== '');
  return typeof sentence === 'string' ? sentence : 'no reason was given';
}
