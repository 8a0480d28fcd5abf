import { useEffect, useState } from 'react';
import { type Prompt } from '../types';

export interface PromptSource {
  listPrompts(): Promise<Prompt[]>;
}

export type PromptList =
  { state: 'loading' } | { state: 'ready'; prompts: Prompt[] } | { state: 'failed'; reason: string };

/** Finds the sentence in an error of Grafana's backend service, of the browser or of this plugin. */
function reasonOf(error: unknown): string {
  const { data, statusText, message } = (error ?? {}) as {
    data?: { message?: unknown };
    statusText?: unknown;
    message?: unknown;
  };
  const sentence = [data?.message, statusText, message].find((text) => typeof text === 'string' && text !== '');
  return typeof sentence === 'string' ? sentence : 'no reason was given';
}

/** Loads the prompts of a data source once, and again whenever `retry` is called. */
export function usePrompts(source: PromptSource): { list: PromptList; retry: () => void } {
  const [list, setList] = useState<PromptList>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let current = true;
    const show = (next: PromptList) => current && setList(next);
    source.listPrompts().then(
      (prompts) => show({ state: 'ready', prompts }),
      (error: unknown) => show({ state: 'failed', reason: reasonOf(error) })
    );
    return () => {
      current = false;
    };
  }, [source, attempt]);

  const retry = () => {
    setList({ state: 'loading' });
    setAttempt(attempt + 1);
  };
  return { list, retry };
}
