package analysis

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// maxCall bounds one call of the model once it has a slot. A 3B model
// on a slow desktop CPU reads a full dictionary in about a minute.
const maxCall = 5 * time.Minute

// opinion gets the model's judgement on a group from the ledger, or from the model
// through it, and a second reading where one is needed. early is told of a judgement
// whose prose is still being written.
func (e *Engine) opinion(ctx context.Context, g *Group, q question, t *timer, early func(opinion)) (o opinion, err error) {
	m := q.Models(q.epoch(g).String())
	var key verdict.Key
	t.run(ctx, "compose", func(ctx context.Context) { o.layout, key, err = e.compose(ctx, g, q, m) })
	if err != nil {
		return o, err
	}
	o.disputed = undisputed
	byRules := g.Rules.Severity // a call can end after its asker has left
	q.progress("infer", "asking the model about %s", humanCount(len(o.layout.entries), "pattern", "patterns"))
	t.run(ctx, "infer", func(ctx context.Context) {
		var out verdict.Outcome
		out, err = e.judgement(ctx, q, m, o.layout, key, hearing{
			early: func(entry verdict.Entry) {
				early(opinion{layout: o.layout, entry: entry, early: true, disputed: undisputed, calibration: e.calibration(q, entry.Model)})
			},
			fresh: func(entry verdict.Entry) { e.compare(q, byRules, entry.Severity()) },
		})
		if err != nil {
			return
		}
		o.entry, o.cached, o.early, o.calibration = out.Entry, out.Cached, out.Early, e.calibration(q, out.Entry.Model)
		o.first = judgedBy{key, out.Entry}
		trace.SpanFromContext(ctx).SetAttributes(
			attribute.Bool("lokalyst.ledger.hit", out.Cached),
			attribute.Int("gen_ai.usage.input_tokens", out.Entry.Usage.PromptTokens),
			attribute.Int("gen_ai.usage.output_tokens", out.Entry.Usage.AnswerTokens),
			attribute.Int("lokalyst.prompt_tokens_reused", out.Entry.Usage.CachedTokens),
		)
		if q.Alert && !out.Early {
			err = e.confirm(ctx, g, q, m, key, &o)
		}
	})
	return o, err
}

// A hearing is who is told of a judgement besides its asker; either may be nil.
type hearing struct {
	// early is told of a judgement whose prose is still being written.
	early func(verdict.Entry)
	// fresh is told of one that the model has just made, once for all who wait for it.
	fresh func(verdict.Entry)
}

// judgement asks the ledger, and the model where that knows nothing.
func (e *Engine) judgement(ctx context.Context, q question, m Model, l layout, key verdict.Key, h hearing) (out verdict.Outcome, err error) {
	// A call that another asker began was refused for what that one's time is.
	var own atomic.Bool
	for {
		a := asking{question: q, model: m, left: e.left(ctx, q), within: e.within(ctx, q)}
		out, err = e.Ledger.Do(ctx, verdict.Ask{
			Key: key, Keep: q.Wait > 0, Urgency: int(q.Class), Early: h.early,
			Judge: func(ctx context.Context, c *verdict.Call) (verdict.Entry, error) {
				own.Store(true)
				a.call = c
				entry, err := e.ask(ctx, a, l)
				if err == nil && h.fresh != nil {
					h.fresh(entry)
				}
				return entry, err
			},
		})
		if own.Swap(true) || !errors.Is(err, llm.ErrBusy) { // once more is enough
			break
		}
	}
	if err == nil && out.Cached {
		e.Meter.CallAvoided("ledger")
	}
	return out, err
}

// calibration returns that of the scorecard for the question's prompt and a model, whatever
// the gate said of it; nil where there is none.
func (e *Engine) calibration(q question, model string) *verdict.Calibration {
	card, _ := e.Prompts.Scorecard(q.prompt.Hash(), model)
	return card.Calibration
}

// doubtful reports whether an opinion would change what a known series is served with,
// and returns the severity by the opinion and the one served last.
func (e *Engine) doubtful(g *Group, q question, o *opinion) (says, last verdict.Severity, yes bool) {
	last, ok := e.Roster.Served(q.roster(q.Expr), g.Values, q.Window.End)
	if !ok || o.entry.Severity() == verdict.Inconclusive {
		return 0, 0, false
	}
	shown := g.copy()
	apply(&shown, o.layout, o.entry, o.cached)
	says = shown.Verdict.Severity
	return says, last, max(says, g.Rules.Severity) != max(last, g.Rules.Severity)
}

// confirm has the model read again what would change what a known series is served with
// on the model's word alone: nobody is woken, and no alert ends, because one answer came
// out odd. What lies in the middle of the severity served last and both readings stands.
func (e *Engine) confirm(ctx context.Context, g *Group, q question, m Model, key verdict.Key, o *opinion) error {
	first, last, yes := e.doubtful(g, q, o)
	if !yes {
		return nil
	}
	again := o.layout
	again.again = true
	out, err := e.judgement(ctx, q, m, again, verdict.KeyOf(key.String(), "again"), hearing{})
	if err != nil {
		return err
	}
	second := g.copy()
	apply(&second, again, out.Entry, out.Cached)
	stands := middle(last, first, second.Verdict.Severity)
	o.cached = o.cached && out.Cached
	switch stands {
	case first:
	case second.Verdict.Severity:
		o.entry = out.Entry
	default:
		o.disputed = stands
	}
	return nil
}

func middle(a, b, c verdict.Severity) verdict.Severity { return max(min(a, b), min(max(a, b), c)) }

// asking is one call of the model.
type asking struct {
	question
	model Model
	// left is how long the call may take once it has a slot, within how long its answer is
	// of use, the wait for the slot included; 0 as long as anybody waits.
	left, within time.Duration
	call         *verdict.Call
}

// ask runs one call: it fits the dictionary into the server's context, asks, and
// checks the answer. The result cites templates instead of ids, so that it can be
// served to a later request whose ids differ.
func (e *Engine) ask(ctx context.Context, a asking, l layout) (entry verdict.Entry, err error) {
	started := e.Now()
	// Waiting for a slot is bounded too, or a slow server would collect calls.
	ctx, cancel := context.WithTimeout(ctx, 2*maxCall)
	defer cancel()
	outcome := "ok"
	defer func() {
		if err != nil {
			outcome = outcomeOf(err)
		}
		e.Meter.ModelCall(outcome, e.Now().Sub(started), entry.Model, entry.Usage)
	}()
	caps, err := a.model.Capabilities(ctx)
	if err != nil {
		return verdict.Entry{}, err
	}
	fitted, tokens, err := fit(ctx, a.model, l, bounds{context: caps.Context, answer: a.prompt.Model.MaxTokens, left: a.left})
	if err != nil {
		return verdict.Entry{}, lasting(err)
	}
	r := a.request(&fitted, tokens)
	r.Stream = a.publisher(&fitted, caps.Model)
	reply, err := a.model.Chat(ctx, r)
	answer, err := a.parse(&fitted, reply, err)
	if err == nil && answer.Partial {
		outcome = "cut"
	}
	if errors.Is(err, verdict.ErrAnswer) || errors.Is(err, llm.ErrCut) {
		outcome = "repaired"
		answer, reply, err = a.repair(ctx, &fitted, tokens, reply, err)
	}
	if err != nil {
		return verdict.Entry{}, lasting(err)
	}
	entry = a.entry(&fitted, answer, reply.Tokens, cmp.Or(reply.Model, caps.Model))
	entry.Omitted = len(l.entries) - len(fitted.entries)
	entry.Usage = verdict.Usage{
		PromptTokens: reply.Timings.PromptTokens + reply.Timings.CachedTokens, CachedTokens: reply.Timings.CachedTokens,
		AnswerTokens: reply.Timings.AnswerTokens,
	}
	return entry, nil
}
