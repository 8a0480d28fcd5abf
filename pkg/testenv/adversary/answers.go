package adversary

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Answers is what a run of answers that no model should give led to.
type Answers struct {
	// Completions is how many answers were given, Responses how many responses of the
	// plugin were looked at, of an analysis and of an alert rule.
	Completions, Responses int
	// Valid responses can be read and hold nothing that is out of range.
	Valid int
	// Cited is how many patterns were shown as the model's evidence, Fabricated how many of
	// them show nothing or were not in the request. An incident on the model's word that
	// shows no evidence counts as one.
	Cited, Fabricated int
	// Incidents are the responses with severity 3 on the model's word.
	Incidents int
	// Examples tell of the first failures.
	Examples []string
}

func (a *Answers) fail(format string, args ...any) {
	if len(a.Examples) < 10 {
		a.Examples = append(a.Examples, fmt.Sprintf(format, args...))
	}
}

// An answersRun asks the plugin questions whose answers are not what they should be.
type answersRun struct {
	stages []stage
	out    Answers

	mu    sync.Mutex
	shown map[string]bool // what the model was shown for the question under way
	n     uint64
	last  string
}

// RunAnswers gives the plugin n bad answers and looks at what an analysis and an alert rule
// return.
func RunAnswers(ctx context.Context, seed uint64, n int) (Answers, error) {
	run := &answersRun{stages: stages()}
	w := newWorld()
	for _, s := range run.stages {
		w.add(s.scene)
	}
	c := &completer{seed: seed, stage: run.stageOf}
	model := &modelServer{answer: func(p prompt) completion { return run.complete(c, p) }}
	r, err := newRig(w, model)
	if err != nil {
		return Answers{}, err
	}
	defer r.close()
	for i := 0; model.count() < n; i++ {
		if i > n {
			return run.out, fmt.Errorf("after %d questions the model was asked %d times", i, model.count())
		}
		// What is remembered of one data source is of no use to the next.
		t, err := r.tenant(ctx, fmt.Sprint("answers", i/2000), nil)
		if err != nil {
			return run.out, err
		}
		if err := run.question(ctx, t, i); err != nil {
			return run.out, err
		}
	}
	run.out.Completions = model.count()
	return run.out, nil
}

// complete makes an answer and notes what the model is shown.
func (run *answersRun) complete(c *completer, p prompt) completion {
	run.mu.Lock()
	defer run.mu.Unlock()
	for _, id := range p.shown {
		run.shown[p.defined[id]] = true
	}
	answer := c.complete(run.n, p)
	run.n++
	run.last = answer.text
	return answer
}

// stageOf finds the stage that a prompt shows.
func (run *answersRun) stageOf(p prompt) *stage {
	for i := range run.stages {
		if strings.Contains(p.text, "scene "+run.stages[i].scene.name+".") {
			return &run.stages[i]
		}
	}
	return &run.stages[0]
}

// question asks one question that was not asked before, as a panel and as a rule.
func (run *answersRun) question(ctx context.Context, t tenant, i int) error {
	s := &run.stages[i%len(run.stages)]
	run.mu.Lock()
	run.shown = map[string]bool{}
	run.mu.Unlock()
	// The variable makes the question another one.
	q := query{
		"expr": s.scene.expr(), "baseline": s.baseline, "ask": "always", "promptVars": map[string]string{"service": fmt.Sprintf("s%d of scene %s.", i, s.scene.name)},
	}
	with := func(more query) query {
		out := query{}
		maps.Copy(out, q)
		maps.Copy(out, more)
		return out
	}
	rule := asRule(fmt.Sprint("rule", i))
	value := []string{"severity", "probability", "contested", "degraded", "rules_severity"}[i%5]
	steps := []func() error{
		func() error { return run.panel(ctx, t, s, with(query{"queryType": "analysis"})) },
		func() error { return run.rule(ctx, t, with(query{"queryType": "verdict", "value": value}), rule) },
		func() error { return run.rule(ctx, t, with(query{"queryType": "notification", "value": value}), rule) },
	}
	if i%2 == 1 { // each lane is sometimes the first
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (run *answersRun) panel(ctx context.Context, t tenant, s *stage, q query) error {
	res, err := t.ask(ctx, q, nil)
	if err != nil {
		return err
	}
	run.look(checkAnalysis(res), "panel")
	if res.Error == nil {
		run.evidence(s, res)
	}
	return nil
}

func (run *answersRun) rule(ctx context.Context, t tenant, q query, headers map[string]string) error {
	res, err := t.ask(ctx, q, headers)
	if err != nil {
		return err
	}
	run.look(checkRule(res, -1, 3), "rule")
	return nil
}

func (run *answersRun) look(wrong error, lane string) {
	run.out.Responses++
	if wrong == nil {
		run.out.Valid++
		return
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	run.out.fail("%s: %v after %.300q", lane, wrong, run.last)
}

// evidence looks at what is shown as the model's evidence.
func (run *answersRun) evidence(s *stage, res backend.DataResponse) {
	f, v := frameNamed(res.Frames, "findings"), frameNamed(res.Frames, "verdict")
	if f == nil || v == nil {
		return // counted as invalid
	}
	supported := false
	for row := range f.Rows() {
		if at[string](f, "reason", row) != "" {
			continue // a finding of the rules
		}
		run.out.Cited++
		if why := run.fabricated(s, f, row); why != "" {
			run.out.Fabricated++
			run.out.fail("%s: %q %s after %.300q", s.scene.name, at[string](f, "pattern", row), why, run.last)
			continue
		}
		supported = true
	}
	if at[float64](v, "severity", 0) == 3 && at[float64](v, "rules_severity", 0) < 3 {
		run.out.Incidents++
		if !supported {
			run.out.Fabricated++
			run.out.fail("%s: an incident without evidence after %.300q", s.scene.name, run.last)
		}
	}
}

// fabricated says what is wrong with a row of the findings, empty where nothing is.
func (run *answersRun) fabricated(s *stage, f *data.Frame, row int) string {
	pattern := at[string](f, "pattern", row)
	role, ok := s.roleOf(at[string](f, "sample", row))
	switch {
	case !ok:
		return "is no line of the request"
	case role < known:
		return "shows nothing unusual"
	}
	run.mu.Lock()
	defer run.mu.Unlock()
	for text := range run.shown {
		if strings.HasSuffix(text, pattern) {
			return ""
		}
	}
	return "was not shown to the model"
}
