package push_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/push"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client returns a client of a real Loki for a fresh tenant.
func client(t *testing.T) *loki.Client {
	t.Helper()
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	c, err := loki.NewClient(loki.Options{URL: server.URL, Tenant: fmt.Sprintf("golden-%d", time.Now().UnixNano()), HTTP: &http.Client{Transport: transport, Timeout: time.Minute}})
	require.NoError(t, err)
	return c
}

var caseStart = time.Date(2020, 1, 1, 10, 0, 0, 0, time.UTC)

// sample is a case of ten minutes with n lines a stream, an hour after its baseline, with
// times and lines that occur several times.
func sample(id string, n int) *golden.Case {
	c := &golden.Case{
		ID: id, SchemaVersion: golden.SchemaVersion, Split: golden.Dev, GroupID: "g", Expected: golden.Expected{Verdict: "healthy", Category: "none"},
		Query: golden.Query{LogQL: `{app="shop"}`, Start: caseStart, End: caseStart.Add(10 * time.Minute), Baseline: "1h"},
	}
	for _, pod := range []string{"a", "b"} {
		s := golden.Stream{Labels: map[string]string{"app": "shop", "pod": pod, "bad.name": "x", "empty": ""}}
		for _, l := range []struct {
			offset time.Duration
			text   string
		}{{-time.Hour + 1, "baseline"}, {-50 * time.Minute, "its last"}, {-50 * time.Minute, "its last"}, {1, "first"}, {1, "first"}, {1, "and another"}} {
			s.Lines = append(s.Lines, golden.Line{Offset: int64(l.offset), Text: id + " " + l.text})
		}
		for i := range n {
			s.Lines = append(s.Lines, golden.Line{Offset: int64(time.Second) + int64(i/3)*int64(time.Millisecond), Text: fmt.Sprintf("%s line %d of pod %s", id, i, pod)})
		}
		s.Lines = append(s.Lines, golden.Line{Offset: int64(10 * time.Minute), Text: id + " last <&> é"}, golden.Line{Offset: int64(10 * time.Minute), Text: id + " last <&> é"})
		s.Lines = slices.Insert(s.Lines, 6, golden.Line{Offset: int64(500 * time.Millisecond), Text: "equal in all cases"})
		c.Streams = append(c.Streams, s)
	}
	return c
}

// read returns the lines of a case's window and baseline, by pod in their order.
func read(t *testing.T, c *loki.Client, p push.Placed) map[string][]string {
	t.Helper()
	q, err := loki.Parse(p.LogQL)
	require.NoError(t, err)
	out := map[string][]string{}
	base := p.Window.Shift(-p.Baseline)
	parts := []loki.Part{
		{Start: base.Start.UnixNano(), End: base.End.UnixNano(), Lines: 100_000, Share: 100_000},
		{Start: p.Window.Start.UnixNano(), End: p.Window.End.UnixNano(), Lines: 100_000, Share: 100_000},
	}
	_, err = c.Read(t.Context(), q, parts, loki.ReadOptions{}, func(_ int, e loki.Entry) {
		pod := e.Stream.Labels["pod"]
		out[pod] = append(out[pod], string(e.Line))
	})
	require.NoError(t, err)
	return out
}

func texts(c *golden.Case) map[string][]string {
	out := map[string][]string{}
	for _, s := range c.Streams {
		for _, l := range s.Lines {
			out[s.Labels["pod"]] = append(out[s.Labels["pod"]], l.Text)
		}
	}
	return out
}

func layout(together bool) push.Layout {
	return push.Layout{Run: fmt.Sprintf("r%d", time.Now().UnixNano()), End: time.Now().Add(-time.Minute).Truncate(time.Minute), Together: together, MaxLines: 100_000}
}

// TestCasesAreReadBack: lines come back equal and in their order, also where cases share
// streams and times.
func TestCasesAreReadBack(t *testing.T) {
	for name, together := range map[string]bool{"one after another": false, "together": true} {
		t.Run(name, func(t *testing.T) {
			c := client(t)
			cases := []*golden.Case{sample("one", 400), sample("two", 10), sample("three", 0)}
			cases[1].Query.Frozen = true
			l := layout(together)
			plan, err := push.NewPlan(cases, l)
			require.NoError(t, err)
			require.Equal(t, 2, plan.Streams(), "a run adds one label")
			require.Equal(t, []string{"Labels with names or values that Loki does not take are changed: bad.name."}, plan.Notes)
			state := filepath.Join(t.TempDir(), "state.json")
			require.NoError(t, plan.Push(t.Context(), push.Options{Loki: c, State: state, Target: "t"}))
			for i, p := range plan.Cases {
				require.True(t, maps.EqualFunc(texts(cases[i]), read(t, c, p), slices.Equal), "%s: %d lines", p.ID, p.Lines)
				end := l.End
				if !together {
					end = end.Add(-time.Duration(2-i) * 10 * time.Minute)
				}
				require.Equal(t, end, p.Window.End)
			}
			require.Contains(t, plan.Cases[0].LogQL, `app="shop"`)
			require.Equal(t, fmt.Sprintf(`{eval_run=%q} | eval_case="two"`, l.Run), plan.Cases[1].LogQL)
		})
	}
}

// A breaking Loki takes a few requests and then fails, at the last one after it has stored
// the lines.
type breaking struct {
	push.Loki
	left int
}

var errLost = errors.New("the connection is lost")

func (b *breaking) PushStreams(ctx context.Context, streams []loki.PushStream) error {
	err := b.Loki.PushStreams(ctx, streams)
	if b.left--; b.left <= 0 && err == nil {
		return errLost
	}
	return err
}

// TestInterruptedPushGoesOn: nothing is stored twice and nothing is missing, although what
// Loki stored last was not acknowledged.
func TestInterruptedPushGoesOn(t *testing.T) {
	c := client(t)
	cases := []*golden.Case{sample("one", 7000)}
	l := layout(false)
	state := filepath.Join(t.TempDir(), "state.json")
	o := push.Options{Loki: &breaking{c, 2}, State: state, Target: "t"}
	plan, err := push.NewPlan(cases, l)
	require.NoError(t, err)
	err = plan.Push(t.Context(), o)
	require.ErrorIs(t, err, errLost)
	require.ErrorContains(t, err, "5000 of 14018 lines are acknowledged; the same command goes on")
	require.Len(t, read(t, c, plan.Cases[0])["a"], 5000, "the second request was stored")

	kept, ok, err := push.ReadState(state)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 5000, kept.Acknowledged)
	l.End, l.Run = kept.End, kept.Run
	again, err := push.NewPlan(cases, l)
	require.NoError(t, err)
	var done []int
	o.Loki, o.Progress = c, func(n, _ int) { done = append(done, n) }
	require.NoError(t, again.Push(t.Context(), o))
	require.Equal(t, []int{10_000, 14_018}, done)
	require.True(t, maps.EqualFunc(texts(cases[0]), read(t, c, plan.Cases[0]), slices.Equal))

	done = nil
	require.NoError(t, again.Push(t.Context(), o), "the same once more is no error")
	require.Empty(t, done)
	o.Target = "another"
	require.ErrorContains(t, again.Push(t.Context(), o), "is the state of another push")
}

// A refusing Loki gives these answers, one after another.
type refusing struct {
	errs []error
	n    int
}

func (r *refusing) PushStreams(context.Context, []loki.PushStream) error {
	err := r.errs[min(r.n, len(r.errs)-1)]
	r.n++
	return err
}

func TestTryingAgain(t *testing.T) {
	busy := &loki.PushError{Err: &loki.Error{Kind: loki.ErrThrottled, Status: 429}, Retryable: true}
	refused := func(detail string) error {
		return &loki.PushError{Err: &loki.Error{Kind: loki.ErrRejected, Status: 400, Detail: detail}}
	}
	for name, tc := range map[string]struct {
		errs  []error
		tries int
		pause time.Duration
		want  string
	}{
		"soon":       {[]error{busy, busy, nil}, 3, 1500 * time.Millisecond, ""},
		"never":      {[]error{busy}, 10, 121500 * time.Millisecond, "limiting"},
		"refused":    {[]error{refused("whatever")}, 1, 0, "whatever"},
		"too old":    {[]error{refused("entry for stream '{}' has timestamp too old: x")}, 1, 0, "reject_old_samples_max_age"},
		"far behind": {[]error{refused("entry too far behind, entry timestamp is: x")}, 1, 0, "max_chunk_age"},
		"metadata":   {[]error{refused("stream '{}' includes structured metadata, but this feature is disallowed")}, 1, 0, "allow_structured_metadata"},
		"caller":     {[]error{context.Canceled}, 1, 0, "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := push.NewPlan([]*golden.Case{sample("one", 1)}, layout(false))
			require.NoError(t, err)
			server := &refusing{errs: tc.errs}
			var waited time.Duration
			err = plan.Push(t.Context(), push.Options{Loki: server, State: filepath.Join(t.TempDir(), "s"), Wait: func(_ context.Context, d time.Duration) error {
				waited += d
				return nil
			}})
			if tc.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.want)
			}
			require.Equal(t, tc.tries, server.n)
			require.Equal(t, tc.pause, waited)
		})
	}
}

// TestRealRefusal: the advice is for what a real Loki says.
func TestRealRefusal(t *testing.T) {
	l := layout(false)
	l.End = time.Now().Add(24 * time.Hour)
	plan, err := push.NewPlan([]*golden.Case{sample("one", 1)}, l)
	require.NoError(t, err)
	err = plan.Push(t.Context(), push.Options{Loki: client(t), State: filepath.Join(t.TempDir(), "s")})
	require.ErrorContains(t, err, "Loki takes no lines of the future")
	require.ErrorIs(t, err, loki.ErrRejected)
}

func TestPlanIsWhatLokiTakes(t *testing.T) {
	c := sample("one", 1)
	c.Streams = c.Streams[:1]
	labels := map[string]string{"9a": "x", "__a": "y", "": "z", "app": strings.Repeat("é", 2000), "eval_run": "mine"}
	for i := range 20 {
		labels[fmt.Sprintf("label%02d", i)] = "v"
	}
	c.Streams[0].Labels = labels
	c.Streams[0].Lines[0].Text = strings.Repeat("é", 200<<10)
	c.Streams[0].Lines[1].Text = "\xff"
	l := layout(false)
	plan, err := push.NewPlan([]*golden.Case{c}, l)
	require.NoError(t, err)
	require.Len(t, plan.Notes, 3)
	require.Contains(t, plan.Notes[0], "1 lines are cut")
	require.Contains(t, plan.Notes[2], "label19")
	require.NotContains(t, plan.Notes[2], "app")
	logs := client(t)
	require.NoError(t, plan.Push(t.Context(), push.Options{Loki: logs, State: filepath.Join(t.TempDir(), "s")}))
	q, err := loki.Parse(fmt.Sprintf("{eval_run=%q}", l.Run))
	require.NoError(t, err)
	lines, err := logs.Newest(t.Context(), q, loki.Window{Start: plan.Oldest, End: time.Now()}, 100)
	require.NoError(t, err)
	require.Len(t, lines, plan.Lines())
	require.Len(t, lines[0].Labels["app"], 2048)
	delete(lines[0].Labels, "service_name") // Loki's own
	require.Len(t, lines[0].Labels, 15)

	_, err = push.NewPlan(nil, l)
	require.ErrorContains(t, err, "no case was chosen")
	l.MaxLines = 3
	_, err = push.NewPlan([]*golden.Case{c}, l)
	require.ErrorContains(t, err, "more than 3 lines")
}
