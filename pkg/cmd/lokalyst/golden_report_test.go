package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/report"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// resultsFile writes results of the rules and a model, of which each is wrong on every so-many-th
// case.
func resultsFile(t *testing.T, rulesWrong, modelWrong int) string {
	t.Helper()
	hash := strings.Repeat("a", 64)
	judges := map[int]golden.Judge{
		rulesWrong: {Kind: golden.JudgeRules, Rules: hash},
		modelWrong: {Kind: golden.JudgeModel, Prompt: "incident-triage", PromptVersion: "1.0.0", PromptHash: hash, Model: "tiny.gguf", Rules: hash},
	}
	name := filepath.Join(t.TempDir(), "results.jsonl")
	f, err := os.Create(name)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for wrong, judge := range judges {
		for n := range 160 {
			expected := []verdict.Severity{0, 0, 2, 3}[n%4]
			given := expected
			if n%wrong == 0 {
				given = []verdict.Severity{3, -1, 0, 0}[expected]
			}
			split := golden.Dev
			if n >= 80 {
				split = golden.Test
			}
			r := golden.Result{
				Case: fmt.Sprintf("case-%03d", n), CaseHash: "h", GroupID: fmt.Sprint("g", n/4), Family: fmt.Sprint("f", n/4%5), Split: split, Lines: 10,
				Expected: golden.Expected{Verdict: expected.Word(), Severity: expected, Category: "disk"}, Judge: judge, Verdict: given.Word(), Severity: given,
				Category: "disk", Probability: -1, SchemaValid: true,
			}
			if judge.Kind == golden.JudgeModel {
				r.Probability = float64(given) / 3
			}
			raw, err := golden.Encode(&r)
			require.NoError(t, err)
			_, err = f.Write(raw)
			require.NoError(t, err)
		}
	}
	return name
}

func TestGoldenReport(t *testing.T) {
	file := resultsFile(t, 5, 41)
	code, out, errs := lokalyst(t, "golden", "report", file)
	require.Equal(t, 0, code, errs)
	require.True(t, strings.HasPrefix(out, "**Does the model earn its keep? Yes.**"), out)

	gateway, err := testenv.StartPushgateway(t.Context(), testenv.PushgatewayOptions{Progress: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gateway.Close()) })
	dir := filepath.Join(t.TempDir(), "new", "report")
	code, out, errs = lokalyst(t, "golden", "report", "--format", "json", "--out", dir, "--junit", filepath.Join(dir, "junit.xml"), "--pushgateway", gateway.URL, file)
	require.Equal(t, 0, code, errs)
	require.Contains(t, out, "Yes.")
	raw, err := os.ReadFile(filepath.Join(dir, "report.json"))
	require.NoError(t, err)
	var r report.Report
	require.NoError(t, json.Unmarshal(raw, &r))
	require.Len(t, r.Judges, 3)
	for _, name := range []string{"junit.xml", "reliability-1.svg"} {
		require.FileExists(t, filepath.Join(dir, name))
	}
	require.Contains(t, scrape(t, gateway.URL), `log_ai_eval_macro_f1{dataset_version="`+r.DatasetVersion+`",instance="",job="log_ai_eval",model="tiny.gguf"`)

	code, _, errs = lokalyst(t, "golden", "report", "--split", "canary", file)
	require.Equal(t, exitNoVerdict, code)
	require.Contains(t, errs, `"canary"`)
	code, _, errs = lokalyst(t, "golden", "report", "--pushgateway", "http://127.0.0.1:1", file)
	require.Equal(t, exitNoVerdict, code)
	require.Contains(t, errs, "Pushgateway")
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(raw)
}

func TestGoldenGate(t *testing.T) {
	good, bad := resultsFile(t, 5, 41), resultsFile(t, 4, 7)
	card := filepath.Join(t.TempDir(), "card.json")
	code, out, errs := lokalyst(t, "golden", "gate", "--against", good, "--scorecard", card, good)
	require.Equal(t, 0, code, errs+out)
	require.Contains(t, out, "incident-triage@1.0.0 on tiny.gguf passes: macro-F1")
	raw, err := os.ReadFile(card)
	require.NoError(t, err)
	parsed, err := prompts.ParseScorecard(raw)
	require.NoError(t, err)
	require.True(t, parsed.Passed)
	require.Equal(t, 80, parsed.Dataset.Cases)
	require.NotNil(t, parsed.Calibration)

	for _, against := range []string{good, card} {
		code, out, errs = lokalyst(t, "golden", "gate", "--against", against, "--scorecard", card+".bad.json", bad)
		require.Equal(t, exitGate, code, errs+out)
		require.Contains(t, out, "FAIL macro-F1")
		require.Contains(t, out, "FAIL missed incidents")
		require.Contains(t, out, "does not pass")
		require.Empty(t, errs)
	}
	raw, err = os.ReadFile(card + ".bad.json")
	require.NoError(t, err)
	parsed, err = prompts.ParseScorecard(raw)
	require.NoError(t, err)
	require.False(t, parsed.Passed)
	require.NotEmpty(t, parsed.Failures)

	code, out, errs = lokalyst(t, "golden", "gate", "--against", good, "--against-judge", "rules", good)
	require.Equal(t, 0, code, errs+out)
	code, out, errs = lokalyst(t, "golden", "gate", "--against", good, "--judge", "rules", "--against-judge", "model", good)
	require.Equal(t, exitGate, code, errs+out)
}

func TestGoldenCompare(t *testing.T) {
	a, b := resultsFile(t, 5, 41), resultsFile(t, 5, 11)
	code, out, errs := lokalyst(t, "golden", "compare", a, b, "--limit", "2")
	require.Equal(t, 0, code, errs)
	require.Contains(t, out, "## Right before, wrong now: 14")
	require.Contains(t, out, "and 12 more")
	code, out, errs = lokalyst(t, "golden", "compare", a, a, "--judge", "rules", "--judge-b", "model", "-o", "json")
	require.Equal(t, 0, code, errs)
	var c report.Comparison
	require.NoError(t, json.Unmarshal([]byte(out), &c))
	require.Equal(t, 160, c.Paired.Cases)
	require.Len(t, c.Lost, 3)
	require.Len(t, c.Won, 31)
}

func TestGoldenReportUsage(t *testing.T) {
	file := resultsFile(t, 5, 41)
	junk := filepath.Join(t.TempDir(), "junk.jsonl")
	require.NoError(t, os.WriteFile(junk, []byte("{\"case\":1}\n"), 0o600))
	card := filepath.Join(t.TempDir(), "card.json")
	require.NoError(t, os.WriteFile(card, []byte("{}"), 0o600))
	for name, tc := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no file":   {[]string{"report"}, exitUsage, "at least 1 arg"},
		"format":    {[]string{"report", "--format", "html", file}, exitUsage, "markdown or json"},
		"split":     {[]string{"report", "--split", "x", file}, exitUsage, "dev, test, canary"},
		"resamples": {[]string{"report", "--resamples", "3", file}, exitUsage, "between 100 and"},
		"dataset":   {[]string{"report", "--dataset", t.TempDir(), file}, exitUsage, "golden generate"},
		"gone":      {[]string{"report", "nope.jsonl"}, exitUsage, "nope.jsonl"},
		"junk":      {[]string{"report", junk}, exitNoVerdict, "junk.jsonl:1"},
		"against":   {[]string{"gate", file}, exitUsage, "against"},
		"margin":    {[]string{"gate", "--against", file, "--margin", "2", file}, exitUsage, "0.02 for two points"},
		"judge":     {[]string{"gate", "--against", file, "--judge", "x", file}, exitUsage, "tiny.gguf"},
		"card":      {[]string{"gate", "--against", card, file}, exitUsage, "schema_version"},
		"no card":   {[]string{"gate", "--against", "nope.json", file}, exitUsage, "nope.json"},
		"one":       {[]string{"compare", file}, exitUsage, "accepts 2 arg"},
		"output":    {[]string{"compare", "-o", "xml", file, file}, exitUsage, "table or json"},
		"limit":     {[]string{"compare", "--limit", "-1", file, file}, exitUsage, "below 0"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := lokalyst(t, append([]string{"golden"}, tc.args...)...)
			require.Equal(t, tc.code, code)
			require.Contains(t, errs, tc.want)
			require.Empty(t, out)
		})
	}
}
