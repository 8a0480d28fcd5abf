package prompts_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var (
	promptHash = strings.Repeat("ab", 32)
	rulesHash  = strings.Repeat("0c", 32)
)

func card() prompts.Scorecard {
	return prompts.Scorecard{
		SchemaVersion: prompts.ScorecardSchema, Judge: prompts.JudgeModel,
		Prompt: "incident-triage", PromptVersion: "1.0.0", PromptHash: promptHash, Model: "llama-3.2-3b_Q4_K_M-0123", Rules: rulesHash,
		Dataset:     prompts.Dataset{SHA256: strings.Repeat("d", 64), Seed: 1, Cases: 300, Groups: 96, Split: "test"},
		Metrics:     map[string]prompts.Estimate{"macro_f1": {Value: 0.7, Low: 0.6, High: 0.8}},
		Failures:    []string{"macro_f1: the lower bound fell by 0.03"},
		Calibration: &verdict.Calibration{Slope: 0.8, Intercept: -0.2, Cases: 312},
	}
}

func encode(t *testing.T, s prompts.Scorecard) []byte {
	t.Helper()
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return raw
}

func TestScorecardComesBack(t *testing.T) {
	got, err := prompts.ParseScorecard(encode(t, card()))
	require.NoError(t, err)
	require.Equal(t, card(), got)

	rules := card()
	rules.Judge, rules.Prompt, rules.PromptVersion, rules.PromptHash, rules.Model, rules.Calibration = prompts.JudgeRules, "", "", "", "", nil
	rules.Passed, rules.Failures = true, nil
	raw := encode(t, rules)
	require.NotContains(t, string(raw), "created", "a committed scorecard is the same whenever it is made")
	got, err = prompts.ParseScorecard(raw)
	require.NoError(t, err)
	require.Equal(t, rules, got)
}

func TestParseScorecardRefuses(t *testing.T) {
	good := string(encode(t, card()))
	for name, tc := range map[string]struct{ old, new, want string }{
		"empty":            {good, " ", "is empty"},
		"no object":        {good, "[]", "cannot unmarshal"},
		"null":             {good, "null", "schema_version is 0"},
		"cut":              {`"split":"test"`, `"split":"te`, "the scorecard"},
		"two":              {good, good + good, "holds one"},
		"unknown field":    {`"judge"`, `"juge"`, "juge"},
		"version":          {`"schema_version":1`, `"schema_version":2`, "this program reads 1"},
		"judge":            {`"judge":"model"`, `"judge":"majority"`, "none of model, rules"},
		"rules and prompt": {`"judge":"model"`, `"judge":"rules"`, "left out"},
		"prompt":           {"incident-triage", "Incident", "name the prompt"},
		"prompt version":   {"1.0.0", "1.0", "name the prompt"},
		"prompt hash":      {promptHash, "ab", "prompt_hash"},
		"model":            {"llama-3.2-3b_Q4_K_M-0123", "", "model must be"},
		"model's name":     {"llama-3.2-3b_Q4_K_M-0123", `a\u001bb`, "printable"},
		"rules":            {rulesHash, strings.ToUpper(rulesHash), "hash of the signatures"},
		"dataset":          {strings.Repeat("d", 64), "", "dataset.sha256"},
		"groups":           {`"groups":96`, `"groups":301`, "at least one case"},
		"no groups":        {`"groups":96`, `"groups":0`, "at least one case"},
		"split":            {`"split":"test"`, `"split":""`, "dataset.split"},
		"no metrics":       {`"macro_f1":{"value":0.7,"low":0.6,"high":0.8}`, "", "metrics has 0"},
		"metric's name":    {`"macro_f1"`, `"Macro F1"`, "name of a metric"},
		"interval":         {`"low":0.6`, `"low":0.9`, "low is above high"},
		"too large":        {"llama", strings.Repeat("l", 70_000), "at most 65536"},
		"no reason":        {`["macro_f1: the lower bound fell by 0.03"]`, "[]", "say why"},
		"empty reason":     {`"macro_f1: the lower bound fell by 0.03"`, `" "`, "failures[0]"},
		"passed anyway":    {`"passed":false`, `"passed":true`, "although there are failures"},
		"calibration":      {`"slope":0.8`, `"slope":-0.8`, "calibration: slope"},
		"not a number":     {`"value":0.7`, `"value":NaN`, "the scorecard"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(good, tc.old, tc.new, 1)
			require.NotEqual(t, good, changed)
			_, err := prompts.ParseScorecard([]byte(changed))
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestScorecardOfALaterSourceGoesFirst(t *testing.T) {
	r, err := prompts.NewRegistry()
	require.NoError(t, err)
	_, ok := r.Scorecard(promptHash, card().Model)
	require.False(t, ok)

	require.NoError(t, r.AddScorecard("directory", encode(t, card())))
	other := card()
	other.Rules = strings.Repeat("9", 64)
	require.NoError(t, r.AddScorecard("signatures", encode(t, other)))
	again := card()
	again.Calibration = nil
	require.NoError(t, r.AddScorecard("configmap", encode(t, again)))
	s, ok := r.Scorecard(promptHash, card().Model)
	require.True(t, ok)
	require.Equal(t, "configmap", s.Origin)
	require.Nil(t, s.Calibration)

	require.ErrorContains(t, r.AddScorecard("broken", []byte("{}")), "schema_version")
	_, ok = r.Scorecard(promptHash, "another model")
	require.False(t, ok)
	_, ok = r.Scorecard(strings.Repeat("0", 64), card().Model)
	require.False(t, ok)
}

func TestScorecardsAreBounded(t *testing.T) {
	r, err := prompts.NewRegistry()
	require.NoError(t, err)
	for i := range 1000 {
		s := card()
		s.Model = fmt.Sprint("model-", i)
		if err = r.AddScorecard("many", encode(t, s)); err != nil {
			require.GreaterOrEqual(t, i, 900, "the built-in ones are few")
			break
		}
	}
	s := card()
	s.Model = "one more"
	require.ErrorContains(t, r.AddScorecard("many", encode(t, s)), "more are not kept")
	s.Model = "model-0"
	require.NoError(t, r.AddScorecard("many", encode(t, s)), "one for the same judge takes its place")
}

func FuzzParseScorecard(f *testing.F) {
	raw, err := json.Marshal(card())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := prompts.ParseScorecard(raw)
		if err != nil {
			return
		}
		again, err := prompts.ParseScorecard(encode(t, s))
		require.NoError(t, err, "what is accepted comes back")
		require.Equal(t, encode(t, s), encode(t, again))
	})
}
