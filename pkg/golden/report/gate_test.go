package report

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func pick(t *testing.T, rs []golden.Result) score.Run {
	t.Helper()
	run, err := Pick(rs, "")
	require.NoError(t, err)
	return run
}

// each calls f with each result of the test split.
func each(rs []golden.Result, f func(i int, r *golden.Result)) []golden.Result {
	n := 0
	for i := range rs {
		if rs[i].Split == golden.Test {
			f(n, &rs[i])
			n++
		}
	}
	return rs
}

// TestGate: each thing that a prompt must not do is one failure by itself.
func TestGate(t *testing.T) {
	good := func() []golden.Result { return results(modelJudge, 0.9, 2) }
	ref := pick(t, good())
	first := func(f func(r *golden.Result)) func(int, *golden.Result) {
		return func(i int, r *golden.Result) {
			if i == 0 {
				f(r)
			}
		}
	}
	for name, tc := range map[string]struct {
		change func(int, *golden.Result)
		limits func(*Limits)
		want   []string
	}{
		"same":       {},
		"fabricated": {change: first(func(r *golden.Result) { r.Evidence.Fabricated = 2 }), want: []string{"fabricated evidence: 2"}},
		"claims":     {change: first(func(r *golden.Result) { r.Claims = []string{"x"} }), want: []string{"forbidden claims"}},
		"schema":     {change: first(func(r *golden.Result) { r.SchemaValid = false }), want: []string{"schema: only 99.17 %"}},
		"degraded":   {change: first(func(r *golden.Result) { r.Degraded, r.SchemaValid, r.Cost.AnswerTokens = true, false, 0 }), want: []string{"degraded: the model could not judge 1 of 120"}},
		"other case": {change: first(func(r *golden.Result) { r.CaseHash = "x" }), want: []string{"cases: 1 of the reference's"}},
		"partial":    {change: first(func(r *golden.Result) { r.CaseHash = "x" }), limits: func(l *Limits) { l.Partial = true }},
		"missed": {change: func(i int, r *golden.Result) {
			if i == 4 {
				r.Severity = verdict.Inconclusive
			}
		}, limits: func(l *Limits) { l.Margin = 0.1 }, want: []string{"missed incidents"}},
		"false alarms": {change: func(i int, r *golden.Result) {
			if i%12 == 0 {
				r.Severity = verdict.Notice
			}
		}, limits: func(l *Limits) { l.Margin = 0.5 }, want: []string{"false alarms"}},
		"inferior": {change: func(i int, r *golden.Result) {
			if i%6 == 3 && i%4 != 0 {
				r.Severity = verdict.Critical
			}
		}, want: []string{"macro-F1: -"}},
		"tokens":  {limits: func(l *Limits) { l.PromptTokensP95 = 1000 }, want: []string{"prompt tokens: the 95th percentile is 1100"}},
		"latency": {limits: func(l *Limits) { l.LatencyP95 = 1 }, want: []string{"latency"}},
		"floor":   {limits: func(l *Limits) { l.MinMacroF1 = 0.99 }, want: []string{"macro-F1: 0.900, at least 0.990"}},
		"ceiling": {limits: func(l *Limits) { l.MaxFalseAlarms = 0.001 }, want: []string{"false alarms on healthy: 5.0 %, allowed are 0.1 %"}},
		"attacks": {limits: func(l *Limits) { l.AttackSuccess = 0.0001 }, want: []string{"attacks:"}},
	} {
		t.Run(name, func(t *testing.T) {
			rs := good()
			if tc.change != nil {
				each(rs, tc.change)
			}
			limits := DefaultLimits()
			if tc.limits != nil {
				tc.limits(&limits)
			}
			g, err := Gate(pick(t, rs), Reference{Run: &ref}, limits, quick)
			require.NoError(t, err)
			require.Len(t, g.Failures, len(tc.want), "%v", g.Failures)
			require.Equal(t, len(tc.want) == 0, g.Passed())
			for i, want := range tc.want {
				require.Contains(t, g.Failures[i], want)
				require.Contains(t, g.Text(), "FAIL "+g.Failures[i]+"\n")
			}
			card, err := g.Scorecard()
			require.NoError(t, err)
			require.Equal(t, g.Passed(), card.Passed)
		})
	}
}

func TestScorecard(t *testing.T) {
	rs := results(modelJudge, 0.9, 2)
	run := pick(t, rs)
	g, err := Gate(run, Reference{Run: &run}, DefaultLimits(), quick)
	require.NoError(t, err)
	card, err := g.Scorecard()
	require.NoError(t, err)
	raw, err := json.Marshal(card)
	require.NoError(t, err)
	back, err := prompts.ParseScorecard(raw)
	require.NoError(t, err)
	require.Equal(t, card, back)
	require.Equal(t, promptHash, back.PromptHash)
	require.Equal(t, modelJudge.Model, back.Model)
	require.Equal(t, rulesHash, back.Rules)
	require.Equal(t, prompts.Dataset{SHA256: back.Dataset.SHA256, Seed: 7, Cases: 120, Groups: 20, Split: "test"}, back.Dataset)
	require.Equal(t, 120, back.Calibration.Cases)
	require.NotContains(t, string(raw), "latency", "times differ from machine to machine")
	require.NotContains(t, string(raw), "cpu")

	// Times change nothing, in the bytes too.
	for i := range rs {
		rs[i].Cost.CPU, rs[i].Cost.Latency = time.Hour, time.Hour
	}
	g, err = Gate(pick(t, rs), Reference{Card: &card}, DefaultLimits(), quick)
	require.NoError(t, err)
	require.Empty(t, g.Failures)
	require.Empty(t, g.Notes)
	again, err := g.Scorecard()
	require.NoError(t, err)
	require.Equal(t, card, again)

	// Against a card of better values.
	better := card
	better.Metrics = map[string]prompts.Estimate{score.MacroF1: {Value: 0.99}, score.Missed: {}, score.FalseAlarms: {}, score.AttackSuccess: {Value: 1}}
	better.Dataset.SHA256 = rulesHash
	g, err = Gate(run, Reference{Card: &better}, DefaultLimits(), quick)
	require.NoError(t, err)
	require.Len(t, g.Failures, 3, "%v", g.Failures)
	require.Contains(t, g.Notes[0], "other cases")
	better.Metrics = map[string]prompts.Estimate{"x": {}}
	g, err = Gate(run, Reference{Card: &better}, DefaultLimits(), quick)
	require.NoError(t, err)
	require.Contains(t, g.Failures[0], "has no macro_f1")

	// What is bound to nothing is no scorecard.
	nameless := run
	nameless.Judge.PromptHash = ""
	g, err = Gate(nameless, Reference{Card: &card}, DefaultLimits(), quick)
	require.NoError(t, err)
	_, err = g.Scorecard()
	require.ErrorContains(t, err, "prompt_hash")

	rules := pick(t, results(rulesJudge, 0.8, 1))
	g, err = Gate(rules, Reference{Run: &rules}, DefaultLimits(), quick)
	require.NoError(t, err)
	card, err = g.Scorecard()
	require.NoError(t, err)
	require.Equal(t, prompts.JudgeRules, card.Judge)
	require.Nil(t, card.Calibration)
	require.Zero(t, rules.Results[0].Severity)

	o := quick
	o.Split = golden.Hidden
	_, err = Gate(rules, Reference{Run: &rules}, DefaultLimits(), o)
	require.ErrorContains(t, err, "no case of the split")
	_, err = Gate(rules, Reference{Run: &score.Run{}}, DefaultLimits(), quick)
	require.ErrorContains(t, err, "in common")
}

func TestCompare(t *testing.T) {
	a := results(rulesJudge, 1, 1)
	b := each(results(modelJudge, 1, 1), func(i int, r *golden.Result) {
		switch i {
		case 0, 1, 6:
			r.Severity = verdict.Critical
		case 2:
			r.Severity = verdict.Warning
		}
	})
	each(a, func(i int, r *golden.Result) {
		if i == 4 {
			r.Severity = 0
		}
	})
	c := Compare(pick(t, a), pick(t, b), golden.Test, quick.Bootstrap)
	require.Len(t, c.Lost, 3)
	require.Equal(t, []Change{{"test-0-0-4", "dns|failure", 3, 0, 3}}, c.Won)
	require.Equal(t, []Change{{"test-0-0-2", "dns|failure", 1, 1, 2}}, c.Moved)
	require.Equal(t, Shift{"dns|failure", 30, 3, 1, 1}, c.Families[indexOf(c.Families, "dns|failure")])
	require.Equal(t, 120, c.Paired.Cases)
	goldenFile(t, "compare.md", c.Markdown(2))
	require.Contains(t, c.Markdown(2), "and 1 more")
	require.NotContains(t, c.Markdown(0), "more\n\n")
	require.Equal(t, 240, Compare(pick(t, a), pick(t, b), "", quick.Bootstrap).Paired.Cases)
	require.Contains(t, Compare(pick(t, a), score.Run{}, "", quick.Bootstrap).Markdown(0), "No case is common")
}

func indexOf(list []Shift, family string) int {
	for i, s := range list {
		if s.Family == family {
			return i
		}
	}
	return -1
}
