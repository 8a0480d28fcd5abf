package lanes_test

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// staleLine is one that no rule knows and that a model should: a warning of the program's
// own words.
const (
	staleLine = "checkout of cart # uses stale prices after # ms"
	slowLine  = "slow query # took # ms"
)

// noise is how often the model's answer is wrong, whatever it was asked.
const noise = 0.2

// noisy is a model that says a wrong word now and then, and is sure of it. The same
// question gets the same answer, as at temperature 0.
func noisy(seed uint64) func(lanes.Call) (string, float64) {
	return func(c lanes.Call) (string, float64) {
		if c.Pattern("stale prices") != "" {
			return lanes.Verdict(c, verdict.Critical, "stale prices"), 0.97
		}
		h := fnv.New64a()
		fmt.Fprint(h, c.Prompt, c.Messages)
		r := rand.New(rand.NewPCG(seed, h.Sum64()))
		s := word(r)
		return lanes.Verdict(c, s, map[bool]string{true: "slow query"}[s > verdict.Healthy]), 0.97
	}
}

// word draws what a noisy model says of healthy logs.
func word(r *rand.Rand) verdict.Severity {
	if r.Float64() >= noise {
		return verdict.Healthy
	}
	return []verdict.Severity{verdict.Inconclusive, verdict.Warning, verdict.Critical}[r.IntN(3)]
}

// A day of some groups that stay as they are and some that change slowly. Behind the
// names are how often the truth changes.
func day(start time.Time) (out []lanes.Statement, truth map[string]int) {
	base := func(ns string, scale func(time.Time) float64) {
		for k, mean := range []float64{90, 60, 14} {
			out = append(out, statement(ns, "info", fmt.Sprintf("%s of # done in # ms", []string{"request", "session renewal", "cache refresh"}[k]), func(at time.Time) float64 { return mean / 15 * scale(at) }))
		}
		out = append(out, statement(ns, "warn", slowLine, func(at time.Time) float64 { return 12.0 / 15 * scale(at) }))
	}
	one := func(time.Time) float64 { return 1 }
	base("steady", one)
	base("border", one) // one mean on the border of a step
	out = append(out, statement("border", "info", "job # of queue # finished", lanes.Steady(32)))
	base("errors", one) // one mean on the threshold of a rule
	out = append(out, statement("errors", "error", "upload # failed after # tries", lanes.Steady(5)))
	base("wave", func(at time.Time) float64 { return 1 + 0.6*math.Sin(2*math.Pi*at.Sub(start).Hours()/24) })
	base("features", one) // a new harmless kind of line every 40 minutes
	for k := range 36 {
		from := start.Add(time.Duration(k) * 40 * time.Minute)
		text := fmt.Sprintf("%s %s enabled for # users", []string{"search", "export", "invoice", "profile", "chat", "mail"}[k%6], []string{"ranking", "template", "layout", "shortcut", "digest", "upload"}[k/6])
		out = append(out, statement("features", "info", text, lanes.During(from, from.Add(3*time.Hour), 0.8)))
	}
	base("growth", one) // a warning that grows to the tenfold
	out = append(out, statement("growth", "warn", "connection # reset # times", func(at time.Time) float64 {
		return 8.0 / 15 * (1 + 9*min(1, max(0, at.Sub(start).Hours()/24)))
	}))
	base("crash", one) // what a rule knows
	crash := start.Add(12 * time.Hour)
	out = append(out, statement("crash", "error", fatalLine, lanes.During(crash, crash.Add(30*time.Minute), 6)))
	base("stale", one) // what only a model knows
	out = append(out, statement("stale", "warn", staleLine, lanes.During(crash, crash.Add(30*time.Minute), 6)))
	return out, map[string]int{"growth": 1, "crash": 2, "stale": 2}
}

// flaps is what came of a day.
type flaps struct {
	// product, naive are the changes of the served severity that the truth does not make, by
	// group: of the product, and of who serves the answer of each evaluation anew.
	product, naive map[string]int
	calls          int
}

func flapsOfDay(t *testing.T, seed uint64, hours int, change func(*analysis.Request)) (out flaps) {
	out = flaps{product: map[string]int{}, naive: map[string]int{}}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(72 * time.Hour)
		start := time.Now()
		statements, truth := day(start.Add(time.Duration(hours-24) * time.Hour / 2)) // the middle of the day
		p := newPlant(t, &lanes.Logs{Seed: seed, Statements: statements}, &lanes.Model{PromptSpeed: nodePrompt, AnswerSpeed: nodeAnswer, Answer: noisy(seed)})
		r := rand.New(rand.NewPCG(seed, 3))
		crash := start.Add(time.Duration(hours) * time.Hour / 2)
		last, lastNaive := map[string]verdict.Severity{}, map[string]verdict.Severity{}
		for i := range hours * 60 {
			to := tick()
			req := p.alert(to)
			req.OnlyNovel = false
			change(&req)
			res, _, err := p.evaluate(req)
			require.NoError(t, err)
			for _, g := range res.Groups {
				ns := g.Values[0]
				fresh := max(word(r), g.Verdict.RulesSeverity)
				if i > 0 && last[ns] != g.Verdict.Severity {
					out.product[ns]++
				}
				if i > 0 && lastNaive[ns] != fresh {
					out.naive[ns]++
				}
				last[ns], lastNaive[ns] = g.Verdict.Severity, fresh
			}
			if since := to.Sub(crash); since >= interval && since < 30*time.Minute {
				require.Equal(t, verdict.Critical, last["crash"], "a rule's word is served at the next evaluation")
				if since >= 2*interval {
					require.Equal(t, verdict.Critical, last["stale"], "a model's word is served at the second evaluation, %s", since)
				}
			}
		}
		for ns, n := range truth {
			out.product[ns], out.naive[ns] = max(0, out.product[ns]-n), max(0, out.naive[ns]-n)
		}
		out.calls = p.model.Calls()
	})
	return out
}

// changesSlowly tells which groups of a day do.
func changesSlowly(group string) bool {
	return group == "wave" || group == "features" || group == "growth"
}

// groupsOfDay is how many groups a day has, slowGroups how many of them change slowly.
const (
	groupsOfDay = 8
	slowGroups  = 3
)

// TestFigureVerdictFlaps: see day. The hours are those of a series.
func TestFigureVerdictFlaps(t *testing.T) {
	runs := []struct {
		name   string
		seed   uint64
		change func(*analysis.Request)
	}{
		{"novel_1d", 1, func(r *analysis.Request) { r.OnlyNovel = true }}, // the default of a rule
		{"always_none", 2, func(r *analysis.Request) { r.Baseline = 0 }},
		{"always_1d", 3, func(*analysis.Request) {}},
		{"novel_1d", 4, func(r *analysis.Request) { r.OnlyNovel = true }},
	}
	hours := 24
	if scale > 1 {
		runs, hours = runs[1:2], 4
	}
	product, naive := map[bool]int{}, 0 // by whether the group changes slowly
	for _, run := range runs {
		out := flapsOfDay(t, run.seed, hours, run.change)
		t.Logf("%s, seed %d, %d hours, %d calls: %v", run.name, run.seed, hours, out.calls, out.product)
		for group, n := range out.product {
			product[changesSlowly(group)] += n
			naive += out.naive[group]
		}
		for group, n := range out.naive {
			if _, ok := out.product[group]; !ok {
				naive += n
			}
		}
	}
	total := float64(len(runs) * hours)
	steady, slow := float64(product[false])/total/(groupsOfDay-slowGroups), float64(product[true])/total/slowGroups
	figure(t, "verdict_flaps_per_hour_steady", steady, "changes/h")
	figure(t, "verdict_flaps_per_hour_slow", slow, "changes/h")
	figure(t, "verdict_flaps_per_hour", max(steady, slow), "changes/h")
	figure(t, "verdict_flaps_per_hour_naive", float64(naive)/total/groupsOfDay, "changes/h")
	if scale > 1 {
		t.Skip("so few hours decide nothing")
	}
	require.LessOrEqual(t, max(steady, slow), 0.1)
	require.Greater(t, float64(naive)/total/groupsOfDay, 1.0, "the noise is there")
}
