// Package analysis is one query's way through the house: collect, condense,
// assess, compose, infer, verify, record. It knows the order of the steps and
// what each hands to the next; how logs are read and models are asked is behind
// the interfaces [Logs] and [Model].
package analysis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Logs reads logs and series; [loki.Client] implements it.
type Logs interface {
	// Buckets counts lines by slot and labels.
	Buckets(ctx context.Context, q loki.Query, w loki.Window, step time.Duration, by []string) ([]loki.Bucket, error)
	// Read passes the lines of parts to sink.
	Read(ctx context.Context, q loki.Query, parts []loki.Part, o loki.ReadOptions, sink func(part int, e loki.Entry)) ([]loki.PartRead, error)
	// Series runs a metric query.
	Series(ctx context.Context, q loki.Query, w loki.Window, step time.Duration) ([]loki.Series, error)
	// Streams tells which streams there are.
	Streams(ctx context.Context, q loki.Query, w loki.Window, matchers ...string) ([]map[string]string, error)
}

// One always returns m, for [Request.Models].
func One(m Model) func(string) Model { return func(string) Model { return m } }

// Model answers questions; [llm.Server] implements it.
type Model interface {
	Chat(ctx context.Context, r llm.Request) (llm.Reply, error)
	Capabilities(ctx context.Context) (llm.Capabilities, error)
	CountTokens(ctx context.Context, messages []llm.Message) (n int, ok bool, err error)
	Tokenize(ctx context.Context, text string) (ids []int, ok bool, err error)
	// Speed is how fast the last calls were.
	Speed() llm.Speed
}

// An Engine holds what all queries of a process share. It is immutable and safe
// for concurrent use.
type Engine struct {
	Prompts    *prompts.Registry
	Signatures *rules.Set
	Redactor   *redact.Redactor
	Ledger     *verdict.Ledger
	Memory     *Memory
	Roster     *verdict.Roster
	Meter      Meter
	Tracer     trace.Tracer
	Now        func() time.Time
}

// leaveGrace is how long a call of the model goes on that its asker has left: the refresh
// of a dashboard takes less to ask again.
const leaveGrace = 5 * time.Second

// NewEngine returns an engine with the built-in prompts and signatures and a ledger
// of up to ledgerBytes bytes. Close the ledger at the end.
func NewEngine(ledgerBytes int64, tracer trace.Tracer, now func() time.Time) (*Engine, error) {
	registry, err := prompts.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("built-in prompts: %w", err)
	}
	signatures, err := rules.BuiltIn()
	if err != nil {
		return nil, fmt.Errorf("built-in signatures: %w", err)
	}
	return &Engine{
		Prompts: registry, Signatures: signatures, Redactor: redact.New(), Ledger: verdict.NewLedger(verdict.LedgerOptions{Bytes: ledgerBytes, Grace: leaveGrace, Now: now}), Memory: NewMemory(), Roster: verdict.NewRoster(), Meter: noMeter{}, Tracer: tracer, Now: now,
	}, nil
}

// Analyse answers a request. It returns an error only where nothing can be
// answered: the query is wrong, the prompt unknown, or Loki fails. A model that
// fails leaves the rules verdict, marked as degraded, with a notice.
func (e *Engine) Analyse(ctx context.Context, r Request) (*Result, error) {
	// What can be wrong with the question is found before anything is read.
	query, err := loki.Parse(r.Expr)
	if err != nil {
		return nil, err
	}
	prompt, err := e.Prompts.Get(r.PromptID)
	if err != nil {
		return nil, err
	}
	instructions, err := prompt.Render(r.PromptVars)
	if err != nil {
		return nil, &InputError{Reason: err.Error()}
	}
	started := e.Now()
	r.series = r.roster(r.Expr)
	res, err := e.read(ctx, query, &r)
	if err != nil {
		return nil, err
	}
	res.Prompt = prompt
	if r.Alert {
		e.addKnown(&r, res)
	}
	t := &timer{tracer: e.Tracer, now: e.Now, cost: &res.Cost}
	t.run(ctx, "assess", func(context.Context) { e.assess(&r, res) })
	e.judgeGroups(ctx, res, question{Request: &r, started: started, prompt: prompt, instructions: instructions, query: query, red: e.Redactor.WithKey(r.Pseudonyms)}, t)
	if err := ctx.Err(); err != nil && r.Wait == 0 {
		return nil, err
	}
	var states []verdict.Series
	if r.Alert {
		states = e.serve(&r, res)
	}
	e.record(&r, res, states)
	collectNotices(res)
	res.remember()
	return res, nil
}

// lookup is what finding the judgements of many groups in the ledger takes at most on a
// busy machine: composing what would be asked is most of it.
const lookup = 500 * time.Millisecond

// shaping is left of a bounded wait for what comes behind the model.
const shaping = 200 * time.Millisecond

// judgeGroups asks the model about the worst groups. A bounded wait is one for all
// of them, and then none queues behind another: a call that is not started while
// the asker waits would never be. It tells r.Partial of what it knows.
func (e *Engine) judgeGroups(ctx context.Context, res *Result, q question, t *timer) {
	asked := worst(res.Groups, q.MaxGroups)
	if n := len(res.Groups) - len(asked); n > 0 {
		res.notice(false, "The model judges the %d worst of %d groups by the rules verdict; the other %d have the rules verdict only. Raise maxGroups to ask about more.", len(asked), len(res.Groups), n)
	}
	wait := ctx
	var calls errgroup.Group
	if q.Wait > 0 {
		limit := max(q.Wait-e.Now().Sub(q.started)-shaping, min(q.Wait, lookup))
		if deadline, ok := ctx.Deadline(); ok {
			limit = max(min(limit, deadline.Sub(e.Now())-q.Reserve), time.Millisecond)
		}
		var cancel context.CancelFunc
		wait, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	} else {
		calls.SetLimit(maxParallelCalls)
	}
	p := newPartial(res, q.Partial)
	for _, g := range asked {
		calls.Go(func() error {
			defer p.update(g)
			defer func() {
				if r := recover(); r != nil { // a goroutine's panic would end the plugin for everyone
					degrade(ctx, g, fmt.Errorf("judging panicked: %v", r))
				}
			}()
			e.judge(wait, g, q, t, p.early(g))
			return nil
		})
	}
	_ = calls.Wait() // judge reports through notices
}

// Patterns answers with the patterns and the rules verdict, without a model and
// without a prompt.
func (e *Engine) Patterns(ctx context.Context, r Request) (*Result, error) {
	query, err := loki.Parse(r.Expr)
	if err != nil {
		return nil, err
	}
	res, err := e.read(ctx, query, &r)
	if err != nil {
		return nil, err
	}
	e.assess(&r, res)
	collectNotices(res)
	return res, nil
}

// maxParallelCalls bounds the goroutines that wait for the model per request; the
// model server's own slots bound what really runs.
const maxParallelCalls = 8

// read collects and condenses.
func (e *Engine) read(ctx context.Context, query loki.Query, r *Request) (*Result, error) {
	res := &Result{Query: query, Executed: query, Window: r.Window, GroupBy: r.GroupBy, Cost: Cost{Millis: map[string]float64{}}}
	t := &timer{tracer: e.Tracer, now: e.Now, cost: &res.Cost}
	var err error
	t.run(ctx, "collect", func(ctx context.Context) {
		if err = e.excludeOwnLogs(ctx, r, res); err != nil {
			return
		}
		if query.Kind == loki.KindMetric {
			err = collectSeries(ctx, r, res)
			return
		}
		err = e.collectLines(ctx, r, res)
		trace.SpanFromContext(ctx).SetAttributes(
			attribute.Int64("lokalyst.lines.read", res.Cost.Lines), attribute.Int("lokalyst.loki.requests", res.Cost.LokiRequests),
			attribute.Int("lokalyst.patterns", res.Cost.Patterns), attribute.Int("lokalyst.groups", len(res.Groups)),
		)
	})
	for i := range res.Groups {
		res.Groups[i].Name = groupName(r.GroupBy, res.Groups[i].Values)
	}
	if err == nil && r.Events {
		t.run(ctx, "context", func(ctx context.Context) { e.addEvents(ctx, r, res) })
	}
	return res, err
}

// addEvents reads the Kubernetes events of all groups at once and gives each group
// those of its own streams.
func (e *Engine) addEvents(ctx context.Context, r *Request, res *Result) {
	limit := eventsLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, deadline.Sub(e.Now())/eventsShare)
	}
	of := make([][]map[string]string, len(res.Groups))
	var all []map[string]string
	for i := range res.Groups {
		of[i] = res.Groups[i].labels()
		all = append(all, of[i]...)
	}
	r.progress("context", "reading Kubernetes events")
	events, notices := readEvents(ctx, eventsFrom(r.Logs), all, r.Window, limit)
	res.Notices = append(res.Notices, notices...)
	mask := e.Redactor.WithKey(r.Pseudonyms).Mask
	for i := range res.Groups {
		res.Groups[i].Events = condenseEvents(events, of[i], r.Window, mask)
	}
}

// How long reading events may take: they are context, and the answer is worth more.
const (
	eventsLimit = 10 * time.Second
	eventsShare = 4
)

// labels returns the label sets that the group's lines or series have.
func (g *Group) labels() (out []map[string]string) {
	seen := map[int]bool{}
	for i := range g.Patterns {
		for _, s := range g.Patterns[i].Streams {
			if !seen[s] {
				seen[s] = true
				out = append(out, g.Streams[s])
			}
		}
	}
	for i := range g.Series {
		out = append(out, g.Series[i].Labels)
	}
	return out
}

// remember notes what was judged, for the choice of baselines.
func (r *Result) remember() {
	if r.judged == nil {
		return
	}
	for i := range r.Groups {
		r.judged.add(r.Window, r.Groups[i].Verdict.Severity)
	}
}

func groupName(by, values []string) string {
	parts := make([]string, len(by))
	for i, name := range by {
		parts[i] = name + "=" + strconv.Quote(values[i])
	}
	return strings.Join(parts, ", ")
}

// An InputError is a question that cannot be answered as it was asked.
type InputError struct{ Reason string }

func (e *InputError) Error() string { return e.Reason }
