package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// TestSeriesSurviveAnotherBaseline: the baseline of an alert rule can lie elsewhere at one
// evaluation, or be missing; the severity that was served is held all the same, and a
// group that shows no lines is not forgotten.
func TestSeriesSurviveAnotherBaseline(t *testing.T) {
	e := engine(t)
	evaluate := func(l logs, later time.Duration) *Result {
		r := request(l, nil)
		r.Models, r.Alert, r.Expr, r.GroupBy, r.Baseline, r.MaxAge = nil, true, `{app="shop"}`, []string{"team"}, 24*time.Hour, 15*time.Minute
		r.Window = r.Window.Shift(later)
		res, err := e.Analyse(t.Context(), r)
		require.NoError(t, err)
		return res
	}
	quiet := repeat(40, "a heartbeat sent")
	res := evaluate(logs{now: append(quiet, "a panic: runtime error: index out of range"), before: quiet, by: "team"}, 0)
	require.Equal(t, verdict.Warning, res.Groups[0].Verdict.Severity)

	// The lines of before lie in the baseline no more, and none are in the window.
	for name, l := range map[string]logs{"empty": {by: "team"}, "unreadable": {by: "team", baselineErr: &loki.Error{Kind: loki.ErrTimeout}}} {
		res = evaluate(l, 10*time.Minute)
		require.Len(t, res.Groups, 1, name)
		require.Equal(t, []string{"a"}, res.Groups[0].Values, name)
		require.Equal(t, verdict.Warning, res.Groups[0].Verdict.Severity, name)
		require.True(t, res.Groups[0].Verdict.Held, name)
	}
}
