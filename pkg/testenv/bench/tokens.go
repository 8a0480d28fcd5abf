package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// tokenIDs returns the tokens of each text as a Llama 3 model reads them, without those that begin and end a text. One
// run of Node with the package llama3-tokenizer-js serves all texts. Where it is not there, the error is [errSkip]. The
// working folder is the root of the repository.
func tokenIDs(ctx context.Context, texts []string) ([][]int, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: counting tokens needs Node: %w", errSkip, err)
	}
	if _, err := os.Stat(filepath.Join("node_modules", "llama3-tokenizer-js")); err != nil {
		return nil, fmt.Errorf("%w: counting tokens needs the npm package llama3-tokenizer-js: run npm ci in the root of the repository: %w", errSkip, err)
	}
	var in, failed bytes.Buffer
	lines := json.NewEncoder(&in)
	for _, t := range texts {
		if err := lines.Encode(t); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, node, filepath.Join("pkg", "testenv", "bench", "tokens.mjs"))
	cmd.Stdin, cmd.Stderr = &in, &failed
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("tokens.mjs: %w\n%s", err, bytes.TrimSpace(failed.Bytes()))
	}
	ids := make([][]int, len(texts))
	reply := json.NewDecoder(bytes.NewReader(out))
	for i := range ids {
		if err := reply.Decode(&ids[i]); err != nil {
			return nil, fmt.Errorf("tokens.mjs: %w", err)
		}
	}
	if reply.More() {
		return nil, errors.New("tokens.mjs answered more texts than it was given")
	}
	return ids, nil
}

// countTokens returns the number of tokens of each text, under the same conditions as [tokenIDs].
func countTokens(ctx context.Context, texts []string) ([]int, error) {
	ids, err := tokenIDs(ctx, texts)
	if err != nil {
		return nil, err
	}
	counts := make([]int, len(ids))
	for i := range ids {
		counts[i] = len(ids[i])
	}
	return counts, nil
}

// commonPrefix returns how many tokens a and b have in common at their beginning: what a server that has read a need
// not read again of b.
func commonPrefix(a, b []int) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
