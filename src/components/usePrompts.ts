import { useEffect, useState } from 'react';
import { reasonOf } from '../reason';
import { type Prompt } from '../types';

export interface PromptSource {
  listPrompts(): Promise<Prompt[]>;
}

export type PromptList =
  { state: 'loading' } | { state: 'ready'; prompts: Prompt[] } | { state: 'failed'; reason: string };

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
