package analysis

import (
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// believing are the tokens of an answer that says critical with these shares of ok and critical.
func believing(ok, critical float64) []verdict.Token {
	return []verdict.Token{{Text: `{"verdict":"`}, {Text: "critical", Top: []verdict.Candidate{
		{Text: "critical", LogProb: math.Log(critical)}, {Text: "ok", LogProb: math.Log(ok)},
	}}}
}

// scorecard returns that of incident-triage with a model.
func scorecard(t *testing.T, e *Engine, model string, c *verdict.Calibration) []byte {
	t.Helper()
	p, err := e.Prompts.Get("incident-triage")
	require.NoError(t, err)
	hash := strings.Repeat("0", 64)
	raw, err := json.Marshal(prompts.Scorecard{
		SchemaVersion: prompts.ScorecardSchema, Judge: prompts.JudgeModel, Prompt: p.ID, PromptVersion: p.Version, PromptHash: p.Hash(), Model: model,
		Rules: hash, Dataset: prompts.Dataset{SHA256: hash, Cases: 2, Groups: 1, Split: "dev"}, Metrics: map[string]prompts.Estimate{"macro_f1": {}},
		Failures: []string{"too few cases"}, Calibration: c,
	})
	require.NoError(t, err)
	return raw
}

func broken() logs {
	return logs{now: append(repeat(30, "INFO stored"), repeat(30, "ERROR ledger broken")...)}
}

func TestCalibration(t *testing.T) {
	e := engine(t)
	m := &model{answer: says("critical", `{"patterns":["p2"],"category":"database"}`), tokens: believing(0.1, 0.9)}
	analyse := func() verdict.Verdict {
		t.Helper()
		res, err := e.Analyse(t.Context(), request(broken(), m))
		require.NoError(t, err)
		v := res.Groups[0].Verdict
		require.InDelta(t, 0.9, v.RawProbability, 1e-9)
		require.Equal(t, verdict.Critical, v.Severity, "the calibration is of the probability alone")
		return v
	}
	v := analyse()
	require.Equal(t, v.RawProbability, v.Probability)
	require.False(t, v.Calibrated)

	require.NoError(t, e.Prompts.AddScorecard("test", scorecard(t, e, "another model", &verdict.Calibration{Slope: 0.1, Cases: 1})))
	require.False(t, analyse().Calibrated, "a scorecard is of one model")

	// A new one holds for what the ledger remembers, and goes by the raw value each time.
	for _, tc := range []struct{ slope, want float64 }{{0.5, 0.75}, {2, 81.0 / 82}} {
		require.NoError(t, e.Prompts.AddScorecard("test", scorecard(t, e, "m", &verdict.Calibration{Slope: tc.slope, Cases: 1})))
		v = analyse()
		require.True(t, v.Cached)
		require.True(t, v.Calibrated)
		require.InDelta(t, tc.want, v.Probability, 1e-9)
	}
	require.Len(t, m.prompts, 1)

	require.NoError(t, e.Prompts.AddScorecard("test", scorecard(t, e, "m", nil)))
	require.False(t, analyse().Calibrated)
}

// TestConfidenceIsNotCalibrated: how sure the model was of its word is held against the floor
// as the tokens say it.
func TestConfidenceIsNotCalibrated(t *testing.T) {
	for _, tc := range []struct {
		critical  float64
		intercept float64
		severity  verdict.Severity
	}{
		{0.6, -10, verdict.Critical}, // hardly ever an incident by the calibration
		{0.4, 10, verdict.Warning},   // nearly always one, but the word was not meant: the rules' severity
	} {
		e := engine(t)
		require.NoError(t, e.Prompts.AddScorecard("test", scorecard(t, e, "m", &verdict.Calibration{Slope: 1, Intercept: tc.intercept, Cases: 1})))
		m := &model{answer: says("critical", `{"patterns":["p2"],"category":"database"}`), tokens: believing(1-tc.critical, tc.critical)}
		res, err := e.Analyse(t.Context(), request(broken(), m))
		require.NoError(t, err)
		v := res.Groups[0].Verdict
		require.True(t, v.Calibrated)
		require.Equal(t, tc.severity, v.Severity)
	}
}

func TestNothingToCalibrate(t *testing.T) {
	e := engine(t)
	require.NoError(t, e.Prompts.AddScorecard("test", scorecard(t, e, "m", &verdict.Calibration{Slope: 1, Intercept: 5, Cases: 1})))
	for _, r := range []Request{
		request(broken(), &model{answer: says("critical", `{"patterns":["p2"],"category":"database"}`)}), // tells no probabilities
		func() Request { r := request(broken(), nil); r.Models = nil; return r }(),
	} {
		res, err := e.Analyse(t.Context(), r)
		require.NoError(t, err)
		v := res.Groups[0].Verdict
		require.Equal(t, verdict.ProbabilityUnknown, v.Probability)
		require.Equal(t, verdict.ProbabilityUnknown, v.RawProbability)
		require.False(t, v.Calibrated)
	}
}

// comparisons is a meter that remembers what was compared.
type comparisons struct {
	noMeter
	mu   sync.Mutex
	seen []string
}

func (c *comparisons) Compared(prompt, outcome string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, prompt+" "+outcome)
}

func TestFreshJudgementsAreComparedWithTheRules(t *testing.T) {
	calm := logs{now: repeat(30, "GET /healthz took 3ms")}
	for name, tc := range map[string]struct {
		logs   logs
		says   string
		tokens []verdict.Token
		want   string
	}{
		"agree":            {broken(), "warning", nil, Agree},
		"both are healthy": {calm, "ok", nil, Agree},
		"higher":           {calm, "warning", nil, ModelHigher},
		"lower":            {broken(), "ok", nil, ModelLower},
		"cannot judge":     {broken(), "unknown", nil, Abstained},
		"not sure":         {broken(), "critical", believing(0.6, 0.4), Abstained},
	} {
		t.Run(name, func(t *testing.T) {
			e, seen := engine(t), &comparisons{}
			e.Meter = seen
			m := &model{answer: says(tc.says, `{"patterns":["p1"],"category":"database"}`), tokens: tc.tokens}
			for range 3 { // the second and the third come from the ledger
				_, err := e.Analyse(t.Context(), request(tc.logs, m))
				require.NoError(t, err)
			}
			require.Equal(t, []string{"incident-triage " + tc.want}, seen.seen)
		})
	}
}

// TestAJudgementIsComparedOnce: by all who wait for one call together, and not by a second
// reading or a call that failed.
func TestAJudgementIsComparedOnce(t *testing.T) {
	e, seen := engine(t), &comparisons{}
	e.Meter = seen
	m := &model{answer: says("critical", `{"patterns":["p2"],"category":"database"}`)}
	var askers sync.WaitGroup
	for range 8 {
		askers.Go(func() { _, _ = e.Analyse(t.Context(), request(broken(), m)) })
	}
	askers.Wait()
	require.Len(t, seen.seen, 1)

	// What would raise a series that was healthy is read twice.
	seen.seen, m.prompts = nil, nil
	for i, step := range []struct {
		logs  logs
		says  string
		calls int
	}{{logs{now: repeat(30, "GET /healthz took 3ms")}, "ok", 1}, {logs{now: append(repeat(30, "GET /healthz took 3ms"), "voucher imported")}, "warning", 3}} {
		m.answer = says(step.says, "")
		r := request(step.logs, m)
		r.Alert, r.series, r.Window.End = true, verdict.KeyOf("the series"), end.Add(time.Duration(i)*time.Minute)
		_, err := e.Analyse(t.Context(), r)
		require.NoError(t, err)
		require.Len(t, m.prompts, step.calls)
		require.Len(t, seen.seen, i+1)
	}

	m.down = errNotReady
	_, err := e.Analyse(t.Context(), request(logs{now: repeat(7, "ERROR other")}, m))
	require.NoError(t, err)
	require.Len(t, seen.seen, 2)
}
