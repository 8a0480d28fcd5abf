package analysis

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// timed is an engine in simulated time, and logs of the last hour with a baseline a day
// earlier.
func timed(t *testing.T, l logs, m Model) (*Engine, Request) {
	t.Helper()
	time.Sleep(time.Until(end))
	e, err := NewEngine(1<<20, noop.NewTracerProvider().Tracer(""), time.Now)
	require.NoError(t, err)
	t.Cleanup(e.Ledger.Close)
	return e, request(l, m)
}

// TestAnAskersDeadlineReachesTheQueue: only so a call can be refused at once that would
// be answered too late.
func TestAnAskersDeadlineReachesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var within []time.Duration
		m := &model{answer: func(ctx context.Context, r llm.Request) (string, error) {
			within = append(within, r.Within)
			return says("ok", "")(ctx, r)
		}}
		e, r := timed(t, logs{now: repeat(50, "served")}, m)
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		_, err := e.Analyse(ctx, r)
		require.NoError(t, err)
		r.Owner = "who waits as long as it takes"
		_, err = e.Analyse(t.Context(), r)
		require.NoError(t, err)
		r.Owner, r.Alert, r.Wait, r.MaxAge = "a rule", true, 5*time.Second, 10*time.Minute
		_, err = e.Analyse(ctx, r)
		require.NoError(t, err)
		require.Equal(t, []time.Duration{90 * time.Second, 0, 10 * time.Minute}, within)
	})
}

// TestAnotherAskersRefusalIsNotOnesOwn: who joins a call that is refused for want of its
// asker's time asks again with its own.
func TestAnotherAskersRefusalIsNotOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &model{answer: func(ctx context.Context, r llm.Request) (string, error) {
			time.Sleep(10 * time.Second)
			if r.Within > 0 {
				return "", &llm.Error{Kind: llm.ErrBusy, Detail: "no time"}
			}
			return says("ok", "")(ctx, r)
		}}
		e, r := timed(t, logs{now: repeat(50, "served")}, m)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		hasty := make(chan *Result, 1)
		go func() {
			res, _ := e.Analyse(ctx, r)
			hasty <- res
		}()
		time.Sleep(time.Second)
		res, err := e.Analyse(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, verdict.SourceModel, res.Groups[0].Verdict.Source)
		require.Contains(t, texts(<-hasty), "no time")
		require.Len(t, m.prompts, 2)
	})
}

// TestAVerdictThatCameTooLateCounts: while an incident begins, each evaluation has other
// content than the one before, and the model is slower than the rule waits.
func TestAVerdictThatCameTooLateCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		critical := `{"patterns":["p1"],"category":"application"}`
		m := &model{answer: func(ctx context.Context, r llm.Request) (string, error) {
			time.Sleep(20 * time.Second)
			return says("critical", critical)(ctx, r)
		}}
		l := logs{now: repeat(2, "WARN uses stale prices")}
		e, r := timed(t, l, m)
		r.Alert, r.Wait, r.MaxAge = true, 5*time.Second, 15*time.Minute
		evaluate := func(n int) verdict.Verdict {
			l.now = repeat(n, "WARN uses stale prices")
			r.Logs, r.Window = l, loki.Window{Start: end.Add(-time.Hour), End: time.Now()}
			r.Window.Start = r.Window.End.Add(-time.Hour)
			res, err := e.Analyse(t.Context(), r)
			require.NoError(t, err)
			return res.Groups[0].Verdict
		}
		require.Equal(t, verdict.Healthy, evaluate(2).Severity)
		for _, n := range []int{20, 200} {
			time.Sleep(time.Minute)
			v := evaluate(n)
			require.Equal(t, verdict.Critical, v.Severity)
			require.True(t, v.Held, "the content is another by now")
		}
	})
}

// TestASeriesOutlivesItsBaseline: a baseline that cannot be read, or that lies elsewhere
// because the usual one was suspicious, makes no other series.
func TestASeriesOutlivesItsBaseline(t *testing.T) {
	e := engine(t)
	r := request(logs{by: "ns", now: []string{"a served", "b served"}, before: []string{"a served", "b served"}}, nil)
	r.Models, r.GroupBy, r.Alert, r.MaxAge, r.Baseline = nil, []string{"ns"}, true, time.Hour, 24*time.Hour
	res, err := e.Analyse(t.Context(), r)
	require.NoError(t, err)
	require.Len(t, res.Groups, 2)
	r.Logs = logs{by: "ns", now: []string{"a served"}, baselineErr: errors.New("gone")}
	r.Window = r.Window.Shift(time.Second)
	res, err = e.Analyse(t.Context(), r)
	require.NoError(t, err)
	require.Contains(t, texts(res), "The baseline could not be read")
	require.Len(t, res.Groups, 2, "b is known")
}
