package report

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	rulesHash  = strings.Repeat("ab", 32)
	promptHash = strings.Repeat("cd", 32)

	rulesJudge = golden.Judge{Kind: golden.JudgeRules, Rules: rulesHash}
	bareJudge  = golden.Judge{Kind: golden.JudgeWithoutSignatures}
	modelJudge = golden.Judge{Kind: golden.JudgeModel, Prompt: "incident-triage", PromptVersion: "1.0.0", PromptHash: promptHash, Model: "llama-3.2-3b.gguf", Rules: rulesHash}
)

// results makes a judge's results on cases that all judges share. It is right on a share of them,
// healthy ones apart.
func results(j golden.Judge, right float64, seed uint64) []golden.Result {
	luck := rand.New(rand.NewPCG(seed, 1))
	var out []golden.Result
	for _, split := range []golden.Split{golden.Dev, golden.Test} {
		for f, family := range []string{"dns|failure", "oom-kill", "tls-expiry", "disk-full"} {
			for group := range 5 {
				for n, expected := range []verdict.Severity{0, 0, 1, 2, 3, 3} {
					given := expected
					if luck.Float64() > right {
						given = []verdict.Severity{1, 2, 0, 3, 2, 0}[n]
					}
					r := golden.Result{
						Case: fmt.Sprintf("%s-%d-%d-%d", split, f, group, n), CaseHash: "h", GroupID: fmt.Sprintf("%s-%s-%d", split, family, group), Family: family, Split: split,
						Lines: 100 * (n + 1) * (n + 1) * (n + 1), Expected: golden.Expected{Severity: expected, Verdict: expected.Word(), Category: "disk"},
						Judge: j, Verdict: given.Word(), Severity: given, Category: "disk", Probability: verdict.ProbabilityUnknown, SchemaValid: j.Kind == golden.JudgeModel,
						Evidence: golden.Evidence{Cited: 2, Supported: 1 + int(given)%2, Must: min(1, int(expected)), Found: min(1, int(expected), int(given)), Shown: min(1, int(expected))},
						Cost:     golden.Cost{CPU: time.Duration(group+1) * time.Millisecond},
					}
					if n >= 4 {
						r.Tags = []string{[]string{"needle", "injected"}[n-4]}
					}
					if j.Kind == golden.JudgeModel {
						r.Probability = min(1, max(0, float64(given)/3-0.1+0.2*luck.Float64()))
						r.Cost = golden.Cost{PromptTokens: 900 + 40*n, CachedTokens: 300, AnswerTokens: 90, Latency: time.Duration(10+n) * time.Second, CPU: 2 * time.Millisecond}
					}
					out = append(out, r)
				}
			}
		}
	}
	return out
}

func all() []golden.Result {
	return append(append(results(rulesJudge, 0.7, 1), results(bareJudge, 0.5, 2)...), results(modelJudge, 0.95, 3)...)
}

var quick = Options{Seed: 7, Bootstrap: score.Bootstrap{Resamples: 300, Seed: 1}}

func make1(t *testing.T, results []golden.Result) *Report {
	t.Helper()
	r, err := Make(results, quick)
	require.NoError(t, err)
	return r
}

// goldenFile compares with a file of testdata.
func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run the test with -update where this is meant")
}

func TestMarkdown(t *testing.T) {
	r := make1(t, all())
	goldenFile(t, "report.md", r.Markdown())
	require.Equal(t, Yes, r.Answer.Keep)
	require.True(t, strings.HasPrefix(r.Markdown(), "**Does the model earn its keep? Yes.** incident-triage@1.0.0 on llama-3.2-3b.gguf"))
	pictures := r.Pictures()
	require.Len(t, pictures, 1)
	goldenFile(t, "reliability-1.svg", string(pictures[0].SVG))
	require.NoError(t, xml.Unmarshal(pictures[0].SVG, new(struct{ XMLName xml.Name })))
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	require.Contains(t, string(raw), `"keep":"yes"`)
	again, err := json.Marshal(make1(t, all()))
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(again), "the same results give the same report")
}

func TestAnswers(t *testing.T) {
	rules := results(rulesJudge, 0.7, 1)
	double := modelJudge
	double.Model = "lokalyst-test-double"
	for name, tc := range map[string]struct {
		results []golden.Result
		want    Keep
		text    string
	}{
		"none":    {rules, NotMeasured, "No model was measured. The rules verdict alone reaches macro-F1 0."},
		"worse":   {append(results(modelJudge, 0.3, 4), rules...), No, "points against the rules verdict"},
		"same":    {append(results(modelJudge, 0.7, 1), rules...), NotShown, "McNemar p = 0.312"},
		"double":  {append(results(double, 0.95, 4), rules...), NotShown, "test double without judgement"},
		"alone":   {results(modelJudge, 0.95, 4), NotShown, "evaluate the judge rules"},
		"several": {append(append(results(double, 1, 4), results(modelJudge, 0.95, 4)...), rules...), Yes, "incident-triage@1.0.0 on llama-3.2-3b.gguf reaches"},
	} {
		r := make1(t, tc.results)
		require.Equal(t, tc.want, r.Answer.Keep, name)
		require.Contains(t, r.Answer.Text, tc.text, name)
		require.NotContains(t, strings.SplitN(r.Markdown(), "\n", 2)[0], "NaN")
		require.NotContains(t, r.Markdown(), "NaN")
	}
}

func TestWarnings(t *testing.T) {
	rules := results(rulesJudge, 0.7, 1)
	model := results(modelJudge, 0.9, 2)
	test := func(r golden.Result) bool { return r.Split == golden.Test }
	var only []golden.Result
	for _, r := range append(rules, model...) {
		if test(r) {
			only = append(only, r)
		}
	}
	only[len(only)-1].Degraded = true
	only[len(only)-1].Judge.Model = modelJudge.Model
	only = only[1:] // of the rules
	text := strings.Join(make1(t, only).Warnings, "\n")
	for _, want := range []string{"no results of the dev split", "could not judge 1 of 120", "are few", "compared on 119 cases; 1 were judged by one of them only"} {
		require.Contains(t, text, want)
	}
	o := quick
	o.Split = golden.Dev
	r, err := Make(model, o)
	require.NoError(t, err)
	require.Contains(t, strings.Join(r.Warnings, "\n"), "not of the test split")
	require.Nil(t, r.Judges[0].Calibration)
	o.Split = golden.Hidden
	_, err = Make(rules, o)
	require.ErrorContains(t, err, `"canary"`)
}

// TestNeverFittedOnTest: what test cases say changes no calibration.
func TestNeverFittedOnTest(t *testing.T) {
	rs := results(modelJudge, 0.9, 2)
	r := make1(t, rs)
	for i := range rs {
		if rs[i].Split == golden.Test {
			rs[i].Probability = 1 - rs[i].Probability
		}
	}
	require.NotNil(t, r.Judges[0].Calibration)
	require.Equal(t, *r.Judges[0].Calibration, *make1(t, rs).Judges[0].Calibration)
	require.Equal(t, 120, r.Judges[0].Calibration.Cases)
}

func TestHostileNames(t *testing.T) {
	j := modelJudge
	j.Model = "a|b\n<script>&`*[x](http://e)" + strings.Repeat("y", 500) + "\x00\xff"
	rs := append(results(j, 0.9, 1), results(rulesJudge, 0.7, 1)...)
	for i := range rs {
		rs[i].Family = "f\n|<b>" + rs[i].Family
		rs[i].Case += "\x01\xff]]>"
	}
	r := make1(t, rs)
	text := r.Markdown()
	require.NotContains(t, text, "<script")
	require.NotContains(t, text, "<b>")
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "|") {
			require.True(t, strings.HasSuffix(line, "|"), line)
		}
	}
	require.NoError(t, xml.Unmarshal(r.Pictures()[0].SVG, new(struct{ XMLName xml.Name })))
	raw, err := r.JUnit()
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(raw, new(junitSuites)))
}

func TestJUnit(t *testing.T) {
	rs := append(results(rulesJudge, 0.7, 1)[:126], results(modelJudge, 0.9, 2)[:126]...) // six of the test split
	rs[len(rs)-1].Degraded = true
	raw, err := make1(t, rs).JUnit()
	require.NoError(t, err)
	goldenFile(t, "junit.xml", string(raw))
	var got junitSuites
	require.NoError(t, xml.Unmarshal(raw, &got))
	require.Equal(t, 18, got.Tests, "three judges, the majority among them")
	require.Equal(t, 1, got.Errors)
}

func TestPick(t *testing.T) {
	rs := all()
	for name, want := range map[string]string{
		"": "incident-triage@1.0.0 on llama-3.2-3b.gguf", "rules": "rules", "model": "incident-triage@1.0.0 on llama-3.2-3b.gguf", "incident-triage": "incident-triage@1.0.0 on llama-3.2-3b.gguf",
		"incident-triage@1.0.0": "incident-triage@1.0.0 on llama-3.2-3b.gguf", "rules-without-signatures": "rules-without-signatures",
	} {
		run, err := Pick(rs, name)
		require.NoError(t, err, name)
		require.Equal(t, want, run.Name())
	}
	run, err := Pick(results(rulesJudge, 1, 1), "")
	require.NoError(t, err)
	require.Equal(t, "rules", run.Name())
	_, err = Pick(rs, "nope")
	require.ErrorContains(t, err, `"rules-without-signatures"`)
	other := modelJudge
	other.PromptVersion = "2.0.0"
	_, err = Pick(append(rs, results(other, 1, 1)...), "")
	require.ErrorContains(t, err, "2 judges")
}
