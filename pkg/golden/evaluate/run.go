package evaluate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/logs"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A MissingError says that a replay lacks answers.
type MissingError struct{ Missing, Total int }

func (e *MissingError) Error() string {
	return fmt.Sprintf("%d answers are not in the file, of %d judgements; run without replay against the model server to record them", e.Missing, e.Total)
}

// ledgerBytes is enough for one judgement.
const ledgerBytes = 1 << 18

// maxLines is how many lines of a window are read where the case does not say.
const maxLines = 20_000

// Run judges what is not done yet and calls each with every result as it is made: cases in
// the files' order, of each case the orders, of each order the judges. It ends with the
// first error of each, with ctx, and where a model server cannot be used: what was passed
// on until then stands, and an evaluation with these results as Done goes on. A model that
// cannot answer one question is a result. Of a replay that lacks answers the other results
// are made, and the error is a [*MissingError].
func (e *Evaluation) Run(ctx context.Context, each func(golden.Result) error) error {
	err := e.eachOpen(ctx, false, func(t *task) error {
		r, err := e.judge(ctx, t)
		if err != nil {
			return err
		}
		if r == nil {
			return nil
		}
		if err := each(*r); err != nil {
			return err
		}
		e.done++
		if t.judge.model != nil && !r.Cost.Replayed {
			e.fresh++
		}
		e.o.Progress(Progress{Done: e.done, Total: e.total, Fresh: e.fresh})
		return nil
	})
	if err == nil && len(e.missing) > 0 {
		return &MissingError{len(e.missing), e.total}
	}
	return err
}

// A task is one judgement.
type task struct {
	meta         meta
	c            *golden.Case // in the task's order
	logs         *logs.Logs
	roles        roles
	judge        *judge
	rerun, order int
}

// eachOpen calls f with each judgement that is not done, of the models alone where it says
// so.
func (e *Evaluation) eachOpen(ctx context.Context, models bool, f func(*task) error) error {
	return golden.EachCase(e.o.Paths, func(c *golden.Case) error {
		m, ok := e.cases[c.ID]
		if !ok {
			return nil
		}
		for order := range e.o.Orders {
			t := task{meta: m, order: order}
			for i := range e.judges {
				t.judge = &e.judges[i]
				if !t.judge.takes(m) || models && t.judge.model == nil {
					continue
				}
				for t.rerun = range t.judge.reruns {
					if e.o.Done[m.key(t.judge, t.rerun, order)] {
						continue
					}
					if err := ctx.Err(); err != nil {
						return err
					}
					if err := t.open(c); err != nil {
						return err
					}
					if err := f(&t); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
}

// open makes the logs of a task, which the tasks of one case and order share.
func (t *task) open(c *golden.Case) (err error) {
	if t.c != nil {
		return nil
	}
	t.c = reordered(c, t.order)
	if t.logs, err = logs.New(t.c); err != nil {
		return err
	}
	t.roles = rolesIn(t.logs, &t.c.Expected)
	return nil
}

// engine returns one that knows nothing from before.
func (e *Evaluation) engine(c *golden.Case) *analysis.Engine {
	now := func() time.Time { return c.Query.End }
	return &analysis.Engine{
		Prompts: e.o.Registry, Signatures: e.o.Signatures, Redactor: e.red,
		Ledger: verdict.NewLedger(verdict.LedgerOptions{Bytes: ledgerBytes, Now: now}),
		Memory: analysis.NewMemory(), Roster: verdict.NewRoster(), Meter: noMeter{}, Tracer: noop.NewTracerProvider().Tracer(""), Now: now,
	}
}

type noMeter struct{}

func (noMeter) ModelCall(string, time.Duration, string, verdict.Usage) {}
func (noMeter) CallAvoided(string)                                     {}
func (noMeter) Compared(string, string)                                {}

// request is the question of a data source's analysis query about the case.
func (e *Evaluation) request(t *task) (analysis.Request, error) {
	back, err := t.c.Query.Back()
	if err != nil {
		return analysis.Request{}, err
	}
	r := analysis.Request{
		Logs: t.logs, Owner: "golden", Org: "golden", Class: llm.ClassBackground, Signatures: t.judge.set,
		Expr: t.c.Query.LogQL, Window: loki.Window{Start: t.c.Query.Start, End: t.c.Query.End}, Baseline: back,
		MaxGroups: 1, MaxLines: maxLines, OnlyNovel: e.o.OnlyNovel,
	}
	if t.c.Query.Limit > 0 {
		r.MaxLines = t.c.Query.Limit
	}
	if t.judge.model != nil {
		r.Models = analysis.One(t.judge.model)
		r.PromptID = t.judge.prompt.ID + "@" + t.judge.prompt.Version
	}
	return r, nil
}

// judge makes one judgement; nil where a replay lacks an answer.
func (e *Evaluation) judge(ctx context.Context, t *task) (*golden.Result, error) {
	cpu := cpuTime()
	if t.judge.model == nil {
		res, err := e.ask(ctx, t)
		if err != nil {
			return nil, err
		}
		out := t.result(res, nil)
		out.Cost.CPU = cpuTime() - cpu
		return &out, nil
	}
	res, calls, err := e.consult(ctx, t)
	if err != nil {
		return nil, err
	}
	for i := range calls {
		if calls[i].missing {
			e.missing[calls[i].key] = true
			return nil, nil
		}
	}
	out := t.result(res, calls)
	out.Cost.CPU = cpuTime() - cpu
	return &out, nil
}

// consult has a model judge, and waits while its server works for others.
func (e *Evaluation) consult(ctx context.Context, t *task) (*analysis.Result, []call, error) {
	began := e.o.Now()
	for {
		t.judge.model.begin(live, t.rerun)
		res, err := e.ask(ctx, t)
		if err != nil {
			return nil, nil, err
		}
		calls, failed := t.judge.model.end()
		waited := e.o.Now().Sub(began)
		switch {
		case failed == nil:
			return res, calls, nil
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case !errors.Is(failed, llm.ErrBusy):
			return nil, nil, fmt.Errorf("case %q: %w", t.meta.id, failed)
		case waited >= e.o.Patience:
			return nil, nil, fmt.Errorf("the model server has worked for others for %s, and they go first; evaluate at a quieter time: %w", waited.Round(time.Second), failed)
		}
	}
}

// ask has the engine judge, as it judges live logs.
func (e *Evaluation) ask(ctx context.Context, t *task) (*analysis.Result, error) {
	r, err := e.request(t)
	if err != nil {
		return nil, err
	}
	engine := e.engine(t.c)
	defer engine.Ledger.Close()
	var res *analysis.Result
	if t.judge.model == nil {
		res, err = engine.Patterns(ctx, r)
	} else {
		res, err = engine.Analyse(ctx, r)
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("case %q: %w", t.meta.id, err)
	}
	return res, err
}

// result tells what came of a judgement.
func (t *task) result(res *analysis.Result, calls []call) golden.Result {
	g := &res.Groups[0]
	v := &g.Verdict
	window, _ := t.c.Lines()
	out := golden.Result{
		Case: t.meta.id, CaseHash: t.meta.hash, GroupID: t.c.GroupID, Family: t.meta.family, Split: t.meta.split, Tags: t.c.Tags,
		Lines: window, Expected: t.c.Expected, Judge: t.judge.Judge, Rerun: t.rerun, Order: t.order,
		Verdict: v.Severity.Word(), Severity: v.Severity, Probability: v.RawProbability, Category: v.Category,
		RulesSeverity: v.RulesSeverity, Contested: v.Contested, Injection: v.SuspectedInjection, Degraded: v.Degraded,
		SchemaValid: true, Claims: claims(t.c.Expected.ForbiddenClaims, v),
	}
	var shown []string
	if t.judge.model != nil {
		shown = []string{}
		if v.Degraded {
			out.Error = warnings(res)
		}
		if n := len(calls); n > 0 {
			out.SchemaValid = calls[0].valid(t.judge.prompt.Fields)
			shown = calls[n-1].asked.ids
		}
	}
	out.Evidence = t.roles.evidence(g, shown, calls)
	out.Cost = costOf(calls)
	return out
}

// warnings joins what a result warns of.
func warnings(res *analysis.Result) (text string) {
	for _, n := range res.Notices {
		if n.Warning {
			if text != "" {
				text += " "
			}
			text += n.Text
		}
	}
	return text
}

func costOf(calls []call) golden.Cost {
	out := golden.Cost{Replayed: len(calls) > 0}
	for i := range calls {
		c := &calls[i]
		out.PromptTokens += c.reply.Timings.PromptTokens + c.reply.Timings.CachedTokens
		out.CachedTokens += c.reply.Timings.CachedTokens
		out.AnswerTokens += c.reply.Timings.AnswerTokens
		out.Latency += c.reply.latency()
		out.Replayed = out.Replayed && c.known
	}
	return out
}
