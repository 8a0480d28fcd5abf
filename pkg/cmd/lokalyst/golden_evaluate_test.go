package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/evaluate"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

func TestGoldenEvaluate(t *testing.T) {
	llama, err := testenv.StartLlama(t.Context(), testenv.LlamaOptions{Progress: t.Logf}) // its own: others would be yielded to
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, llama.Close()) })
	folder := t.TempDir()
	cases, out, answers := filepath.Join(folder, "cases"), filepath.Join(folder, "results.jsonl"), filepath.Join(folder, "answers.jsonl")
	code, _, errs := lokalyst(t, "golden", "generate", "--families", "oom-kill", "--noise", "0", "--out", cases)
	require.Zero(t, code, errs)
	slice := func(args ...string) []string {
		return append([]string{"golden", "evaluate", "--limit", "3", "--answers", answers, "--out", out, cases}, args...)
	}

	code, said, errs := lokalyst(t, slice("--estimate", "--llm", llama.URL)...)
	require.Zero(t, code, errs)
	require.Contains(t, said, "3 cases, 9 judgements to make, 3 calls of a model")
	require.Contains(t, said, "tokens/s")
	require.NoFileExists(t, out)
	code, said, errs = lokalyst(t, slice("--llm", llama.URL)...)
	require.Zero(t, code, errs)
	require.Contains(t, said, "9 results in "+out+", 9 of them new")
	code, said, _ = lokalyst(t, slice("--llm", llama.URL)...)
	require.Zero(t, code)
	require.Contains(t, said, "9 results in "+out+", 0 of them new")
	first := resultsIn(t, out)

	again := filepath.Join(folder, "again.jsonl")
	code, _, errs = lokalyst(t, "golden", "evaluate", "--limit", "3", "--answers", answers, "--replay", "--out", again, cases)
	require.Zero(t, code, errs)
	second := resultsIn(t, again)
	for i := range first {
		first[i].Cost, second[i].Cost = golden.Cost{}, golden.Cost{}
	}
	require.Equal(t, first, second)
	code, _, errs = lokalyst(t, "golden", "evaluate", "--limit", "4", "--answers", answers, "--replay", "--out", again, cases)
	require.Equal(t, exitNoVerdict, code)
	require.Contains(t, errs, "answers are not in the file")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	require.Equal(t, exitNoVerdict, run(ctx, []string{"golden", "evaluate", "--out", filepath.Join(folder, "none.jsonl"), cases}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "interrupted; 0 results")
}

func resultsIn(t *testing.T, path string) (out []golden.Result) {
	t.Helper()
	require.NoError(t, golden.EachResult([]string{path}, func(r *golden.Result) error { out = append(out, *r); return nil }))
	return out
}

func TestGoldenEvaluateUsage(t *testing.T) {
	folder := t.TempDir()
	cases := filepath.Join(folder, "cases")
	code, _, errs := lokalyst(t, "golden", "generate", "--families", "oom-kill", "--noise", "0", "--out", cases)
	require.Zero(t, code, errs)
	prompt := filepath.Join(folder, "mine.yaml")
	require.NoError(t, os.WriteFile(prompt, []byte("id: mine\nversion: 1.0.0\ntitle: Mine\ninstructions: Judge.\n"), 0o600))
	for _, tc := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--ask", "often"}, exitUsage, "--ask"},
		{[]string{"--reruns", "0"}, exitUsage, "--reruns"},
		{[]string{"--split", "train"}, exitUsage, "none of dev, test, canary"},
		{[]string{"--replay"}, exitUsage, "--answers"},
		{[]string{"--rules=false"}, exitUsage, "nobody to judge"},
		{[]string{"--families", "none"}, exitUsage, "no family"},
		{[]string{"--model", "a", "--model", "b", "--llm", "http://127.0.0.1:1"}, exitUsage, "--model"},
		{[]string{"--prompt-dir", cases}, exitUsage, "no *.yaml"},
		{[]string{"--llm", "http://127.0.0.1:1"}, exitNoVerdict, "cannot be reached"},
		{[]string{"--prompt-dir", prompt, "--prompt", "mine", "--limit", "1"}, exitHealthy, ""},
	} {
		code, _, errs := lokalyst(t, append([]string{"golden", "evaluate", "--out", filepath.Join(t.TempDir(), "r.jsonl"), cases}, tc.args...)...)
		require.Equal(t, tc.code, code, "%v: %s", tc.args, errs)
		require.Contains(t, errs, tc.says)
	}
	out := filepath.Join(folder, "out.jsonl")
	code, _, errs = lokalyst(t, "golden", "evaluate", "--out", out, filepath.Join(folder, "none"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "no such file")
	require.NoFileExists(t, out)
}

// TestEvaluateProgress: into a pipe goes a line now and then, and one when the server is
// busy with others.
func TestEvaluateProgress(t *testing.T) {
	var b strings.Builder
	p := newEvaluateProgress(&b, false)
	p.tell(evaluate.Progress{Done: 1, Total: 500})
	require.Empty(t, b.String())
	p.told = p.told.Add(-evaluateLineLeast)
	p.tell(evaluate.Progress{Done: 51, Total: 500})
	p.tell(evaluate.Progress{Done: 400, Total: 500})
	p.tell(evaluate.Progress{Done: 400, Total: 500, Waiting: true})
	p.tell(evaluate.Progress{Done: 400, Total: 500, Waiting: true})
	p.told, p.began = p.told.Add(-evaluateLineEvery), p.began.Add(-time.Minute)
	p.tell(evaluate.Progress{Done: 401, Total: 500})
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	require.Len(t, lines, 3)
	require.Equal(t, "51 of 500 judgements", lines[0])
	require.Contains(t, lines[1], "works for others")
	require.Contains(t, lines[2], "401 of 500 judgements, 40")
	require.Contains(t, lines[2], "about 15s left")
}
