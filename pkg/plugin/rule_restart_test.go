package plugin_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRestartUnderAFiringAlert: a new process knows nothing, and its model server hangs;
// what the logs show it sees again at once.
func TestRestartUnderAFiringAlert(t *testing.T) {
	h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "300ms"}})
	h.threeNamespaces()
	h.push(h.write("batch", -75, -12, 2*time.Second, calm))
	severity := newEvaluator(t, h.run(), h.pc, incidentRule(nil))
	for n := range 4 {
		if n == 2 {
			require.NoError(t, h.plugin.Close())
			h.model.set(stuck)
			severity.plugin = h.run()
		}
		e := severity.evaluate(h.tick(float64(n)))
		require.Equal(t, "ok", e.health, "%v", e.errs)
		require.Equal(t, map[string]float64{"shop": 3, "odd": 0, "calm": 0, "batch": 1}, numbersBy(e, "A", "namespace"), "at %d", n)
	}
	require.Empty(t, severity.alerts.resolved)
	require.Equal(t, 1, severity.alerts.fired)
}

// TestHistoryCarriesAnAlertOverARestart: where the current logs alone would let alerts end,
// because a model made them fire or the logs have stopped, a new process knows of them
// from the history. The model is not asked again about what it has judged.
func TestHistoryCarriesAnAlertOverARestart(t *testing.T) {
	h := newHouse(t, houseParts{
		settings: map[string]any{"alertWait": "20s", "historyEnabled": true},
		secrets:  map[string]string{"historyKey": "0123456789abcdef0123456789abcdef"},
	})
	h.push(h.write("shop", -10, 30, 3*time.Second, broken), h.write("batch/kernel", -5, 0, 10*time.Second, killed))
	// What comes later has not been judged before.
	h.push(h.write("shop", 2, 60, 9*time.Second, func(*rand.Rand) string { return "ERROR gateway failed: error error timeout" }))
	severity := newEvaluator(t, h.run(), h.pc, incidentRule(map[string]any{"baseline": "none"}))
	firing := func(n float64) {
		t.Helper()
		e := severity.evaluate(h.tick(n))
		require.Equal(t, "ok", e.health, "%v", e.errs)
		require.Equal(t, map[string]float64{"shop": 3, "batch": 3}, numbersBy(e, "A", "namespace"))
		require.Equal(t, map[string]string{"shop": stateAlerting, "batch": stateAlerting}, severity.alerts.states("namespace"))
		require.NotEqual(t, "n/a", e.numbers["B"][1].labels["summary"])
	}
	restart := func() {
		t.Helper()
		require.NoError(t, h.plugin.Close())
		severity.plugin = h.run()
	}
	firing(0)
	asked := h.model.count(chats)
	require.Positive(t, asked)

	restart()
	firing(0) // a further attempt of the same evaluation
	require.Equal(t, asked, h.model.count(chats), "the ledger is warm")

	restart()
	h.model.set(dead)
	firing(11)
	firing(12)
	require.Empty(t, severity.alerts.resolved)
	require.Equal(t, 2, severity.alerts.fired)
}
