package verdict_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var words = verdict.DefaultWords()

func TestSchemaIsValidJSONInWritingOrder(t *testing.T) {
	low := 1
	raw := verdict.Schema([]string{"p1", "p2"}, []verdict.Field{
		{Name: "blast_radius", Type: verdict.FieldInteger, Minimum: &low},
		{Name: "team", Type: verdict.FieldString, Enum: []string{"db", `we"b`}},
	}, words)
	require.True(t, json.Valid(raw), string(raw))
	last := -1
	for _, key := range []string{`"findings"`, `"patterns"`, `"category"`, `"verdict"`, `"severity"`, `"blast_radius"`, `"team"`, `"summary"`, `"root_cause"`, `"next_step"`} {
		at := strings.Index(string(raw), key)
		require.Greater(t, at, last, key)
		last = at
	}
	require.True(t, json.Valid(verdict.Schema(nil, nil, words)))
}

const good = `{"findings":[{"patterns":["p1","p1"],"category":"memory"}],"verdict":"warning","severity":3,"risk":7,"summary":"all  fine\u202e see https://evil.example/x","root_cause":"","next_step":""}`

func TestParseAnswer(t *testing.T) {
	fields := []verdict.Field{{Name: "risk", Type: verdict.FieldInteger}}
	a, err := verdict.ParseAnswer(good, []string{"p1"}, fields, words)
	require.NoError(t, err)
	require.Equal(t, verdict.Warning, a.Severity, "the word decides, the number is moved into its range")
	require.Equal(t, []verdict.Finding{{Category: "memory", Patterns: []string{"p1"}}}, a.Findings)
	require.Equal(t, int64(7), a.Fields["risk"])
	require.Equal(t, "all fine see [link removed]", a.Summary)

	for name, tc := range map[string]struct{ old, new, want string }{
		"invented evidence": {`"p1","p1"`, `"p9"`, `evidence "p9" is no pattern`},
		"no evidence":       {`"p1","p1"`, ``, "cites 0 patterns"},
		"unknown category":  {`"memory"`, `"weather"`, `unknown category "weather"`},
		"unknown word":      {`"warning"`, `"fine"`, `unknown verdict "fine"`},
		"no verdict":        {`"verdict":"warning",`, ``, "verdict is missing"},
		"cut off":           {`"root_cause":"","next_step":""}`, `"root`, "cut off"},
		"trailing text":     {`"next_step":""}`, `"next_step":""} {"a":1}`, "text follows"},
		"field missing":     {`"risk":7,`, ``, `field "risk": is missing`},
		"field too large":   {`"risk":7`, `"risk":700`, "outside 0 to 100"},
		"not JSON":          {good, `I think all is well.`, "invalid character"},
		"empty":             {good, "", "it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verdict.ParseAnswer(strings.Replace(good, tc.old, tc.new, 1), []string{"p1"}, fields, words)
			require.ErrorIs(t, err, verdict.ErrAnswer)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestSeverityAndVerdictAgree(t *testing.T) {
	for _, tc := range []struct {
		word string
		n    int
		want verdict.Severity
	}{{"ok", 3, verdict.Healthy}, {"warning", 0, verdict.Notice}, {"warning", 2, verdict.Warning}, {"critical", 0, verdict.Critical}, {"unknown", 2, verdict.Inconclusive}} {
		a, err := verdict.ParseAnswer(fmt.Sprintf(`{"findings":[],"verdict":%q,"severity":%d,"summary":"","root_cause":"","next_step":""}`, tc.word, tc.n), nil, nil, words)
		require.NoError(t, err)
		require.Equal(t, tc.want, a.Severity)
	}
	require.Equal(t, "inconclusive", verdict.Inconclusive.Word())
	require.NotEqual(t, verdict.Inconclusive, verdict.Healthy)
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(good)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := verdict.ParseAnswer(s, []string{"p1"}, nil, words)
		if err != nil {
			require.ErrorIs(t, err, verdict.ErrAnswer)
			return
		}
		for _, fd := range a.Findings {
			require.Equal(t, []string{"p1"}, fd.Patterns)
		}
	})
}

func TestProbability(t *testing.T) {
	top := func(m map[string]float64) (out []verdict.Candidate) {
		for w, p := range m {
			out = append(out, verdict.Candidate{Text: w, LogProb: math.Log(p)})
		}
		return out
	}
	tokens := []verdict.Token{
		{Text: `{"findings":[],"`}, {Text: "ver"}, {Text: `dict`}, {Text: `":"`},
		{Text: "ok", Top: top(map[string]float64{"ok": 0.3, "critical": 0.1, "cat": 0.4, "unknown": 0.1})},
		{Text: `"}`},
	}
	p, ok := verdict.Probability(tokens, words)
	require.True(t, ok)
	require.InDelta(t, 0.2, p, 1e-9, "renormalised over the words; a word that is no verdict does not count")

	tokens[4].Top[0].LogProb = 1000
	p, _ = verdict.Probability(tokens, words)
	require.False(t, math.IsNaN(p), "NaN reads as healthy in a rule")

	_, ok = verdict.Probability(tokens[:4], words)
	require.False(t, ok, "no verdict token")
	tokens[4].Top = nil
	p, ok = verdict.Probability(tokens, words)
	require.False(t, ok)
	require.Equal(t, verdict.ProbabilityUnknown, p)
}

func TestLedgerAsksOnce(t *testing.T) {
	l := verdict.NewLedger(10, time.Now)
	defer l.Close()
	release := make(chan struct{})
	calls := 0
	judge := func(context.Context) (verdict.Entry, error) {
		calls++
		<-release
		return verdict.Entry{Model: "m"}, nil
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			e, _, err := l.Do(t.Context(), verdict.KeyOf("a"), false, judge)
			require.NoError(t, err)
			require.Equal(t, "m", e.Model)
		})
	}
	close(release)
	wg.Wait()
	_, cached, err := l.Do(t.Context(), verdict.KeyOf("a"), false, judge)
	require.NoError(t, err)
	require.True(t, cached)
	require.Equal(t, 1, calls)
}

func TestLedgerCancelsACallNobodyWaitsFor(t *testing.T) {
	l := verdict.NewLedger(10, time.Now)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
	}()
	_, _, err := l.Do(ctx, verdict.KeyOf("a"), false, func(run context.Context) (verdict.Entry, error) {
		cancel()
		<-run.Done()
		ended <- run.Err()
		return verdict.Entry{}, run.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestLedgerKeepsACallForTheNextAsker(t *testing.T) {
	l := verdict.NewLedger(10, time.Now)
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	_, _, err := l.Do(ctx, verdict.KeyOf("a"), true, func(context.Context) (verdict.Entry, error) {
		cancel()
		<-release
		return verdict.Entry{Model: "late"}, nil
	})
	require.ErrorIs(t, err, context.Canceled)
	close(release)
	e, _, err := l.Do(t.Context(), verdict.KeyOf("a"), false, func(context.Context) (verdict.Entry, error) {
		return verdict.Entry{}, errors.New("asked again")
	})
	require.NoError(t, err)
	require.Equal(t, "late", e.Model)
}

func TestLedgerForgetsErrorsAndSurvivesPanics(t *testing.T) {
	l := verdict.NewLedger(10, time.Now)
	defer l.Close()
	_, _, err := l.Do(t.Context(), verdict.KeyOf("a"), false, func(context.Context) (verdict.Entry, error) { panic("boom") })
	require.ErrorContains(t, err, "boom")
	_, cached, err := l.Do(t.Context(), verdict.KeyOf("a"), false, func(context.Context) (verdict.Entry, error) { return verdict.Entry{}, nil })
	require.NoError(t, err)
	require.False(t, cached)
}

func TestLedgerRemembersLastingFailuresForAWhile(t *testing.T) {
	now := time.Unix(1000, 0)
	l := verdict.NewLedger(10, func() time.Time { return now })
	defer l.Close()
	calls := 0
	ask := func() error {
		_, _, err := l.Do(t.Context(), verdict.KeyOf("a"), false, func(context.Context) (verdict.Entry, error) {
			calls++
			return verdict.Entry{}, verdict.Lasting(verdict.ErrAnswer)
		})
		return err
	}
	for range 5 {
		require.ErrorIs(t, ask(), verdict.ErrAnswer)
	}
	require.Equal(t, 1, calls)
	now = now.Add(6 * time.Minute)
	require.ErrorIs(t, ask(), verdict.ErrAnswer)
	require.Equal(t, 2, calls)
}

func TestKeyPartsDoNotRunTogether(t *testing.T) {
	require.NotEqual(t, verdict.KeyOf("ab", "c"), verdict.KeyOf("a", "bc"))
	require.NotEqual(t, verdict.KeyOf("1:a"), verdict.KeyOf("a"))
}
