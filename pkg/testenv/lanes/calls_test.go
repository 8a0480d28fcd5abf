package lanes_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A quiet system: the means of its patterns in a window of a quarter of an hour, as the
// model is told of them in steps that begin at 4, 32, 256 and 2,048.
func quiet(border float64) []lanes.Statement {
	return []lanes.Statement{
		statement("shop", "info", "request # served in # ms", lanes.Steady(300)),
		statement("shop", "info", "session # of user # renewed", lanes.Steady(120)),
		statement("shop", "info", "cache # refreshed with # entries", lanes.Steady(60)),
		statement("shop", "debug", "gc cycle # took # us", lanes.Steady(15)),
		statement("shop", "warn", "slow query # took # ms", lanes.Steady(14)),
		statement("shop", "info", "job # of queue # finished on the border", lanes.Steady(border)),
	}
}

func healthy(c lanes.Call) (string, float64) {
	if c.Pattern("panic: runtime error") != "" {
		return lanes.Verdict(c, verdict.Critical, "panic: runtime error"), 0.95
	}
	return lanes.Verdict(c, verdict.Healthy, ""), 0.95
}

const (
	clients = 20
	hour    = 60
)

// quietHour runs an hour of 20 clients of one query, half of them rules and half panels,
// and returns how often the model was called. rare is how many patterns come once a window
// in the mean. Then a process panics, and every client
// must be told so at its next evaluation.
func quietHour(t *testing.T, seed uint64, border float64, rare int, change func(*analysis.Request)) (calls int) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(48 * time.Hour) // so that there was a day before
		start := time.Now()
		crash := start.Add((hour + 1) * interval)
		statements := quiet(border)
		for i := range rare {
			statements = append(statements, statement("shop", "info", []string{"lease renewed by #", "index compacted to # bytes", "leader is now node #"}[i], lanes.Steady(1)))
		}
		logs := &lanes.Logs{Seed: seed, Statements: append(statements, statement("shop", "error", fatalLine, lanes.During(crash, crash.Add(time.Hour), 10)))}
		p := newPlant(t, logs, &lanes.Model{PromptSpeed: nodePrompt, AnswerSpeed: nodeAnswer, Answer: healthy})
		ask := func(client int, to time.Time) *analysis.Result {
			r := p.panel(to)
			if client%2 == 0 {
				r = p.alert(to)
			}
			change(&r)
			if client%2 == 0 {
				res, _, err := p.evaluate(r)
				require.NoError(t, err)
				return res
			}
			res, err := p.watch(r)
			require.NoError(t, err)
			return res
		}
		// Each client has its own second, as Grafana spreads rules and people open panels.
		round := func(check func(client int, res *analysis.Result)) {
			to := tick()
			var wg sync.WaitGroup
			for client := range clients {
				wg.Go(func() {
					offset := time.Duration(client) * interval / clients
					time.Sleep(offset)
					at := to
					if client%2 == 1 {
						at = time.Now()
					}
					check(client, ask(client, at))
				})
			}
			wg.Wait()
		}
		for range hour {
			round(func(int, *analysis.Result) {})
		}
		calls = p.model.Calls()
		for time.Now().Before(crash.Add(interval)) {
			time.Sleep(time.Second)
		}
		round(func(client int, res *analysis.Result) {
			require.Equal(t, map[string]verdict.Severity{"shop": verdict.Critical}, served(res), "client %d", client)
		})
	})
	return calls
}

// TestFigureModelCallsQuietRuleHour: see quietHour. The figure is where every evaluation
// could ask.
func TestFigureModelCallsQuietRuleHour(t *testing.T) {
	always := func(r *analysis.Request) { r.OnlyNovel, r.Baseline = false, 0 }
	novel := func(r *analysis.Request) { r.OnlyNovel, r.Baseline = true, 24*time.Hour }
	most, sum, runs := 0, 0, 0
	for i, border := range []float64{4, 32, 256, 4, 32, 4} {
		if i%scale != 0 {
			continue
		}
		n := quietHour(t, uint64(i), border, 0, always)
		most, sum, runs = max(most, n), sum+n, runs+1
	}
	figure(t, "model_calls_quiet_rule_hour", float64(most), "calls")
	figure(t, "model_calls_quiet_rule_hour_mean", float64(sum)/float64(runs), "calls")
	asked := quietHour(t, 7, 32, 0, novel)
	figure(t, "model_calls_quiet_rule_hour_novel", float64(asked), "calls")
	if scale == 1 {
		figure(t, "model_calls_quiet_rule_hour_3_rare_patterns", float64(quietHour(t, 8, 32, 3, always)), "calls")
		figure(t, "model_calls_quiet_rule_hour_novel_3_rare_patterns", float64(quietHour(t, 8, 32, 3, novel)), "calls")
	}
	figure(t, "model_calls_quiet_rule_hour_naive", clients*hour, "calls")
	require.Positive(t, most, "the model is asked at all")
	require.LessOrEqual(t, most, 2)
	require.Zero(t, asked)
}
