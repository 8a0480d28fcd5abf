package lanes_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// The groups of the rule: most say the same all the time, one panics for a while, one
// falls silent, and some move from step to step.
const (
	groups   = 20
	steady   = 14
	panics   = 14 // from crashFrom until crashUntil
	silent   = 15 // from silentFrom on
	moving   = 16 // and those behind it
	crashAt  = 5 * interval
	crashEnd = 12 * interval
	silentAt = 8 * interval
)

func name(group int) string { return fmt.Sprintf("n%02d", group) }

func twentyGroups(start time.Time) (out []lanes.Statement) {
	for g := range groups {
		ns := name(g)
		base := lanes.Steady(90)
		if g == silent {
			base = lanes.During(start.Add(-48*time.Hour), start.Add(silentAt), 6)
		}
		out = append(out,
			statement(ns, "info", "request # of "+ns+" served in # ms", base),
			statement(ns, "warn", "slow query # took # ms", func(at time.Time) float64 { return base(at) / 8 }),
		)
		switch {
		case g == panics:
			out = append(out, statement(ns, "error", fatalLine, lanes.During(start.Add(crashAt), start.Add(crashEnd), 8)))
		case g >= moving: // a new kind of line every few minutes
			for k := range 8 {
				from := start.Add(time.Duration(4*k+g-moving) * interval)
				out = append(out, statement(ns, "warn", fmt.Sprintf("%s retries # after # ms", []string{"dns", "disk", "upload", "login", "mail", "search", "sync", "billing"}[k]), lanes.During(from, from.Add(6*interval), 2)))
			}
		}
	}
	return out
}

// A scene is what the model does while the rule is evaluated.
type scene struct {
	name   string
	answer float64 // tokens a second; the prompt's are five times as many
	state  lanes.State
	// readyAfter is when the model becomes ready.
	readyAfter time.Duration
	// others are questions of another organisation that fill the queue before.
	others int
	// control says that it is to fail.
	control bool
}

func scenes() (out []scene) {
	for _, speed := range []float64{5, 10, 20, 50, 100, 200} {
		out = append(out, scene{name: fmt.Sprintf("%g_tokens_per_s", speed), answer: speed})
	}
	for _, s := range []lanes.State{lanes.Dead, lanes.Hanging, lanes.HangingInside, lanes.HangingMidAnswer, lanes.HangingMidProse, lanes.Failing, lanes.Broken} {
		out = append(out, scene{name: s.String(), answer: nodeAnswer, state: s})
	}
	return append(out,
		scene{name: "loading_3m", answer: nodeAnswer, state: lanes.Loading, readyAfter: 3 * time.Minute},
		scene{name: "dead_3m", answer: nodeAnswer, state: lanes.Dead, readyAfter: 3 * time.Minute},
		scene{name: "full_queue", answer: 5, others: 70},
	)
}

// outcome is what came of the evaluations of a scene.
type outcome struct {
	slowest time.Duration
	misses  int
	// judged are the steady groups that a model had judged at the last evaluation, most at
	// any of them.
	judged, most int
}

const evaluations = 30

// play evaluates a rule in a scene and checks each answer.
func play(t *testing.T, s scene, seed uint64, change func(*analysis.Request)) (out outcome) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(72 * time.Hour)
		start := time.Now().Truncate(interval).Add(interval)
		logs := &lanes.Logs{Seed: seed, Statements: twentyGroups(start), Latency: 200 * time.Millisecond}
		model := &lanes.Model{PromptSpeed: 5 * s.answer, AnswerSpeed: s.answer, Answer: healthy}
		p := newPlant(t, logs, model)
		p.occupy(s.others)
		model.Set(s.state)
		if s.readyAfter > 0 {
			time.AfterFunc(s.readyAfter, func() { model.Set(lanes.Ready) })
		}
		for i := range evaluations {
			to := tick()
			// The same second each minute, as Grafana spreads rules.
			time.Sleep(tenOfInterval)
			began := time.Now()
			r := p.alert(to)
			r.OnlyNovel = false
			change(&r)
			res, took, err := p.evaluate(r)
			out.slowest = max(out.slowest, took)
			if err != nil || took >= grafanaLimit {
				out.misses++
				if !s.control {
					t.Logf("%s, evaluation %d: %v after %s", s.name, i, err, took)
				}
				continue
			}
			out.judged = p.check(res, to, start, began)
			out.most = max(out.most, out.judged)
		}
	})
	return out
}

// occupy has another organisation ask so many questions, and waits until they are in the
// queue.
func (p *plant) occupy(questions int) {
	for i := range questions {
		go func() {
			_, _ = p.pool.Servers()[0].Chat(p.t.Context(), llm.Request{
				Messages: []llm.Message{{Role: "system", Content: fmt.Sprint(i)}, {Role: "user", Content: fmt.Sprint(i)}}, Schema: []byte(`{}`), MaxTokens: 100,
				Class: func() llm.Class { return llm.ClassInteractive }, Org: "2",
			})
		}()
	}
	synctest.Wait()
}

// check checks an answer and returns how many of the steady groups a model judged.
func (p *plant) check(res *analysis.Result, to, start, began time.Time) (judged int) {
	got := map[string]*verdict.Verdict{}
	for i := range res.Groups {
		g := &res.Groups[i]
		require.NotContains(p.t, got, g.Values[0], "each group once")
		got[g.Values[0]] = &g.Verdict
		require.GreaterOrEqual(p.t, g.Verdict.Severity, g.Verdict.RulesSeverity, g.Name)
	}
	for g := range groups {
		require.Contains(p.t, got, name(g), "every known group")
	}
	require.Len(p.t, got, groups)
	if p.logs.Count(fatalLine, to.Add(-window), to) > 0 {
		require.Equal(p.t, verdict.Critical, got[name(panics)].Severity)
	}
	if to.After(start.Add(silentAt + window)) {
		require.GreaterOrEqual(p.t, got[name(silent)].Severity, verdict.Notice, "a silent group is not healthy")
	}
	ready := map[string]bool{}
	for _, d := range p.model.Done() {
		if d.Whole && d.Ended.Before(began) {
			ready[d.Group(byNamespace)] = true
		}
	}
	for g := range steady {
		v := got[name(g)]
		if v.Source == verdict.SourceModel {
			judged++
		}
		if ready[name(g)] {
			require.Equal(p.t, verdict.SourceModel, v.Source, "%s was ready and is served", name(g))
		}
	}
	return judged
}

// TestFigureAlertAnswer evaluates a rule over 20 groups in every state of the model.
func TestFigureAlertAnswer(t *testing.T) {
	slowest, misses := time.Duration(0), 0
	for i, s := range scenes() {
		if i%scale != 0 {
			continue
		}
		out := play(t, s, uint64(i), func(r *analysis.Request) {
			if i%2 == 0 {
				r.Baseline = 0 // then only what was there before tells that a group is silent
			}
		})
		figure(t, "alert_answer_p100_s_"+s.name, out.slowest.Seconds(), "s")
		figure(t, "alert_groups_judged_share_"+s.name, float64(out.judged)/steady, "ratio")
		slowest, misses = max(slowest, out.slowest), misses+out.misses
		if (s.state == lanes.Ready || s.readyAfter > 0) && s.answer >= nodeAnswer {
			require.Equal(t, steady, out.judged, s.name)
		}
		if s.state == lanes.HangingMidProse {
			require.Positive(t, out.most, "the head of an answer is enough")
		}
	}
	figure(t, "alert_answer_p100_s", slowest.Seconds(), "s")
	figure(t, "deadline_misses", float64(misses), "evaluations")
	require.LessOrEqual(t, slowest, alertWait)
	require.Zero(t, misses)
}

// TestAWaitThatIsTooLongIsSeen: the figure can fail.
func TestAWaitThatIsTooLongIsSeen(t *testing.T) {
	s := scene{name: "control", control: true, answer: nodeAnswer, state: lanes.HangingInside}
	out := play(t, s, 1, func(r *analysis.Request) { r.Wait = 6 * time.Second })
	require.Greater(t, out.slowest, alertWait)
	out = play(t, s, 1, func(r *analysis.Request) { r.Wait = 0 })
	require.Positive(t, out.misses)
}
