package plugin_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestGroupWhoseLogsStop: it is emitted at each evaluation for a day, never as healthy,
// and what fired goes on firing until its last verdict is too old to count.
func TestGroupWhoseLogsStop(t *testing.T) {
	for name, baseline := range map[string]string{"with a baseline": "1h", "without": "none"} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "20s"}})
			h.push(h.write("shop", -75, 0, 2*time.Second, calm), h.write("shop/kernel", -5, 0, 10*time.Second, killed))
			h.push(h.write("batch", -75, 0, 2*time.Second, calm), h.write("calm", -75, 60, 2*time.Second, calm))
			h.run()
			severity := newEvaluator(t, h.plugin, h.pc, incidentRule(map[string]any{"baseline": baseline, "maxAge": "15m"}))
			last := map[string]float64{}
			for n := 0.0; n <= 30; n += 2.5 {
				e := severity.evaluate(h.tick(n))
				require.Equal(t, "ok", e.health, "%v", e.errs)
				last = numbersBy(e, "A", "namespace")
				require.Len(t, e.numbers["A"], 3, "each known series once, at %v", n)
				require.Equal(t, last, numbersBy(e, "B", "namespace"), "at %v", n)
				require.Zero(t, last["calm"])
				switch {
				case n < 10: // there are lines of it in the window
				case n <= 20:
					// The fatal lines were in the window until minute 10, so they count until 25.
					require.Equal(t, 3.0, last["shop"], "at %v", n)
					require.Equal(t, stateAlerting, severity.alerts.states("namespace")["shop"])
					require.GreaterOrEqual(t, last["batch"], 1.0, "silence is not healthy, at %v", n)
				default:
					require.GreaterOrEqual(t, last["shop"], 1.0, "at %v", n)
					require.GreaterOrEqual(t, last["batch"], 1.0, "at %v", n)
				}
			}
			require.Equal(t, map[string]float64{"shop": 1, "batch": 1, "calm": 0}, last)
			require.Len(t, severity.alerts.resolved, 1)
			// It is missed for a day, and not for ever.
			e := severity.evaluate(h.tick(20 * 60))
			require.Contains(t, numbersBy(e, "A", "namespace"), "batch")
			e = severity.evaluate(h.tick(46 * 60))
			require.NotContains(t, numbersBy(e, "A", "namespace"), "batch")
		})
	}
}

// TestModelJudgesMilder: where it has read the logs as they are now, the severity falls at
// once, and the alert ends.
func TestModelJudgesMilder(t *testing.T) {
	h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "20s"}})
	h.push(h.write("shop", -10, 0, 3*time.Second, broken), h.write("shop", 0, 20, 2*time.Second, calm))
	h.run()
	severity := newEvaluator(t, h.plugin, h.pc, incidentRule(map[string]any{"baseline": "none"}))
	require.Equal(t, map[string]float64{"shop": 3}, numbersBy(severity.evaluate(h.tick(0)), "A", "namespace"))
	// The test double goes by all words of the dictionary, those of the past too.
	h.model.set(saying(`{"findings":[],"verdict":"ok","severity":0,"summary":"all is well","root_cause":"","next_step":""}`))
	require.Equal(t, map[string]float64{"shop": 0}, numbersBy(severity.evaluate(h.tick(11)), "A", "namespace"))
	require.Equal(t, map[string]string{"shop": stateNormal}, severity.alerts.states("namespace"))
}

// TestRulesAgreeThreeTimes: without a model, a severity falls only then.
func TestRulesAgreeThreeTimes(t *testing.T) {
	h := newHouse(t, houseParts{model: dead, settings: map[string]any{"alertWait": "100ms"}})
	h.push(h.write("shop", -75, 20, 2*time.Second, calm), h.write("shop/kernel", -5, 0, 10*time.Second, killed))
	h.run()
	severity := newEvaluator(t, h.plugin, h.pc, incidentRule(nil))
	var got []float64
	for _, n := range []float64{0, 11, 12, 13, 14} {
		severity.evaluate(h.tick(n))
		severity.attempt(h.tick(n)) // a further attempt is not a further evaluation
		got = append(got, numbersBy(severity.last, "A", "namespace")["shop"])
	}
	require.Equal(t, []float64{3, 3, 3, 0, 0}, got)
	require.Len(t, severity.alerts.resolved, 1)
}

// TestTwoInstances evaluate one rule at the same time, as two Grafanas do that share a
// Loki and a model server: they agree, and each asks the model for no more than it would
// alone.
func TestTwoInstances(t *testing.T) {
	h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "20s"}})
	h.threeNamespaces()
	h.push(h.write("broken", -5, 12, 3*time.Second, broken))
	ticks := []float64{0, 1, 2, 3, 4, 5}
	alone := newEvaluator(t, h.run(), h.pc, incidentRule(nil))
	var want []map[string]float64
	for _, n := range ticks {
		want = append(want, numbersBy(alone.evaluate(h.tick(n)), "A", "namespace"))
	}
	needs := h.metric(h.plugin, "lokalyst_model_calls_total", "")
	require.Positive(t, needs)

	before := h.model.count(chats)
	first, second := h.run(), h.run()
	both := []*evaluator{newEvaluator(t, first, h.pc, incidentRule(nil)), newEvaluator(t, second, h.pc, incidentRule(nil))}
	for i, n := range ticks {
		var evaluations sync.WaitGroup
		for _, e := range both {
			evaluations.Go(func() { e.evaluate(h.tick(n)) })
		}
		evaluations.Wait()
		for _, e := range both {
			require.Equal(t, "ok", e.last.health, "%v", e.last.errs)
			require.Equal(t, want[i], numbersBy(e.last, "A", "namespace"), "at %v", n)
			require.Equal(t, want[i], numbersBy(e.last, "B", "namespace"), "at %v", n)
		}
		require.Equal(t, both[0].alerts.states("namespace"), both[1].alerts.states("namespace"))
	}
	require.LessOrEqual(t, h.metric(first, "lokalyst_model_calls_total", ""), needs)
	require.LessOrEqual(t, h.metric(second, "lokalyst_model_calls_total", ""), needs)
	require.LessOrEqual(t, float64(h.model.count(chats)-before), 2*needs)
}
