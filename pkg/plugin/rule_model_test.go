package plugin_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// until polls for a condition.
func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !met(); time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(limit), "waiting until %s", what)
	}
}

// numbersBy are the numbers of a query by the value of a label.
func numbersBy(e evaluation, refID, label string) map[string]float64 {
	out := map[string]float64{}
	for _, n := range e.numbers[refID] {
		out[n.labels[label]] = *n.value
	}
	return out
}

// threeNamespaces are one with a fatal signature from five minutes before the start on,
// one with something new and harmless from then on, and one that is as ever.
func (h *house) threeNamespaces() {
	for namespace, extra := range map[string]func(*rand.Rand) string{"shop/kernel": killed, "odd/cache": novelty, "calm/cache": calm} {
		h.push(h.write(strings.Split(namespace, "/")[0], -75, 12, 2*time.Second, calm))
		h.push(h.write(namespace, -5, 12, 20*time.Second, extra))
	}
}

// TestRuleInEachStateOfTheModel: from a cold start on, in each state that a model server
// can be in, a rule gets numbers for each series well within its deadline, and when the
// model works again it is asked again, without an alert ending in between.
func TestRuleInEachStateOfTheModel(t *testing.T) {
	store, llama := sharedLoki(t), sharedLlama(t)
	for name, tc := range map[string]struct {
		model    way
		wait     string
		degraded map[string]float64
	}{
		"ready":   {open, "20s", map[string]float64{"shop": 0, "odd": 0, "calm": 0}},
		"loading": {loading, "300ms", map[string]float64{"shop": 1, "odd": 1, "calm": 0}},
		"dead":    {dead, "300ms", map[string]float64{"shop": 1, "odd": 1, "calm": 0}},
		"hanging": {hanging, "300ms", map[string]float64{"shop": 1, "odd": 1, "calm": 0}},
		"stuck":   {stuck, "300ms", map[string]float64{"shop": 1, "odd": 1, "calm": 0}},
		"failing": {failing, "300ms", map[string]float64{"shop": 1, "odd": 1, "calm": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, houseParts{store: store, llama: llama, model: tc.model, settings: map[string]any{"alertWait": tc.wait}})
			h.threeNamespaces()
			h.run()
			severity := newEvaluator(t, h.plugin, h.pc, incidentRule(nil))
			degraded := newEvaluator(t, h.plugin, h.pc, incidentRule(map[string]any{"value": "degraded"}))
			degraded.rule.UID = "degraded"
			for i := range 3 {
				e := severity.evaluate(h.tick(float64(i)))
				require.Equal(t, "ok", e.health, "%v", e.errs)
				require.Greater(t, e.left, evalDeadline/2, "the model must not use up the deadline")
				require.Equal(t, map[string]float64{"shop": 3, "odd": 0, "calm": 0}, numbersBy(e, "A", "namespace"))
				require.Equal(t, map[string]string{"shop": stateAlerting, "odd": stateNormal, "calm": stateNormal}, severity.alerts.states("namespace"))
				require.NotContains(t, severity.alerts.find("namespace", "shop").annotations["summary"], "no value")
				e = degraded.evaluate(h.tick(float64(i)))
				require.Equal(t, "ok", e.health, "%v", e.errs)
				require.Equal(t, tc.degraded, numbersBy(e, "A", "namespace"))
			}
			h.model.set(open)
			tick := h.tick(2)
			until(t, "the model judges", func() bool {
				tick = tick.Add(time.Second)
				severity.evaluate(tick)
				return len(numbersBy(degraded.evaluate(tick), "A", "namespace")) == 3 && degraded.alerts.states("namespace")["shop"] == stateNormal && sum(numbersBy(degraded.last, "A", "namespace")) == 0
			})
			require.Positive(t, h.metric(h.plugin, "lokalyst_model_calls_total", `outcome="ok"`))
			require.Empty(t, severity.alerts.resolved)
			require.Equal(t, 1, severity.alerts.fired)
		})
	}
}

func sum(numbers map[string]float64) (s float64) {
	for _, n := range numbers {
		s += n
	}
	return s
}

// TestHangingModelLeavesTheDeadlineAlone with the wait that an installation has.
func TestHangingModelLeavesTheDeadlineAlone(t *testing.T) {
	h := newHouse(t, houseParts{model: hanging, settings: map[string]any{"alertWait": ""}})
	h.threeNamespaces()
	h.run()
	severity := newEvaluator(t, h.plugin, h.pc, incidentRule(nil))
	e := severity.evaluate(h.tick(0))
	require.Equal(t, "ok", e.health, "%v", e.errs)
	require.Greater(t, e.left, evalDeadline/2)
	require.Equal(t, map[string]float64{"shop": 3, "odd": 0, "calm": 0}, numbersBy(e, "A", "namespace"))
}

// TestModelDiesUnderAFiringAlert: the model alone made it fire, and its server ends. The
// severity stands as long as the model's verdict counts; after that it falls as soon as
// the rules, who look at the current logs, were milder three times in a row.
func TestModelDiesUnderAFiringAlert(t *testing.T) {
	llama, err := testenv.StartLlama(t.Context(), testenv.LlamaOptions{Progress: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, llama.Close()) })
	h := newHouse(t, houseParts{llama: llama, settings: map[string]any{"alertWait": "20s"}})
	// The rules see too few for an incident.
	h.push(h.write("shop", -10, 60, 25*time.Second, broken))
	// What comes later has not been judged before.
	h.push(h.write("shop", 2, 60, 60*time.Second, func(*rand.Rand) string { return "ERROR gateway failed: error error timeout" }))
	h.run()
	rules := map[string]*evaluator{}
	for _, maxAge := range []string{"1m", "5m"} {
		// Another variable makes it another series.
		rules[maxAge] = newEvaluator(t, h.plugin, h.pc, incidentRule(map[string]any{"maxAge": maxAge, "baseline": "none", "promptVars": map[string]string{"service": maxAge}}))
		require.Equal(t, map[string]float64{"shop": 3}, numbersBy(rules[maxAge].evaluate(h.tick(0)), "A", "namespace"))
	}
	require.Equal(t, 2.0, rulesSeverity(h, h.tick(0)), "else this would not be the model's word")

	require.NoError(t, llama.Close())
	for maxAge, want := range map[string]float64{"1m": 5, "5m": 6} {
		severity, fell := rules[maxAge], 0.0
		for n := 3.0; n <= 10 && fell == 0; n++ {
			e := severity.evaluate(h.tick(n))
			require.Equal(t, "ok", e.health, "%v", e.errs)
			if severity.alerts.states("namespace")["shop"] != stateAlerting {
				fell = n
			}
		}
		require.Equal(t, want, fell)
		require.Equal(t, map[string]float64{"shop": 2}, numbersBy(severity.last, "A", "namespace"))
	}
}

// rulesSeverity is that of the shop.
func rulesSeverity(h *house, tick time.Time) float64 {
	e := newEvaluator(h.t, h.plugin, h.pc, incidentRule(map[string]any{"value": "rules_severity", "baseline": "none"}))
	e.rule.UID = "rules"
	e.evaluate(tick)
	return numbersBy(e.last, "A", "namespace")["shop"]
}

// TestAttemptsGetTheSameAnswer: byte by byte, also while the model becomes ready between
// two of them.
func TestAttemptsGetTheSameAnswer(t *testing.T) {
	h := newHouse(t, houseParts{model: stuck, settings: map[string]any{"alertWait": "100ms"}})
	h.threeNamespaces()
	h.run()
	severity := newEvaluator(t, h.plugin, h.pc, incidentRule(nil))
	ask := func(tick time.Time) string {
		var all []string
		for _, q := range severity.rule.Queries {
			res, err := severity.send(t.Context(), q, tick)
			require.NoError(t, err)
			raw, err := json.Marshal(res)
			require.NoError(t, err)
			all = append(all, string(raw))
		}
		return strings.Join(all, "\n")
	}
	first := ask(h.tick(0))
	require.Contains(t, first, `"frames"`)
	h.model.set(open)
	n := 0.0
	until(t, "the model judges", func() bool {
		n++
		ask(h.tick(n / 60))
		return h.metric(h.plugin, "lokalyst_model_calls_total", `outcome="ok"`) > 0
	})
	asked := h.loki.count("")
	for range attempts {
		require.Equal(t, first, ask(h.tick(0)))
	}
	require.Equal(t, asked, h.loki.count(""), "Loki is not asked again")
}
