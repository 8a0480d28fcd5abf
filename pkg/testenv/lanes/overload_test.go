package lanes_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// An overload is 50 distinct queries at once on one slot: alert rules, whose verdicts are
// of use for a quarter of an hour, and people, who wait for some minutes.
const (
	queries = 50
	rules   = 20
	people  = queries - rules
	warmups = 12
)

// overload is what came of it.
type overload struct {
	useful, elapsed time.Duration
	served          int
	// possible is how many people the slot could have served behind the rules.
	possible    int
	patience    []time.Duration
	refusals    []time.Duration // how long each took
	alertsFirst bool
}

// refusal is what a refused query is told.
var refusal = regexp.MustCompile(`the model server is busy: \d+ calls? (is|are) ahead, a slot will be free in about \S+, an answer takes about \S+, and \S+ are left\. Try again later`)

func ofNamespace(ns string) string { return fmt.Sprintf(`{namespace=%q}`, ns) }

// many are the logs of so many namespaces, which differ in the number and length of
// their patterns.
func many(r *rand.Rand) (out []lanes.Statement) {
	for i := range queries + warmups {
		ns := name(i)
		for k := range 4 + r.IntN(8) {
			text := fmt.Sprintf("%s step%c # of %s took # ms", ns, 'a'+k, strings.Repeat("batch ", r.IntN(6)))
			out = append(out, statement(ns, []string{"info", "warn"}[k%2], text, lanes.Steady(100)))
		}
	}
	return out
}

// crowd asks everything at once.
func crowd(t *testing.T, seed uint64, change func(*analysis.Request)) (out overload) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(72 * time.Hour)
		r := rand.New(rand.NewPCG(seed, 7))
		p := newPlant(t, &lanes.Logs{Seed: seed, Statements: many(r)}, &lanes.Model{PromptSpeed: nodePrompt, AnswerSpeed: nodeAnswer, Latency: 10 * time.Millisecond, Answer: healthy})
		to := time.Now().Truncate(interval)
		ask := func(i int, patience time.Duration) (*analysis.Result, error) {
			req := p.panel(to)
			if i < rules {
				req = p.alert(to)
				req.OnlyNovel = false
			}
			req.Baseline, req.GroupBy, req.Expr, req.Org = 0, nil, ofNamespace(name(i)), fmt.Sprint(i%3)
			change(&req)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			return p.engine.Analyse(ctx, req)
		}
		for i := range warmups { // so that the speed is known
			_, err := ask(queries+i, maxPanelTime)
			require.NoError(t, err)
		}
		warm := len(p.model.Done())
		began := time.Now()
		var mu sync.Mutex
		useful := map[string]bool{}
		var wg sync.WaitGroup
		for _, i := range r.Perm(queries) {
			patience := grafanaLimit
			if i >= rules {
				patience = 2*time.Minute + time.Duration(r.IntN(180))*time.Second
				out.patience = append(out.patience, patience)
			}
			wg.Go(func() {
				res, err := ask(i, patience)
				took := time.Since(began)
				mu.Lock()
				defer mu.Unlock()
				out.count(t, i, res, err, took, useful)
			})
		}
		wg.Wait()
		// What a rule was not told in time, it must have at its next evaluations.
		time.Sleep(time.Until(began.Add(maxAge)))
		done := p.model.Done()[warm:]
		for i := range rules {
			res, err := ask(i, grafanaLimit)
			require.NoError(t, err)
			if v := res.Groups[0].Verdict; v.Source == verdict.SourceModel && v.Cached {
				useful[name(i)] = true
			}
		}
		out.measure(done, useful, began)
	})
	return out
}

// count takes the answer to a query.
func (o *overload) count(t *testing.T, i int, res *analysis.Result, err error, took time.Duration, useful map[string]bool) {
	if i < rules {
		require.NoError(t, err)
		return
	}
	if err == nil && res.Groups[0].Verdict.Source == verdict.SourceModel {
		useful[name(i)] = true
		o.served++
		return
	}
	o.refusals = append(o.refusals, took)
	require.NoError(t, err, "it is refused before its time is over")
	require.Regexp(t, refusal, notices(res))
}

func notices(res *analysis.Result) string {
	var out []string
	for _, n := range res.Notices {
		out = append(out, n.Text)
	}
	return strings.Join(out, "\n")
}

var aNamespace = regexp.MustCompile(`n\d\d`)

// measure compares the time of the useful answers with that of the slot.
func (o *overload) measure(done []lanes.Done, useful map[string]bool, began time.Time) {
	o.alertsFirst = true
	people := 0
	var last time.Time
	for _, d := range done {
		ns := aNamespace.FindString(d.Prompt)
		if useful[ns] && d.Whole {
			o.useful += d.Ended.Sub(d.Began)
		}
		last = d.Ended
		if ns >= name(rules) {
			people++
		} else if people > 1 { // one may have been first of all
			o.alertsFirst = false
		}
	}
	o.elapsed = last.Sub(began)
	// Who knew everything would serve the least patient first, as long as it is of use.
	call := o.useful / time.Duration(max(1, len(useful)))
	end := rules * call
	slices.Sort(o.patience)
	for _, patience := range o.patience {
		if end+call <= patience {
			end += call
			o.possible++
		}
	}
}

// TestFigureOverloadGoodput: see crowd.
func TestFigureOverloadGoodput(t *testing.T) {
	worst, served, possible := 1.0, 0, 0
	var refusals []time.Duration
	for seed := range max(2, 10/scale) {
		o := crowd(t, uint64(seed), func(*analysis.Request) {})
		require.True(t, o.alertsFirst)
		require.NotEmpty(t, o.refusals, "it is an overload")
		worst, served, possible = min(worst, o.useful.Seconds()/o.elapsed.Seconds()), served+o.served, possible+o.possible
		refusals = append(refusals, o.refusals...)
	}
	slices.Sort(refusals)
	late, _ := slices.BinarySearch(refusals, soon)
	late = len(refusals) - late
	p95 := refusals[len(refusals)*95/100]
	figure(t, "overload_goodput", worst, "ratio")
	figure(t, "overload_people_served_share", float64(served)/float64(possible), "ratio")
	figure(t, "overload_refusal_p95_ms", float64(p95.Milliseconds()), "ms")
	figure(t, "overload_late_refusals_share", float64(late)/float64(len(refusals)), "ratio")
	require.GreaterOrEqual(t, worst, 0.95)
	require.Less(t, p95, soon)
}

// soon is how fast a query is to be refused.
const soon = 50 * time.Millisecond
