package plugin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRuleWithoutLoki: a rule must learn that the logs cannot be read, soon, in the same
// words each time and without Loki being asked three times; the notification has rows all
// the same, for without them the rule would read "no data".
func TestRuleWithoutLoki(t *testing.T) {
	store, llama := sharedLoki(t), sharedLlama(t)
	for name, tc := range map[string]struct {
		loki     way
		settings map[string]any
		want     string
	}{
		"dead":    {dead, nil, "Check that Loki runs"},
		"hanging": {hanging, map[string]any{"timeout": 1}, "Narrow the time range"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, houseParts{store: store, llama: llama, settings: tc.settings})
			h.threeNamespaces()
			h.run()
			rule := incidentRule(nil)
			severity := newEvaluator(t, h.plugin, h.pc, rule)
			rule.NoDataState, rule.ExecErrState = keepLast, keepLast
			kept := newEvaluator(t, h.plugin, h.pc, rule)
			evaluate := func(n float64) evaluation {
				kept.evaluate(h.tick(n))
				return severity.evaluate(h.tick(n))
			}
			require.Equal(t, "ok", evaluate(0).health)

			h.loki.set(tc.loki)
			for n := 1.0; n <= 2; n++ {
				first := severity.attempt(h.tick(n))
				require.Equal(t, "error", first.health)
				require.Greater(t, first.left, evalDeadline/2)
				asked := h.loki.count("")
				e := evaluate(n)
				require.Equal(t, "error", e.health)
				require.Len(t, e.errs, attempts)
				for _, err := range e.errs {
					require.ErrorContains(t, err, tc.want)
					require.EqualError(t, err, first.errs[0].Error())
				}
				require.Equal(t, asked, h.loki.count(""), "an evaluation asks Loki once, however often it is tried")
				require.Equal(t, map[string]float64{"shop": -1, "odd": -1, "calm": -1}, numbersBy(e, "B", "namespace"))
				require.Equal(t, "n/a", e.numbers["B"][0].labels["summary"])
			}
			// Without KeepLast Grafana resolves what fires, at the second error.
			require.Equal(t, map[string]string{"": stateError}, severity.alerts.states("namespace"))
			require.Len(t, severity.alerts.resolved, 1)
			require.Equal(t, "Alerting (Error, KeepLast)", kept.alerts.states("namespace")["shop"])

			h.loki.set(open)
			require.Equal(t, "ok", evaluate(3).health)
			require.Equal(t, stateAlerting, severity.alerts.states("namespace")["shop"])
			require.Equal(t, stateAlerting, kept.alerts.states("namespace")["shop"])
			require.Empty(t, kept.alerts.resolved)
		})
	}
}

// TestColdStartWithoutLoki: nothing is known yet, and still the notification has a row.
func TestColdStartWithoutLoki(t *testing.T) {
	h := newHouse(t, houseParts{})
	h.loki.set(dead)
	h.run()
	severity := newEvaluator(t, h.plugin, h.pc, incidentRule(nil))
	e := severity.evaluate(h.tick(0))
	require.Equal(t, "error", e.health)
	require.Len(t, e.errs, attempts)
	require.Equal(t, map[string]float64{"": -1}, numbersBy(e, "B", "namespace"))
	require.Equal(t, map[string]string{"A": stateError}, severity.alerts.states("ref_id"))
}

// TestSlowLokiLeavesWhatIsKnown: reading can take longer than the whole wait for the model;
// what that has judged before is served all the same.
func TestSlowLokiLeavesWhatIsKnown(t *testing.T) {
	h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "400ms"}})
	for i := range 20 {
		h.push(h.write(fmt.Sprintf("shop%d", i), -10, 20, 10*time.Second, broken))
	}
	h.run()
	degraded := newEvaluator(t, h.plugin, h.pc, incidentRule(map[string]any{"value": "degraded", "baseline": "none"}))
	tick := h.tick(0)
	left := func() float64 {
		tick = tick.Add(time.Second)
		e := degraded.evaluate(tick)
		require.Equal(t, "ok", e.health, "%v", e.errs)
		require.Len(t, e.numbers["A"], 20)
		return sum(numbersBy(e, "A", "namespace"))
	}
	until(t, "the model has judged", func() bool { return left() == 0 })
	h.loki.set(slow(500 * time.Millisecond))
	least := 20.0
	for i := 0; i < 5 && least > 0; i++ { // a busy machine may need more than one try
		least = min(least, left())
	}
	require.Zero(t, least, "groups left to the rules")
}
