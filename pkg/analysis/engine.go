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
	"github.com/lokalyst/lokalyst/pkg/patterns"
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
		Prompts: registry, Signatures: signatures, Redactor: redact.New(), Ledger: verdict.NewLedger(verdict.LedgerOptions{Bytes: ledgerBytes, Now: now}), Memory: NewMemory(), Roster: verdict.NewRoster(), Meter: noMeter{}, Tracer: tracer, Now: now,
	}, nil
}

// A Request is one question about one window of logs.
type Request struct {
	Logs Logs
	// Models returns the model that judges what has the affinity: questions with the same
	// one begin alike, so they do best with one server. nil leaves the judgement to the
	// rules.
	Models func(affinity string) Model
	// Class says how urgent calls of the model are, and Org whose they are: between
	// organisations they are served in turn.
	Class llm.Class
	Org   string
	// Owner separates the ledger's entries of those who may not see each other's
	// logs: organisation, data source, tenant and forwarded identity.
	Owner string
	// Pseudonyms is the secret that addresses are replaced with pseudonyms by, the same
	// for one data source; without it they are only masked.
	Pseudonyms []byte

	// Signatures are those of the engine with the users' rules that apply here; nil for the
	// engine's alone.
	Signatures *rules.Set

	Expr       string
	Window     loki.Window
	PromptID   string
	PromptVars map[string]string
	// GroupBy names labels; each combination of their values is judged apart.
	GroupBy []string
	// MaxGroups is how many groups the model judges, the worst by rules first.
	MaxGroups int
	// MaxLines bounds the lines read of the window, and of the baseline.
	MaxLines int
	// Baseline is how far back the window to compare with lies; 0 for none.
	Baseline time.Duration
	// Events adds the Kubernetes events around the window to what the model is told.
	Events bool
	// OnlyNovel asks the model only about content that the rules find suspicious
	// or that the baseline does not know.
	OnlyNovel bool
	// Alert serves each known series with the severity that [verdict.Series] says, and a
	// model verdict counts there for MaxAge after the last window with its content.
	Alert  bool
	MaxAge time.Duration
	// Wait is how long after its beginning the answer waits for the model at most. Where
	// reading took that long, there is half a second more, if Wait is not shorter, for what
	// was judged before. 0 waits as long as a call may take. A call that is not ready in
	// time goes on for the next asker.
	Wait time.Duration
	// Reserve is what a bounded wait leaves of the caller's deadline, for shaping and
	// sending the answer.
	Reserve time.Duration
	// Partial, if set, is given the answer as far as it is known: with the rules verdict
	// first, then with each group that the model has judged. What it is given does not
	// change any more. It is not called by two goroutines at once.
	Partial func(*Result)
	// Record, if set, is given the verdict of each group for the history; known says that
	// no model has judged anew.
	Record func(l verdict.Line, known bool)
	// Progress, if set, is told what is being done. It may be called from several
	// goroutines.
	Progress func(step, detail string)

	// series is the key of its series, from what was asked: collecting can choose another
	// baseline.
	series verdict.Key
}

// A Result is the answer to a [Request].
type Result struct {
	Query loki.Query
	// Executed is the query less what is never analysed.
	Executed loki.Query
	// Window is what was asked for.
	Window  loki.Window
	Prompt  *prompts.Prompt
	GroupBy []string
	// Groups are ordered by their label values; there is at least one.
	Groups  []Group
	Notices []Notice
	Cost    Cost

	judged   *judgements
	judgedAs verdict.Key
}

// A Group is one combination of the group labels' values and what is known of it.
type Group struct {
	// Values are the values of Request.GroupBy, in its order; Name shows both, empty
	// without GroupBy.
	Values   []string
	Name     string
	Patterns []patterns.Pattern
	// Series are set instead of Patterns for metric queries.
	Series []SeriesStats
	// Events are the Kubernetes events around the window, if they were asked for.
	Events []EventSummary
	// Streams are the label sets that Pattern.Streams refer to.
	Streams []map[string]string
	// LinesTotal is exact; LinesRead of them were read.
	LinesTotal, LinesRead int64
	// Compared says that the patterns' changes against a baseline are known.
	Compared bool
	Rules    rules.Result
	Verdict  verdict.Verdict

	// judged is nil where no model has judged, or its answer is still being written.
	judged *judgedBy
	// unknown says that this stands for groups that there are none of.
	unknown bool
	// missed says that the group is known from before and shows nothing now.
	missed bool
	// familiar says of a new pattern that its component's own words are not; nil where
	// that is not known.
	familiar func(i int) bool
	notices  []Notice
}

// Pattern returns the index into Patterns, or Series, of the pattern that a finding
// cites.
func (g *Group) Pattern(id string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "p"))
	return n - 1, err == nil && n >= 1 && n <= max(len(g.Patterns), len(g.Series))
}

// A Notice tells the reader something that the numbers do not.
type Notice struct {
	Warning bool
	Text    string
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
		limit := max(q.Wait-e.Now().Sub(q.started), min(q.Wait, lookup))
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
