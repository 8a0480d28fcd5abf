package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// TestGoldenWhole goes the whole way on real parts: cases are generated, judged by the rules and by the test double on a
// real llama-server, reported, pushed to a real Pushgateway, gated and compared.
func TestGoldenWhole(t *testing.T) {
	llama, err := testenv.StartLlama(t.Context(), testenv.LlamaOptions{Progress: t.Logf}) // its own: others would be yielded to
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, llama.Close()) })
	gateway, err := testenv.StartPushgateway(t.Context(), testenv.PushgatewayOptions{Progress: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gateway.Close()) })
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	must := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := lokalyst(t, append([]string{"golden"}, args...)...)
		require.Equal(t, want, code, "%s%s", out, errs)
		return out
	}

	must(0, "generate", "--families", "oom-kill,dns-failure", "--noise", "0", "--out", in("cases"))
	must(0, "evaluate", "--llm", llama.URL, "--answers", in("answers.jsonl"), "--out", in("results.jsonl"), in("cases"))
	judges := map[golden.JudgeKind]int{}
	for _, r := range resultsIn(t, in("results.jsonl")) {
		judges[r.Judge.Kind]++
		require.True(t, r.SchemaValid && r.Evidence.Fabricated == 0 && !r.Degraded, "%+v", r)
	}
	require.Equal(t, judges[golden.JudgeRules], judges[golden.JudgeModel])
	require.NotZero(t, judges[golden.JudgeModel])

	must(0, "report", "--dataset", in("cases"), "--out", in("report"), "--junit", in("junit.xml"), "--pushgateway", gateway.URL, in("results.jsonl"))
	report, err := os.ReadFile(in("report/report.md"))
	require.NoError(t, err)
	require.Contains(t, string(report), "Does the model earn its keep? Not shown", "a test double has no judgement to measure")
	require.FileExists(t, in("junit.xml"))
	metrics := scraped(t, gateway.URL)
	for _, want := range []string{`log_ai_eval_macro_f1{`, `prompt_id="incident-triage"`, `model="rules"`, "log_ai_eval_fabricated_evidence_total", "log_ai_eval_last_run_timestamp_seconds"} {
		require.Contains(t, metrics, want)
	}

	// Against itself nothing is worse; a floor is beyond a test double.
	must(0, "gate", "--dataset", in("cases"), "--against", in("results.jsonl"), "--judge", "rules", "--against-judge", "rules", "--scorecard", in("rules.json"), in("results.jsonl"))
	must(1, "gate", "--dataset", in("cases"), "--against", in("rules.json"), "--judge", "incident-triage", "--min-macro-f1", "0.9", "--scorecard", in("model.json"), "--pushgateway", gateway.URL, in("results.jsonl"))
	raw, err := os.ReadFile(in("model.json"))
	require.NoError(t, err)
	card, err := prompts.ParseScorecard(raw)
	require.NoError(t, err)
	require.False(t, card.Passed)
	require.NotEmpty(t, card.PromptHash)
	require.NotEmpty(t, card.Model)
	require.Contains(t, scraped(t, gateway.URL), "log_ai_eval_gate_passed")

	must(0, "evaluate", "--replay", "--answers", in("answers.jsonl"), "--out", in("again.jsonl"), in("cases"))
	for _, kind := range []string{"rules", "incident-triage"} {
		said := must(0, "compare", "--judge", kind, in("results.jsonl"), in("again.jsonl"))
		require.Contains(t, said, "Wrong now and right before: 0. Another severity all the same: 0.", "a replay judges alike")
	}
}

// scraped is what Prometheus would read from a Pushgateway.
func scraped(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/metrics", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(raw)
}
