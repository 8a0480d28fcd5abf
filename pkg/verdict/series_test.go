package verdict_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A step is one evaluation, a minute after the one before unless it says otherwise.
type step struct {
	rules verdict.Severity
	// model is the severity that a model gave the current content; none where it did not.
	model  verdict.Severity
	silent bool
	after  time.Duration

	want verdict.Severity
	held bool
	says string
}

const none verdict.Severity = -2

func (s step) evaluation(end time.Time) verdict.Evaluation {
	v := verdict.Verdict{Severity: s.rules, RulesSeverity: s.rules, Source: verdict.SourceRules, Summary: fmt.Sprint("rules ", s.rules)}
	if s.model != none {
		v.Severity, v.Source, v.Summary = s.model, verdict.SourceModel, fmt.Sprint("model ", s.model)
	}
	return verdict.Evaluation{End: end, Verdict: v, Rules: verdict.Account{Summary: fmt.Sprint("rules ", s.rules)}, Silent: s.silent, MaxAge: 15 * time.Minute}
}

func TestServedSeverity(t *testing.T) {
	for name, steps := range map[string][]step{
		"a rise of the rules is immediate": {
			{rules: 0, model: none, want: 0, says: "rules healthy"},
			{rules: 3, model: none, want: 3, says: "rules critical"},
		},
		"a rise of the model is immediate": {
			{rules: 0, model: 0, want: 0, says: "model healthy"},
			{rules: 1, model: 3, want: 3, says: "model critical"},
		},
		"the rules fall after three evaluations": {
			{rules: 3, model: none, want: 3},
			{rules: 0, model: none, want: 3, held: true, says: "rules critical"},
			{rules: 1, model: none, want: 3, held: true, says: "rules critical"},
			{rules: 0, model: none, want: 0, says: "rules healthy"},
		},
		"a relapse begins the count again": {
			{rules: 2, model: none, want: 2},
			{rules: 0, model: none, want: 2, held: true},
			{rules: 0, model: none, want: 2, held: true},
			{rules: 2, model: none, want: 2},
			{rules: 0, model: none, want: 2, held: true},
			{rules: 0, model: none, want: 2, held: true},
			{rules: 0, model: none, want: 0},
		},
		"a model's verdict on the current content lets it fall at once": {
			{rules: 1, model: 3, want: 3, says: "model critical"},
			{rules: 1, model: 1, want: 1, says: "model notice"},
		},
		"the worse of both is served": {
			{rules: 2, model: 0, want: 2, says: "rules warning"},
			{rules: 0, model: 0, want: 0, says: "model healthy"},
		},
		"the model's last verdict counts for its maximum age": {
			{rules: 0, model: 3, want: 3},
			{rules: 0, model: none, want: 3, held: true, says: "model critical"},
			{rules: 0, model: none, after: 14 * time.Minute, want: 3, held: true},
			{rules: 0, model: none, want: 0, says: "rules healthy"}, // and the rules had agreed by then
		},
		"each fall has its own count": {
			{rules: 3, model: none, want: 3},
			{rules: 1, model: none, want: 3, held: true},
			{rules: 1, model: none, want: 3, held: true},
			{rules: 1, model: none, want: 1},
			{rules: 0, model: none, want: 1, held: true},
			{rules: 0, model: none, want: 1, held: true},
			{rules: 0, model: none, want: 0},
		},
		"an inconclusive model is no verdict": {
			{rules: 0, model: 3, want: 3},
			{rules: 0, model: -1, want: 3, held: true},
		},
		"a silent group keeps its severity for the maximum age": {
			{rules: 3, model: none, want: 3},
			{rules: 1, model: none, silent: true, want: 3, held: true},
			{rules: 1, model: none, silent: true, want: 3, held: true},
			{rules: 1, model: none, silent: true, want: 3, held: true},
			{rules: 1, model: none, silent: true, want: 3, held: true},
			{rules: 1, model: none, silent: true, after: 12 * time.Minute, want: 1, says: "rules notice"},
		},
		"not looking is no agreement": {
			{rules: 2, model: none, want: 2},
			{rules: -1, model: none, want: 2, held: true},
			{rules: -1, model: none, want: 2, held: true},
			{rules: -1, model: none, want: 2, held: true},
			{rules: 0, model: none, want: 2, held: true},
		},
		"never looked is not healthy": {
			{rules: -1, model: none, want: -1},
			{rules: 0, model: none, want: 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var s verdict.Series
			end := time.Unix(1_000_000, 0)
			for i, x := range steps {
				if x.after == 0 {
					x.after = time.Minute
				}
				end = end.Add(x.after)
				// What is remembered survives being written and read at each step.
				raw, err := json.Marshal(s)
				require.NoError(t, err)
				s = verdict.Series{}
				require.NoError(t, json.Unmarshal(raw, &s))

				v := s.Evaluate(x.evaluation(end))
				require.Equal(t, x.want, v.Severity, "step %d", i)
				require.Equal(t, x.held, v.Held, "step %d", i)
				if x.says != "" {
					require.Equal(t, x.says, v.Summary, "step %d", i)
				}
				if !x.held {
					require.Equal(t, end, v.End, "step %d", i)
				} else {
					require.True(t, v.End.Before(end), "step %d", i)
				}
			}
		})
	}
}

func TestEvaluatingAWindowAgainCountsOnce(t *testing.T) {
	var s verdict.Series
	end := time.Unix(1_000_000, 0)
	s.Evaluate(step{rules: 3, model: none}.evaluation(end))
	end = end.Add(time.Minute)
	for range 5 {
		require.Equal(t, verdict.Critical, s.Evaluate(step{rules: 0, model: none}.evaluation(end)).Severity)
	}
	require.Equal(t, verdict.Critical, s.Evaluate(step{rules: 0, model: none}.evaluation(end.Add(time.Minute))).Severity)
	before := s
	require.Equal(t, verdict.Healthy, s.Evaluate(step{rules: 0, model: none}.evaluation(end)).Severity, "an earlier window is judged by itself")
	require.Equal(t, before, s)
	require.Equal(t, verdict.Healthy, s.Evaluate(step{rules: 0, model: none}.evaluation(end.Add(2*time.Minute))).Severity)
}

// What is served is never milder than the rules or the current verdict, never milder
// than the model's last verdict within its age, and never worse than everything since
// the last fall.
func TestServedIsBounded(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var s verdict.Series
		end := time.Unix(1_000_000, 0)
		worst := verdict.Inconclusive
		for range 30 {
			end = end.Add(time.Duration(rnd.IntN(8)) * time.Minute)
			x := step{rules: verdict.Severity(rnd.IntN(5) - 1), model: verdict.Severity(rnd.IntN(6) - 2), silent: rnd.IntN(4) == 0}
			e := x.evaluation(end)
			v := s.Evaluate(e)
			worst = max(worst, e.Verdict.Severity, e.Verdict.RulesSeverity)
			require.GreaterOrEqual(t, v.Severity, e.Verdict.RulesSeverity)
			require.GreaterOrEqual(t, v.Severity, e.Verdict.Severity)
			require.LessOrEqual(t, v.Severity, worst)
			if !s.ModelAccount.End.IsZero() && end.Sub(s.ModelAccount.End) <= e.MaxAge {
				require.GreaterOrEqual(t, v.Severity, s.Model)
			}
			require.False(t, v.End.After(end))
		}
	}
}

func TestRosterKnowsEverySeriesOnce(t *testing.T) {
	r := verdict.NewRoster()
	q, other := verdict.KeyOf("q"), verdict.KeyOf("other")
	end := time.Unix(1_000_000, 0)
	for range 2 {
		for _, ns := range []string{"b", "a"} {
			r.Evaluate(q, []string{ns, "x"}, step{rules: 2, model: none}.evaluation(end))
		}
	}
	require.Equal(t, [][]string{{"a", "x"}, {"b", "x"}}, r.Known(q, end))
	require.Empty(t, r.Known(other, end))
	require.Empty(t, r.Known(q, end.Add(25*time.Hour)), "a series expires a day after its last evaluation")

	_, ok := r.Served(q, []string{"c", "x"}, end)
	require.False(t, ok)
	_, ok = r.Served(q, []string{"a", "x"}, end.Add(25*time.Hour))
	require.False(t, ok)
	_, s := r.Evaluate(q, []string{"a", "x"}, step{rules: 0, model: 3}.evaluation(end))
	got, ok := r.Served(q, []string{"a", "x"}, end)
	require.True(t, ok)
	require.Equal(t, verdict.Critical, got)

	restored := verdict.NewRoster()
	restored.Restore(q, []string{"a", "x"}, s)
	v, _ := restored.Evaluate(q, []string{"a", "x"}, step{rules: 0, model: none}.evaluation(end.Add(time.Minute)))
	require.Equal(t, verdict.Critical, v.Severity)
	restored.Restore(q, []string{"a", "x"}, verdict.Series{End: end})
	got, _ = restored.Served(q, []string{"a", "x"}, end)
	require.Equal(t, verdict.Critical, got, "an older state replaces no newer one")
}

func TestRosterIsBounded(t *testing.T) {
	r := verdict.NewRoster()
	end := time.Unix(1_000_000, 0)
	for i := range 700 {
		r.Evaluate(verdict.KeyOf("q"), []string{fmt.Sprint(i)}, step{rules: 0, model: none}.evaluation(end.Add(time.Duration(i)*time.Second)))
	}
	known := r.Known(verdict.KeyOf("q"), end)
	require.Len(t, known, 500)
	require.NotContains(t, known, []string{"0"})
	require.Contains(t, known, []string{"699"})
	for i := range 30_000 {
		r.Evaluate(verdict.KeyOf(fmt.Sprint(i)), nil, step{rules: 0, model: none}.evaluation(end))
	}
	require.Empty(t, r.Known(verdict.KeyOf("q"), end))
	require.Len(t, r.Known(verdict.KeyOf("29999"), end), 1)
}

// TestASeverityThatComesBackIsHeldLonger: rules whose measure lies at a threshold change
// their mind every few minutes, and a model that calls it healthy each time must not make
// an alert of each.
func TestASeverityThatComesBackIsHeldLonger(t *testing.T) {
	end := time.Unix(1_000_000, 0)
	var s verdict.Series
	serve := func(rules, model verdict.Severity, after time.Duration) verdict.Severity {
		end = end.Add(after)
		return s.Evaluate(step{rules: rules, model: model}.evaluation(end)).Severity
	}
	mild := func() (n int) { // how many evaluations until it falls
		for n = 1; serve(0, 0, time.Minute) > 0; n++ {
			require.Less(t, n, 100)
		}
		return n
	}
	serve(0, 0, 0)
	for i, want := range []int{1, 31, 61, 61} {
		require.Equal(t, verdict.Notice, serve(1, 0, 5*time.Minute), "a rise is served at once")
		require.Equal(t, verdict.Warning, serve(2, 0, time.Minute), "and a further one, which is no relapse")
		require.Equal(t, want, mild(), "fall %d", i)
	}
	require.Equal(t, verdict.Critical, serve(3, 0, 5*time.Minute))
	require.Equal(t, 1, mild(), "an incident ends when it ends")
	require.Equal(t, verdict.Notice, serve(1, 0, 7*time.Hour))
	require.Equal(t, 1, mild(), "what comes back much later is something else")
}
