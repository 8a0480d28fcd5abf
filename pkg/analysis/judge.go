package analysis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// question is what is asked about every group of a request.
type question struct {
	*Request
	// started is when the request came.
	started      time.Time
	prompt       *prompts.Prompt
	instructions string
	query        loki.Query
	red          *redact.Redactor
}

// errNotReady says that a bounded wait ended before the model did.
var errNotReady = errors.New("the model's verdict is not ready yet")

// judge asks the model about one group and puts its verdict in place of the
// rules', or says why it could not. early is told of a verdict whose prose is still
// being written.
func (e *Engine) judge(ctx context.Context, g *Group, q question, t *timer, early func(*Group)) {
	if q.Models == nil {
		g.Verdict.Degraded = true
		g.notice(true, "No model server is set, so the rules alone judged. Enter the URL of a llama-server in the data source's settings.")
		return
	}
	if g.LinesRead == 0 && len(g.Series) == 0 {
		return // nothing to ask about; no lines and gone silent are for the rules to say
	}
	if q.OnlyNovel && !novel(g) {
		e.Meter.CallAvoided("not_novel")
		t.add(func(c *Cost) { c.CallsAvoided++ })
		return
	}
	opinion, err := e.consult(ctx, g.copy(), q, t, early)
	if err != nil {
		degrade(ctx, g, err)
		return
	}
	t.add(func(c *Cost) { c.call(opinion) })
	opinion.apply(g)
}

// consult gets the model's opinion on a group, which it only reads. Where the waiting
// is bounded, everything that may take time goes on without the asker, so that the next
// one finds more.
func (e *Engine) consult(ctx context.Context, g Group, q question, t *timer, early func(*Group)) (opinion, error) {
	if q.Wait == 0 {
		return e.opinion(ctx, &g, q, t, func(o opinion) {
			if early != nil {
				shown := g.copy()
				o.apply(&shown)
				early(&shown)
			}
		})
	}
	type answer struct {
		opinion opinion
		err     error
	}
	var head atomic.Pointer[opinion]
	var gone atomic.Bool
	done := make(chan answer, 1)
	// The asker's costs are told when it leaves, so what goes on is measured for itself.
	own := &timer{tracer: e.Tracer, now: e.Now, cost: &Cost{Millis: map[string]float64{}}}
	if !e.Ledger.Go(ctx, func(ctx context.Context) {
		o, err := protected(func() (opinion, error) {
			return e.opinion(ctx, &g, q, own, func(o opinion) { head.Store(&o) })
		})
		done <- answer{o, err}
		if gone.Load() && err == nil {
			e.learn(&g, q, &o)
		}
	}) {
		return opinion{}, verdict.ErrLedgerClosed
	}
	finished := func(a answer) (opinion, error) {
		t.add(func(c *Cost) { c.steps(own.cost) })
		return a.opinion, a.err
	}
	select {
	case a := <-done:
		return finished(a)
	case <-ctx.Done():
	}
	gone.Store(true)
	select {
	case a := <-done: // both were ready
		return finished(a)
	default:
	}
	if o := head.Load(); o != nil {
		if _, _, doubtful := e.doubtful(&g, q, o); !doubtful {
			return *o, nil
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return opinion{}, errNotReady
	}
	return opinion{}, ctx.Err()
}

// protected turns a panic of f into an error: on a goroutine of its own it would end the
// plugin for everyone.
func protected(f func() (opinion, error)) (o opinion, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("judging panicked: %v", r)
		}
	}()
	return f()
}

// learn tells the series of an alert what the model found after the evaluation had to be
// answered: while an incident begins, the content changes from one evaluation to the next,
// and the verdict on each would come too late for it.
func (e *Engine) learn(g *Group, q question, o *opinion) {
	if !q.Alert {
		return
	}
	judged := g.copy()
	o.apply(&judged)
	judged.Verdict.End = q.Window.End
	e.Roster.Learn(q.roster(q.Expr), g.Values, judged.Verdict)
}

// novel reports whether the group holds anything that a model could add to: what
// the rules call suspicious, or what the baseline does not know.
func novel(g *Group) bool {
	if !g.Compared || g.Rules.Severity != verdict.Healthy {
		return true
	}
	for i := range g.Patterns {
		if g.Patterns[i].Change == patterns.ChangeNew && !g.benign(i) {
			return true
		}
	}
	return false
}

// benign reports whether a user's rule calls a pattern normal.
func (g *Group) benign(i int) bool { return slices.Contains(g.Rules.Benign, i) }

// degrade leaves the rules verdict and says why the model's is missing.
func degrade(ctx context.Context, g *Group, err error) {
	g.Verdict.Degraded = true
	switch {
	case errors.Is(err, errNotReady):
		g.notice(true, "%sThe model's verdict was not ready in time; the rules alone judged. The call goes on, so that the next evaluation can have it.", g.prefix())
	case ctx.Err() != nil:
		g.notice(true, "%sThe query ended before the model's verdict was ready; the rules alone judged.", g.prefix())
	default:
		g.notice(true, "%sThe rules alone judged, because %s", g.prefix(), sentence(err))
	}
}

func sentence(err error) string {
	s := err.Error()
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// An opinion is what the model says of a group.
type opinion struct {
	layout layout
	entry  verdict.Entry
	// first is the first reading's key and judgement.
	first judgedBy
	// cached says that no call was needed, early that the prose is still missing.
	cached, early bool
	// disputed is the severity that stands although the model said another this time,
	// because a second reading did not confirm it; undisputed where there is none.
	disputed verdict.Severity
	// calibration is of the model's probabilities; nil where there is none.
	calibration *verdict.Calibration
}

// undisputed is no severity.
const undisputed verdict.Severity = -2

// apply puts the opinion in place of the rules verdict of a group.
func (o *opinion) apply(g *Group) {
	if n := o.entry.Omitted + o.layout.omitted.n; n > 0 {
		g.notice(false, "%s%d of %d patterns of lower rank were not shown to the model.", g.prefix(), n, max(len(g.Patterns), len(g.Series)))
	}
	apply(g, o.layout, o.entry, o.cached)
	if c := o.calibration; c != nil && g.Verdict.RawProbability >= 0 {
		g.Verdict.Probability, g.Verdict.Calibrated = c.Apply(g.Verdict.RawProbability), true
	}
	g.Shown = o.layout.shown()
	if !o.early {
		g.judged = &o.first
	}
	if o.disputed != undisputed && g.Verdict.Severity != o.disputed {
		g.notice(false, "%sTwo readings of the model disagree; the severity %d stands, which lies between them or is the one before.", g.prefix(), o.disputed)
		g.Verdict.Severity = o.disputed
	}
	switch {
	case o.early:
		g.notice(false, "%sThe model is still writing; its text follows.", g.prefix())
	case o.entry.Answer.Partial:
		g.notice(false, "%sThe model's answer was cut off or had to be repaired; its text is missing.", g.prefix())
	}
}

// humanCount renders a number of things.
func humanCount(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
