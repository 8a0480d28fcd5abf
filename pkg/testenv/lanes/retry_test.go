package lanes_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A blackout is a model that is down for an hour while rules are evaluated.
type blackout struct {
	state         lanes.State
	rules, groups int
}

// requests returns how many requests reached the model server during the blackout, how
// many of them were calls of the model, and how many questions there were. One attempt
// without any retry makes one request of each question, or one call where all but the
// calls succeed.
func (b blackout) requests(t *testing.T, seed uint64) (requests, calls, questions int) {
	prompts := []string{promptTriage, "error-summary", "security-review"}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(72 * time.Hour)
		var statements []lanes.Statement
		for g := range b.groups {
			statements = append(statements,
				statement(name(g), "info", "request # of "+name(g)+" served in # ms", lanes.Steady(90)),
				statement(name(g), "warn", "slow query # took # ms", lanes.Steady(20)))
		}
		p := newPlant(t, &lanes.Logs{Seed: seed, Statements: statements}, &lanes.Model{PromptSpeed: nodePrompt, AnswerSpeed: nodeAnswer, Answer: healthy})
		_, _, err := p.evaluate(p.alert(tick())) // what is asked once at the start is known
		require.NoError(t, err)
		time.Sleep(30 * time.Minute)
		p.model.Set(b.state)
		before, callsBefore := p.model.Asked(), p.model.Calls()
		for range hour {
			to := tick()
			var wg sync.WaitGroup
			for rule := range b.rules {
				wg.Go(func() {
					time.Sleep(time.Duration(rule) * 7 * time.Second)
					r := p.alert(to)
					r.Baseline, r.PromptID = 0, prompts[rule]
					res, _, err := p.evaluate(r)
					require.NoError(t, err)
					require.Len(t, res.Groups, b.groups)
					for _, g := range res.Groups {
						// What is known already is no question.
						if g.Verdict.Source == verdict.SourceRules {
							require.True(t, g.Verdict.Degraded)
						}
					}
				})
			}
			wg.Wait()
			questions += b.rules * b.groups
		}
		requests, calls = p.model.Asked()-before, p.model.Calls()-callsBefore
	})
	return requests, calls, questions
}

// TestFigureRetryAmplificationModel: see blackout. Where the whole server is down, every
// request counts, probes too; where only the model is, the calls of it. What happens with
// Loki and Grafana's attempts is measured in pkg/plugin, whose code answers those.
func TestFigureRetryAmplificationModel(t *testing.T) {
	worst := 0.0
	for _, s := range []lanes.State{lanes.Dead, lanes.Hanging, lanes.Broken, lanes.Loading, lanes.HangingInside, lanes.Failing} {
		for size, b := range map[string]blackout{"3_rules_of_20_groups": {s, 3, maxGroups}, "1_rule_of_1_group": {s, 1, 1}} {
			if scale > 1 && b.groups > 1 && s != lanes.Dead {
				continue
			}
			requests, calls, questions := b.requests(t, uint64(s))
			t.Logf("%s, %s: %d requests, %d of them calls, for %d questions", s, size, requests, calls, questions)
			ratio := float64(requests) / float64(questions)
			if s == lanes.HangingInside || s == lanes.Failing {
				require.Positive(t, calls, "it is tried now and then")
				ratio = float64(calls) / float64(questions)
			}
			figure(t, "retry_amplification_model_"+s.String()+"_"+size, ratio, "ratio")
			worst = max(worst, ratio)
		}
	}
	figure(t, "retry_amplification_model", worst, "ratio")
	require.LessOrEqual(t, worst, 1.1)
}
