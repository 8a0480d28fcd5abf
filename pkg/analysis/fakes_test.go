package analysis

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

var end = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func engine(t *testing.T) *Engine {
	t.Helper()
	e, err := NewEngine(100, noop.NewTracerProvider().Tracer(""), func() time.Time { return end })
	require.NoError(t, err)
	t.Cleanup(e.Ledger.Close)
	return e
}

// logs is a Loki of fixed lines, for what a real one cannot be made to do. The real
// one is tested in pkg/loki and pkg/plugin.
type logs struct {
	now, before []string
	by          string // the label that each line's first word is the value of
	read        loki.Read
	baselineErr error
	// unread are the exact numbers of groups of which no line is read.
	unread, unreadBefore map[string]int64
}

func (l logs) Lines(_ context.Context, _ loki.Query, w loki.Window, by []string, _ loki.Limits, line func(loki.Entry)) (loki.Read, error) {
	lines, at, unread := l.now, end.Add(-time.Hour), l.unread
	if w.End.Before(end) {
		lines, at, unread = l.before, w.Start, l.unreadBefore
		if l.baselineErr != nil {
			return loki.Read{}, l.baselineErr
		}
	}
	streams := map[string]*loki.Stream{}
	totals := map[string]int64{}
	for i, text := range lines {
		value := ""
		if len(by) > 0 {
			value, text, _ = strings.Cut(text, " ")
		}
		if streams[value] == nil {
			streams[value] = &loki.Stream{Labels: map[string]string{l.by: value, "app": "shop"}, Key: value, ID: len(streams)}
		}
		totals[value]++
		line(loki.Entry{Time: at.Add(time.Duration(i) * time.Second).UnixNano(), Stream: streams[value], Line: []byte(text)})
	}
	maps.Copy(totals, unread)
	read := l.read
	read.Lines, read.Total = len(lines), max(read.Total, int64(len(lines)))
	for v, n := range totals {
		read.Totals = append(read.Totals, loki.Total{Labels: map[string]string{l.by: v}, Lines: n})
	}
	return read, nil
}

func (l logs) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, nil
}

// model is a server whose answers and failures a test chooses.
type model struct {
	answer  func(ctx context.Context, r llm.Request) (string, error)
	context int
	perByte float64

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
	return llm.Reply{Text: text}, err
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

func says(verdict string, findings string) func(context.Context, llm.Request) (string, error) {
	return func(context.Context, llm.Request) (string, error) {
		return fmt.Sprintf(`{"findings":[%s],"verdict":%q,"severity":2,"summary":"s","root_cause":"r","next_step":"n"}`, findings, verdict), nil
	}
}

func request(l Logs, m Model) Request {
	return Request{
		Logs: l, Model: m, Owner: "me", Expr: `{app="shop"}`, Window: loki.Window{Start: end.Add(-time.Hour), End: end},
		PromptID: "incident-triage", MaxGroups: 20, MaxLines: 1000,
	}
}

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
