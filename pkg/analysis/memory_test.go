package analysis

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// live is a Loki whose lines arrive: what came after now cannot be seen.
type live struct {
	logs
	mu            sync.Mutex
	now           time.Time
	lines         []arrival
	read, counted int
	fail          error
	refuse        string // what a query must not have
}

type arrival struct {
	at, seen time.Time
	text     string
}

func (l *live) visible(start, end int64) (out []arrival) {
	for _, a := range l.lines {
		if t := a.at.UnixNano(); t > start && t <= end && !a.seen.After(l.now) {
			out = append(out, a)
		}
	}
	slices.SortStableFunc(out, func(a, b arrival) int { return a.at.Compare(b.at) })
	return out
}

func (l *live) Buckets(_ context.Context, q loki.Query, w loki.Window, step time.Duration, _ []string) (out []loki.Bucket, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refuse != "" && strings.Contains(q.Text, l.refuse) {
		return nil, &loki.Error{Kind: loki.ErrRejected, Detail: "parse error"}
	}
	l.counted++
	for _, a := range l.visible(w.Start.UnixNano(), w.End.UnixNano()) {
		out = append(out, loki.Bucket{End: slotEnd(a.at.UnixNano(), step), Labels: map[string]string{levelLabel: "info"}, Lines: 1})
	}
	return out, nil
}

func (l *live) Read(_ context.Context, _ loki.Query, parts []loki.Part, _ loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]loki.PartRead, len(parts))
	stream := &loki.Stream{Labels: map[string]string{"app": "shop"}, Key: "shop"}
	for i, p := range parts {
		for _, a := range l.visible(p.Start, p.End) {
			if l.fail != nil && out[i].Lines == 1 {
				return out, l.fail
			}
			if out[i].Lines == p.Share && p.Share < p.Lines {
				break
			}
			sink(i, loki.Entry{Time: a.at.UnixNano(), Stream: stream, Line: []byte(a.text), Level: "info"})
			out[i].Lines++
			l.read++
		}
	}
	return out, nil
}

func (l *live) add(at, seen time.Time, text string) {
	l.lines = append(l.lines, arrival{at, seen, text})
}

// watch is an engine whose clock is that of the logs.
func watch(t *testing.T, l *live) *Engine {
	t.Helper()
	e, err := NewEngine(1<<20, noop.NewTracerProvider().Tracer(""), func() time.Time { l.mu.Lock(); defer l.mu.Unlock(); return l.now })
	require.NoError(t, err)
	t.Cleanup(e.Ledger.Close)
	return e
}

func (l *live) request(length time.Duration) Request {
	return Request{Logs: l, Owner: "me", Expr: `{app="shop"}`, Window: loki.Window{Start: l.now.Add(-length), End: l.now}, PromptID: "incident-triage", MaxGroups: 5, MaxLines: 10_000}
}

// TestOnlyWhatIsNewIsRead: a rule that is evaluated every minute reads a minute, late
// lines are noticed, and nothing is counted twice.
func TestOnlyWhatIsNewIsRead(t *testing.T) {
	l := &live{now: end}
	for i := range 2400 { // two lines a second for twenty minutes
		at := end.Add(-15*time.Minute + time.Duration(i)*500*time.Millisecond)
		seen := at
		if i%97 == 0 {
			seen = at.Add(40 * time.Second)
		}
		l.add(at, seen, fmt.Sprintf("request %d served to %s", i, strings.Repeat("x", i%3+1)))
	}
	e := watch(t, l)
	for minute := range 5 {
		l.read = 0
		res, err := e.Patterns(t.Context(), l.request(15*time.Minute))
		require.NoError(t, err)
		g := res.Groups[0]
		want := len(l.visible(l.now.Add(-15*time.Minute-10*time.Second).UnixNano(), l.now.UnixNano()))
		exact := len(l.visible(l.now.Add(-15*time.Minute).UnixNano(), l.now.UnixNano()))
		require.Equal(t, g.LinesTotal, g.LinesRead)
		require.GreaterOrEqual(t, g.LinesRead, int64(exact))
		require.LessOrEqual(t, g.LinesRead, int64(want))
		sum := 0
		for _, p := range g.Patterns {
			sum += p.Read
		}
		require.EqualValues(t, g.LinesRead, sum, "each line counts once")
		if minute > 0 {
			require.Less(t, l.read, 150, "120 lines are new")
		}
		l.now = l.now.Add(time.Minute)
	}
}

// TestPanelsShareOneReading: thirty panels that ask the same at once read Loki once.
func TestPanelsShareOneReading(t *testing.T) {
	l := &live{now: end}
	for i := range 500 {
		l.add(end.Add(-time.Duration(i)*time.Second), end.Add(-time.Hour), "all is well")
	}
	e := watch(t, l)
	request := l.request(15 * time.Minute)
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			res, err := e.Patterns(t.Context(), request)
			if err != nil || res.Groups[0].LinesRead != 500 {
				t.Errorf("%v %v", err, res)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 500, l.read)
	require.Equal(t, 1, l.counted)
	other := request
	other.Owner = "somebody else"
	_, err := e.Patterns(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, 1000, l.read, "another owner is served nothing that I read")
}

// TestAFailureLeavesNothingHalf: what a read that fails took is not remembered.
func TestAFailureLeavesNothingHalf(t *testing.T) {
	l := &live{now: end, fail: &loki.Error{Kind: loki.ErrUnavailable}}
	for i := range 50 {
		l.add(end.Add(-time.Duration(i)*time.Second), end.Add(-time.Hour), "all is well")
	}
	e := watch(t, l)
	_, err := e.Patterns(t.Context(), l.request(15*time.Minute))
	require.ErrorIs(t, err, loki.ErrUnavailable)
	l.fail = nil
	res, err := e.Patterns(t.Context(), l.request(15*time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 50, res.Groups[0].LinesRead)
	require.Equal(t, 50, res.Groups[0].Patterns[0].Count)
}

// TestWaitingForAReadingEnds with the asker's context.
func TestWaitingForAReadingEnds(t *testing.T) {
	m := NewMemory()
	held, err := m.reading(t.Context(), verdict.KeyOf("q"), time.Second, 0, config())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.reading(ctx, verdict.KeyOf("q"), time.Second, 0, config())
	require.ErrorIs(t, err, context.Canceled)
	own, err := m.reading(t.Context(), verdict.KeyOf("q"), time.Second, time.Millisecond, config())
	require.NoError(t, err)
	require.NotSame(t, held, own, "an alert does not wait for a panel")
	m.done(own, end)
	m.done(held, end)
	again, err := m.reading(t.Context(), verdict.KeyOf("q"), time.Second, 0, config())
	require.NoError(t, err)
	require.Same(t, held, again)
}

// TestSamplesStandForAll: over the budget, counts are estimates of all lines.
func TestSamplesStandForAll(t *testing.T) {
	l := &live{now: end}
	for i := range 9000 {
		l.add(end.Add(-time.Duration(i)*100*time.Millisecond), end.Add(-time.Hour), "all is well")
	}
	r := l.request(15 * time.Minute)
	r.MaxLines = 1000
	res, err := watch(t, l).Patterns(t.Context(), r)
	require.NoError(t, err)
	g := res.Groups[0]
	require.EqualValues(t, 9000, g.LinesTotal)
	require.LessOrEqual(t, g.LinesRead, int64(1000))
	require.InDelta(t, 9000, g.Patterns[0].Count, 90)
	require.Contains(t, texts(res), "of 9000 lines were read")
}

// TestWithoutPatternFilters: a Loki that cannot tell frequent lines apart is sampled.
func TestWithoutPatternFilters(t *testing.T) {
	l := &live{now: end, refuse: "!>"}
	for i := range 9000 {
		l.add(end.Add(-time.Duration(i)*100*time.Millisecond), end.Add(-time.Hour), "request served to a customer of the shop")
	}
	r := l.request(15 * time.Minute)
	r.MaxLines = 1000
	res, err := watch(t, l).Patterns(t.Context(), r)
	require.NoError(t, err)
	require.InDelta(t, 9000, res.Groups[0].Patterns[0].Count, 90)
	require.Contains(t, texts(res), "something rare can be missing")
}

// TestABaselineIsNoIncident: the window to compare with is one that was not judged
// suspicious.
func TestABaselineIsNoIncident(t *testing.T) {
	l := &live{now: end}
	for day := range 4 {
		for i := range 100 {
			at := end.Add(-time.Duration(day)*24*time.Hour - time.Duration(i+1)*time.Second)
			text := "all is well"
			if day == 1 {
				text = `Exception in thread "main" java.lang.OutOfMemoryError: Java heap space`
			}
			l.add(at, at, text)
		}
	}
	e := watch(t, l)
	r := l.request(15 * time.Minute)
	r.Window = r.Window.Shift(-24 * time.Hour)
	res, err := e.Analyse(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, verdict.Critical, res.Groups[0].Verdict.Severity)
	r = l.request(15 * time.Minute)
	r.Baseline = 24 * time.Hour
	res, err = e.Analyse(t.Context(), r)
	require.NoError(t, err)
	require.Contains(t, texts(res), "The baseline lies 48h0m0s earlier instead of 24h0m0s")
	require.Equal(t, "steady", res.Groups[0].Patterns[0].Change.String())
}

// TestOwnLogsAreLeftOut unless the query names them, and verdicts always.
func TestOwnLogsAreLeftOut(t *testing.T) {
	own := []map[string]string{
		{"service_name": "lokalyst", "kind": "verdict"}, {"service_name": "lokalyst"}, {"service_name": "monitoring/loki"}, {"service_name": "grafana"},
	}
	for expr, want := range map[string]string{
		`{namespace="x"}`:                `{namespace="x"} | (service_name!~"(grafana|lokalyst|monitoring/loki)") | (service_name!="lokalyst" or kind!~"verdict|overrule") `,
		`{service_name="grafana"}`:       `{service_name="grafana"} | (service_name!~"(lokalyst|monitoring/loki)") | (service_name!="lokalyst" or kind!~"verdict|overrule") `,
		`{app=~"lokalyst|loki"}`:         `{app=~"lokalyst|loki"} | (service_name!~"(grafana)") | (service_name!="lokalyst" or kind!~"verdict|overrule") `,
		`{a="lokalyst grafana loki"}`:    `{a="lokalyst grafana loki"} | (service_name!="lokalyst" or kind!~"verdict|overrule") `,
		`sum(rate({namespace="x"}[5m]))`: "",
	} {
		r := request(logs{now: []string{"x"}, own: own}, nil)
		r.Expr = expr
		res, err := engine(t).Patterns(t.Context(), r)
		require.NoError(t, err)
		if want == "" {
			require.Contains(t, res.Executed.Text, `kind!~"verdict|overrule"`)
			continue
		}
		require.Equal(t, want, strings.ReplaceAll(res.Executed.Text, "  ", " "))
		require.Equal(t, strings.Contains(want, "service_name!~"), strings.Contains(texts(res), "are left out"))
	}
	res, err := engine(t).Patterns(t.Context(), request(logs{now: []string{"x"}, ownErr: &loki.Error{Kind: loki.ErrRejected}}, nil))
	require.NoError(t, err)
	require.Contains(t, res.Executed.Text, "llama-server", "where the index cannot be asked, all are left out")
	res, err = engine(t).Patterns(t.Context(), request(logs{now: []string{"x"}}, nil))
	require.NoError(t, err)
	require.Equal(t, res.Query, res.Executed, "where there is nothing to leave out, the query stays as it was written")
}

// TestASlowServerIsAskedLess: what cannot be read in time is left out, and a call that
// cannot finish is not started.
func TestASlowServerIsAskedLess(t *testing.T) {
	var lines []string
	for i := range 40 {
		lines = append(lines, strings.Repeat(fmt.Sprintf("word%c%c ", 'a'+i%26, 'a'+i/26), 8))
	}
	ask := func(speed llm.Speed) (*Result, *model) {
		m := &model{answer: says("ok", ""), perByte: 0.3, speed: speed}
		e, err := NewEngine(1<<20, noop.NewTracerProvider().Tracer(""), time.Now)
		require.NoError(t, err)
		t.Cleanup(e.Ledger.Close)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		res, err := e.Analyse(ctx, request(logs{now: append(lines, "ERROR disk gone")}, m))
		require.NoError(t, err)
		return res, m
	}
	_, all := ask(llm.Speed{})
	res, some := ask(llm.Speed{Prompt: 85, Answer: 20, AnswerTokens: 100})
	require.Equal(t, verdict.SourceModel, res.Groups[0].Verdict.Source, texts(res))
	require.Less(t, len(some.prompts[0]), len(all.prompts[0]))
	require.Contains(t, some.prompts[0], "ERROR disk gone")
	require.Contains(t, texts(res), "of lower rank were not shown")
	res, none := ask(llm.Speed{Prompt: 5, Answer: 20, AnswerTokens: 100})
	require.Empty(t, none.prompts)
	require.Contains(t, texts(res), "for even the shortest question")
}

// TestEpoch: ids last, what comes later is appended, and a full dictionary begins anew.
func TestEpoch(t *testing.T) {
	member := func(text string, index, count int) entry {
		return entry{definition: definition{text: text}, index: index, count: count, size: sizeOf(count)}
	}
	e := &epoch{}
	d, entries := e.define([]entry{member("b", 1, 40), member("a", 0, 3)})
	require.Equal(t, []definition{{"p1", "a"}, {"p2", "b"}}, d, "in the order of first lines")
	require.Equal(t, "p1", entries[0].id)
	d, entries = e.define([]entry{member("c", 0, 1), member("b", 1, 25)})
	require.Equal(t, []definition{{"p1", "a"}, {"p2", "b"}, {"p3", "c"}}, d)
	require.Equal(t, []string{"p2", "p3"}, []string{entries[0].id, entries[1].id})
	require.Equal(t, "32+", sizeName(entries[0].size), "a small movement is not told")
	var many []entry
	for i := range maxDefinitions {
		many = append(many, member(fmt.Sprint("x", i), i, 1))
	}
	d, _ = e.define(many)
	require.Len(t, d, maxDefinitions)
	require.Equal(t, definition{"p1", "x0"}, d[0])
}

func TestSizes(t *testing.T) {
	for n, want := range map[int]string{1: "1+", 3: "1+", 4: "4+", 31: "4+", 32: "32+", 255: "32+", 256: "256+", 1 << 40: "4294967296+"} {
		require.Equal(t, want, sizeName(sizeOf(n)), n)
	}
	require.Equal(t, sizeOf(32), sticky(sizeOf(32), 25))
	require.Equal(t, sizeOf(4), sticky(sizeOf(32), 20))
	require.Equal(t, sizeOf(32), sticky(sizeOf(32), 300))
	require.Equal(t, 0, sticky(sizeOf(32), 0))
}

func TestSlots(t *testing.T) {
	for length, want := range map[time.Duration]time.Duration{
		time.Minute: time.Second, 5 * time.Minute: 5 * time.Second, 15 * time.Minute: 10 * time.Second, time.Hour: 30 * time.Second, 24 * time.Hour: 15 * time.Minute, 400 * 24 * time.Hour: 24 * time.Hour,
	} {
		require.Equal(t, want, slotWidth(length), length)
	}
	w := aligned(loki.Window{Start: end.Add(time.Second), End: end.Add(61 * time.Second)}, 10*time.Second)
	require.Equal(t, end, w.Start)
	require.Equal(t, end.Add(70*time.Second), w.End)
	require.Equal(t, end.UnixNano(), slotEnd(end.UnixNano(), 10*time.Second), "a slot ends with its border")
	require.Equal(t, end.Add(10*time.Second).UnixNano(), slotEnd(end.UnixNano()+1, 10*time.Second))
	require.EqualValues(t, -10, floor(-3, 10))
}
