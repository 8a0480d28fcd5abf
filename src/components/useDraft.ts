import { useState } from 'react';

export interface Draft {
  text: string;
  setText: (text: string) => void;
  /** Stores the text and returns true, or returns false when it is what is stored already. */
  commit: () => boolean;
}

/**
 * Keeps what is typed apart from the stored value until `commit` is called, so that typing never changes a query.
 * A stored value that changes from outside replaces the draft.
 */
export function useDraft(stored: string, onCommit: (text: string) => void): Draft {
  const [text, setText] = useState(stored);
  const [seen, setSeen] = useState(stored);
  if (stored !== seen) {
    setSeen(stored);
    setText(stored);
  }
  const commit = () => {
    if (text === stored) {
      return false;
    }
    onCommit(text);
    return true;
  };
  return { text, setText, commit };
}
