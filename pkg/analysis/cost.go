package analysis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Cost is what an answer took.
type Cost struct {
	// Lines is how many lines were read of Loki, of the window and of the baseline.
	// What was known already is not among them.
	Lines        int64
	LokiRequests int
	Patterns     int
	PromptTokens int
	CachedTokens int // of PromptTokens, reused from the server's prefix cache
	AnswerTokens int
	ModelCalls   int
	CallsAvoided int
	// Millis is the wall time by step: collect (which includes condense), assess,
	// compose and infer. Groups are judged in parallel, so steps can overlap.
	Millis map[string]float64
}

func (c *Cost) add(o Cost) {
	c.Lines += o.Lines
	c.LokiRequests += o.LokiRequests
}

// call adds what a judgement of the model took.
func (c *Cost) call(o opinion) {
	if o.cached {
		c.CallsAvoided++
		return
	}
	c.ModelCalls++
	c.PromptTokens += o.entry.Usage.PromptTokens
	c.CachedTokens += o.entry.Usage.CachedTokens
	c.AnswerTokens += o.entry.Usage.AnswerTokens
}

// steps adds the times of the steps of another.
func (c *Cost) steps(o *Cost) {
	for step, millis := range o.Millis {
		c.Millis[step] += millis
	}
}

// A timer measures steps into a cost and spans. It is safe for concurrent use.
type timer struct {
	tracer trace.Tracer
	now    func() time.Time
	mu     sync.Mutex
	cost   *Cost
}

func (t *timer) run(ctx context.Context, step string, do func(context.Context)) {
	ctx, span := t.tracer.Start(ctx, "lokalyst."+step)
	defer span.End()
	started := t.now()
	do(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cost.Millis[step] += float64(t.now().Sub(started).Microseconds()) / 1000
}

func (t *timer) add(f func(*Cost)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(t.cost)
}

func (r *Result) notice(warning bool, format string, args ...any) {
	r.Notices = append(r.Notices, Notice{Warning: warning, Text: fmt.Sprintf(format, args...)})
}

func (g *Group) notice(warning bool, format string, args ...any) {
	g.notices = append(g.notices, Notice{Warning: warning, Text: fmt.Sprintf(format, args...)})
}

// copy returns a copy whose verdict and notices can be changed.
func (g *Group) copy() Group {
	out := *g
	out.notices = slices.Clip(out.notices)
	return out
}

// prefix names the group in a notice that holds for it alone.
func (g *Group) prefix() string {
	if g.Name == "" {
		return ""
	}
	return g.Name + ": "
}

// collectNotices joins the groups' notices; what holds for several groups is said
// once.
func collectNotices(r *Result) {
	for i := range r.Groups {
		for _, n := range r.Groups[i].notices {
			if !slices.Contains(r.Notices, n) {
				r.Notices = append(r.Notices, n)
			}
		}
	}
}
