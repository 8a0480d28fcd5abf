// Package evaluate judges golden cases with the engine that judges live logs, and says what
// came of it. A case's lines are read through package logs as from a Loki; a model's answers are
// kept in a file ([Answers]), so that an evaluation can be interrupted and repeated.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/rules"
)

// DefaultPrompt is the prompt that is evaluated where none is named.
const DefaultPrompt = "incident-triage"

// Options say what is evaluated. Only Paths and one kind of judge are needed.
type Options struct {
	// Paths are files of cases, or folders of them.
	Paths  []string
	Select Selection

	// Rules adds the judges without a model: the rules, and the rules without signatures.
	Rules bool
	// Models are the model servers; each is measured with each prompt. A [llm.Server]
	// should be configured as Repeatable and to Yield.
	Models []analysis.Model
	// Prompts are ids, or id@version, of Registry; [DefaultPrompt] where there are none.
	Prompts []string
	// Registry and Signatures are the built-in ones where they are nil.
	Registry   *prompts.Registry
	Signatures *rules.Set
	// OnlyNovel asks the models only about what the rules find suspicious or the baseline
	// does not know, as alert rules do.
	OnlyNovel bool
	// Reruns is how often each question is asked, Orders in how many orders of its lines each
	// case is told; both are 1 at least.
	Reruns, Orders int

	// Answers keeps what the models say; nil for nothing.
	Answers *Answers
	// Replay takes all answers from Answers and asks no server. Models is then ignored, and
	// the models are those of the file, or of them those that ReplayModels names.
	Replay       bool
	ReplayModels []string
	// Patience is how long a server may be busy with others before the run ends; 0 is an
	// hour.
	Patience time.Duration

	// Done are the results that are there already. One that this evaluation would not make
	// is an error: it would be reported along with the others.
	Done map[Key]bool
	// Progress is told of each step that is done.
	Progress func(Progress)
	// Now is the clock of the costs, [time.Now] where it is nil. Cases are judged as of their
	// window's end.
	Now func() time.Time
}

// A Key tells results apart.
type Key struct {
	Case, CaseHash string
	Judge          golden.Judge
	Rerun, Order   int
}

// KeyOf returns the key of a result.
func KeyOf(r *golden.Result) Key {
	return Key{r.Case, r.CaseHash, r.Judge, r.Rerun, r.Order}
}

// Progress is how far an evaluation is.
type Progress struct {
	// Estimating says that the questions are counted, and nothing is judged yet.
	Estimating bool
	// Done of Total judgements are made, those that were there already included; Fresh of
	// them needed the model server.
	Done, Total, Fresh int
	// Waiting says that a model server works for others, which go first.
	Waiting bool
}

// A judge is one of those that are measured.
type judge struct {
	golden.Judge
	set    *rules.Set
	prompt *prompts.Prompt
	model  *recorder
	reruns int
}

// An Evaluation is an evaluation that is ready to start. It is not safe for concurrent use.
type Evaluation struct {
	o      Options
	red    *redact.Redactor
	judges []judge
	cases  map[string]meta
	// total and done are judgements, fresh those of done that a server was asked for.
	total, done, fresh int
	// missing are the questions that no answer is known of.
	missing map[string]bool
}

// New checks the options, reads what is known of the cases, and asks each server what it
// is.
func New(ctx context.Context, o Options) (*Evaluation, error) {
	o.Reruns, o.Orders = max(1, o.Reruns), max(1, o.Orders)
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of an injected clock
	}
	if o.Patience <= 0 {
		o.Patience = time.Hour
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if len(o.Prompts) == 0 {
		o.Prompts = []string{DefaultPrompt}
	}
	e := &Evaluation{o: o, red: redact.New(), cases: map[string]meta{}, missing: map[string]bool{}}
	if err := e.addJudges(ctx); err != nil {
		return nil, err
	}
	all, err := scan(o.Paths, o.Select)
	if err != nil {
		return nil, err
	}
	return e, e.plan(all)
}

// plan counts what is to be done and what is done.
func (e *Evaluation) plan(all []meta) error {
	known := 0
	for _, m := range all {
		e.cases[m.id] = m
		for _, j := range e.judges {
			if !j.takes(m) {
				continue
			}
			for order := range e.o.Orders {
				for rerun := range j.reruns {
					e.total++
					if e.o.Done[m.key(&j, rerun, order)] {
						known++
					}
				}
			}
		}
	}
	if e.done = known; known < len(e.o.Done) {
		return fmt.Errorf("%d of the %d results that are there already are not of this evaluation: other cases, signatures, prompts or models gave them; name another file for the results, or start anew", len(e.o.Done)-known, len(e.o.Done))
	}
	return nil
}

func (m *meta) key(j *judge, rerun, order int) Key { return Key{m.id, m.hash, j.Judge, rerun, order} }

// takes reports whether a case is for a judge.
func (j *judge) takes(m meta) bool {
	return j.prompt == nil || len(m.prompts) == 0 || slices.Contains(m.prompts, j.prompt.ID)
}

func (e *Evaluation) addJudges(ctx context.Context) (err error) {
	if e.o.Registry == nil {
		if e.o.Registry, err = prompts.NewRegistry(); err != nil {
			return err
		}
	}
	if e.o.Signatures == nil {
		if e.o.Signatures, err = rules.BuiltIn(); err != nil {
			return err
		}
	}
	hash, err := e.o.Signatures.Hash()
	if err != nil {
		return err
	}
	if e.o.Rules {
		bare, err := rules.WithoutSignatures()
		if err != nil {
			return err
		}
		bareHash, err := bare.Hash()
		if err != nil {
			return err
		}
		e.judges = append(e.judges,
			judge{Judge: golden.Judge{Kind: golden.JudgeRules, Rules: hash}, set: e.o.Signatures, reruns: 1},
			judge{Judge: golden.Judge{Kind: golden.JudgeWithoutSignatures, Rules: bareHash}, set: bare, reruns: 1})
	}
	models, err := e.recorders(ctx)
	if err != nil {
		return err
	}
	for _, m := range models {
		for _, ref := range e.o.Prompts {
			p, err := e.o.Registry.Get(ref)
			if err != nil {
				return err
			}
			e.judges = append(e.judges, judge{
				Judge: golden.Judge{Kind: golden.JudgeModel, Prompt: p.ID, PromptVersion: p.Version, PromptHash: p.Hash(), Model: m.caps.Model, Rules: hash},
				set:   e.o.Signatures, prompt: p, model: m, reruns: e.o.Reruns,
			})
		}
	}
	if len(e.judges) == 0 {
		return errors.New("there is nobody to judge: name a model server, or let the rules judge")
	}
	return nil
}

// recorders returns the models.
func (e *Evaluation) recorders(ctx context.Context) (out []*recorder, err error) {
	add := func(m analysis.Model, caps llm.Capabilities) error {
		r, err := newRecorder(ctx, m, e.o.Answers, caps, e.o.Now)
		if err != nil {
			return err
		}
		for _, other := range out {
			if other.caps.Model == r.caps.Model {
				return fmt.Errorf("two model servers report the name %q, so their results could not be told apart; start one with another --alias", r.caps.Model)
			}
		}
		r.busy = func() { e.o.Progress(Progress{Done: e.done, Total: e.total, Fresh: e.fresh, Waiting: true}) }
		out = append(out, r)
		return nil
	}
	if !e.o.Replay {
		for _, m := range e.o.Models {
			if err := add(m, llm.Capabilities{}); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	if e.o.Answers == nil {
		return nil, errors.New("a replay needs the file of the answers")
	}
	var names []string
	for _, caps := range e.o.Answers.Servers() {
		names = append(names, caps.Model)
		if len(e.o.ReplayModels) > 0 && !slices.Contains(e.o.ReplayModels, caps.Model) {
			continue
		}
		if err := add(nil, caps); err != nil {
			return nil, err
		}
	}
	for _, m := range e.o.ReplayModels {
		if !slices.Contains(names, m) {
			return nil, fmt.Errorf("the file has no answers of the model %q; it has those of: %s", m, strings.Join(names, ", "))
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the file has no answers of any model; record them with a server first")
	}
	return out, nil
}

// Run is [New] and [Evaluation.Run].
func Run(ctx context.Context, o Options, each func(golden.Result) error) error {
	e, err := New(ctx, o)
	if err != nil {
		return err
	}
	return e.Run(ctx, each)
}
