package analysis

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var end = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// engine returns one whose clock stands an hour after the one before whenever it is
// looked at, so that no count is believed twice.
func engine(t *testing.T) *Engine {
	t.Helper()
	var looks atomic.Int64
	e, err := NewEngine(1<<20, noop.NewTracerProvider().Tracer(""), func() time.Time { return end.Add(time.Duration(looks.Add(1)) * time.Hour) })
	require.NoError(t, err)
	t.Cleanup(e.Ledger.Close)
	return e
}

// logs is a Loki of fixed lines, one a second, for what a real one cannot be made to
// do. The real one is tested in pkg/loki and pkg/plugin.
type logs struct {
	now, before []string
	by          string // the label that each line's first word is the value of
	baselineErr error
	// unread are the exact numbers of groups of which no line is read.
	unread, unreadBefore map[string]int64
	own                  []map[string]string
	ownErr               error
}

// stored is a line of the fake Loki; one without a stream only counts.
type stored struct {
	at    int64
	value string
	text  string
	n     int64
}

// window returns the lines of (start, end]: those of now lie an hour before end, those
// of before another day earlier.
func (l logs) window(w loki.Window) (out []stored) {
	add := func(start time.Time, lines []string, unread map[string]int64) {
		for i, text := range lines {
			s := stored{at: start.Add(time.Duration(i+1) * time.Second).UnixNano(), text: text, n: 1}
			if l.by != "" {
				s.value, s.text, _ = strings.Cut(text, " ")
			}
			out = append(out, s)
		}
		for v, n := range unread {
			out = append(out, stored{at: start.Add(time.Second).UnixNano(), value: v, n: n})
		}
	}
	add(end.Add(-time.Hour), l.now, l.unread)
	add(end.Add(-25*time.Hour), l.before, l.unreadBefore)
	return slices.DeleteFunc(out, func(s stored) bool { return s.at <= w.Start.UnixNano() || s.at > w.End.UnixNano() })
}

func (l logs) labels(value string) map[string]string {
	labels := map[string]string{"app": "shop"}
	if l.by != "" {
		labels[l.by] = value
	}
	return labels
}

func (l logs) Buckets(_ context.Context, _ loki.Query, w loki.Window, step time.Duration, _ []string) (out []loki.Bucket, err error) {
	if w.End.Before(end) && l.baselineErr != nil {
		return nil, l.baselineErr
	}
	for _, s := range l.window(w) {
		out = append(out, loki.Bucket{End: slotEnd(s.at, step), Labels: l.labels(s.value), Lines: s.n})
	}
	return out, nil
}

func (l logs) Read(_ context.Context, _ loki.Query, parts []loki.Part, _ loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error) {
	out := make([]loki.PartRead, len(parts))
	streams := map[string]*loki.Stream{}
	for i, p := range parts {
		for _, s := range l.window(loki.Window{Start: time.Unix(0, p.Start), End: time.Unix(0, p.End)}) {
			if s.text == "" {
				continue
			}
			if streams[s.value] == nil {
				streams[s.value] = &loki.Stream{Labels: l.labels(s.value), Key: s.value}
			}
			sink(i, loki.Entry{Time: s.at, Stream: streams[s.value], Line: []byte(s.text)})
			out[i].Lines++
		}
	}
	return out, nil
}

func (l logs) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, nil
}

func (l logs) Streams(context.Context, loki.Query, loki.Window, ...string) ([]map[string]string, error) {
	return l.own, l.ownErr
}

// use sets the logs of a request, and a query of their own: what is known of a query
// whose counts did not change is not read again.
func (r *Request) use(l logs) {
	r.Logs = l
	r.Expr = fmt.Sprintf(`{app="shop", logs="%x"}`, sha256.Sum256(fmt.Append(nil, l)))
}

// model is a server whose answers and failures a test chooses.
type model struct {
	answer  func(ctx context.Context, r llm.Request) (string, error)
	context int
	perByte float64
	speed   llm.Speed
	tokens  []verdict.Token

	mu      sync.Mutex
	down    error
	prompts []string
}

func (m *model) Chat(ctx context.Context, r llm.Request) (llm.Reply, error) {
	m.mu.Lock()
	m.prompts = append(m.prompts, r.Messages[0].Content+r.Messages[1].Content)
	down := m.down
	m.mu.Unlock()
	if down != nil {
		return llm.Reply{}, down
	}
	text, err := m.answer(ctx, r)
	return llm.Reply{Text: text, Tokens: m.tokens}, err
}

func (m *model) Capabilities(context.Context) (llm.Capabilities, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	size := m.context
	if size == 0 {
		size = 100_000
	}
	return llm.Capabilities{Model: "m", Slots: 1, Context: size}, m.down
}

func (m *model) CountTokens(_ context.Context, messages []llm.Message) (int, bool, error) {
	n := 0
	for _, msg := range messages {
		n += len(msg.Content)
	}
	return int(float64(n) * m.perByte), m.perByte > 0, nil
}

func (m *model) Tokenize(_ context.Context, text string) ([]int, bool, error) {
	return []int{int(text[0])}, true, nil
}

func (m *model) Speed() llm.Speed { return m.speed }

func says(verdict string, findings string) func(context.Context, llm.Request) (string, error) {
	return func(context.Context, llm.Request) (string, error) {
		return fmt.Sprintf(`{"findings":[%s],"verdict":%q,"severity":2,"summary":"s","root_cause":"r","next_step":"n"}`, findings, verdict), nil
	}
}

func request(l logs, m Model) Request {
	r := Request{
		Models: One(m), Owner: "me", Window: loki.Window{Start: end.Add(-time.Hour), End: end},
		PromptID: "incident-triage", MaxGroups: 20, MaxLines: 1000,
	}
	r.use(l)
	return r
}

func config() patterns.Config { return patterns.Config{} }

func repeat(n int, line string) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = line
	}
	return out
}

func texts(r *Result) string {
	var out []string
	for _, n := range r.Notices {
		out = append(out, n.Text)
	}
	return strings.Join(out, "\n")
}
