package logs

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// mixed is a case of random lines in every dress that a level comes in, many of them at
// the same time, and some twice.
func mixed(start time.Time) *golden.Case {
	rnd := rand.New(rand.NewPCG(7, 7))
	words := []string{
		"INFO started", "error: no route to host", "an (err) in [warn]", "misc:error here", "critical!", "FATAL=1", "all errors were handled", "request debug:trace",
		"level=warn msg=\"slow error\"", "ts=1 LVL=Trc", "severity=oops level=info", "level= msg=err", "x=error y=1", "Level=\"ERROR\" a=b",
		`{"level":"info","msg":"an error"}`, `{"msg":"error","log":{"level":"WRN"}}`, `{"a":{"b":{"level":"fatal"}}}`, `{"level":7,"Severity":"crit error"}`,
		`{"log.level":"Information"}`, ` {"SEVERITY_TEXT":"debug"} `, `{"level":"error"`, `{"msg":"say \"error\" twice","status":500}`, "", "plain", "ünïcode ERROR é", "tab\terror\tnow",
		`level=error id=17 path=/a`, `{"level":"warn","code":"E42","service":"pay","took":12.5}`,
	}
	c := &golden.Case{
		ID: "mixed", SchemaVersion: golden.SchemaVersion, Split: golden.Dev, GroupID: "g", Expected: golden.Expected{Verdict: "healthy", Category: "none"},
		Query: golden.Query{LogQL: `{run="x"}`, Start: start, End: start.Add(10 * time.Minute), Baseline: "10m"},
	}
	for s, labels := range []map[string]string{
		{"run": "x", "app": "shop"}, {"run": "x", "container": "db", "level": "Warning"}, {"run": "x", "pod": "p-1"}, {"run": "x", "service_name": "own", "SEVERITY": "strange"}, {"run": "y", "job": "other"},
	} {
		stream := golden.Stream{Labels: labels}
		for range 900 {
			at := rnd.Int64N(int64(20*time.Minute)) - int64(10*time.Minute)
			if rnd.IntN(3) == 0 {
				at = at / int64(time.Minute) * int64(time.Minute) // many share their time
			}
			l := golden.Line{Offset: at, Text: words[rnd.IntN(len(words))]}
			if rnd.IntN(2) == 0 {
				l.Text += fmt.Sprintf(" n=%d", rnd.IntN(5))
			}
			stream.Lines = append(stream.Lines, l)
			if rnd.IntN(20) == 0 {
				stream.Lines = append(stream.Lines, l)
			}
		}
		for i := range 3 * (1 - min(s, 1)) { // a burst within a millisecond
			for k := range 400 {
				stream.Lines = append(stream.Lines, golden.Line{Offset: int64(3*time.Minute) + int64(i)*1000 + int64(k), Text: fmt.Sprintf("burst %d", k)})
			}
		}
		slices.SortStableFunc(stream.Lines, func(a, b golden.Line) int { return cmp.Compare(a.Offset, b.Offset) })
		c.Streams = append(c.Streams, stream)
	}
	return c
}

// pushed returns a client of a real Loki with the lines of a case.
func pushed(t *testing.T, c *golden.Case) *loki.Client {
	t.Helper()
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	tenant := fmt.Sprintf("golden-logs-%d", time.Now().UnixNano())
	var streams []testenv.Stream
	for _, s := range c.Streams {
		out := testenv.Stream{Labels: s.Labels}
		for _, l := range s.Lines {
			out.Entries = append(out.Entries, testenv.Entry{Time: c.Query.Start.Add(time.Duration(l.Offset)), Line: l.Text})
		}
		streams = append(streams, out)
	}
	require.NoError(t, server.Push(t.Context(), tenant, streams))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	client, err := loki.NewClient(loki.Options{URL: server.URL, Tenant: tenant, HTTP: &http.Client{Transport: transport, Timeout: time.Minute}})
	require.NoError(t, err)
	return client
}

// store is what both are asked.
type store interface {
	Buckets(ctx context.Context, q loki.Query, w loki.Window, step time.Duration, by []string) ([]loki.Bucket, error)
	Read(ctx context.Context, q loki.Query, parts []loki.Part, o loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error)
	Streams(ctx context.Context, q loki.Query, w loki.Window, matchers ...string) ([]map[string]string, error)
}

// told is all that a store says of a query: counts by slot, what each part reads, whole
// and sampled.
func told(t *testing.T, s store, q loki.Query, w loki.Window, by []string) (out []string) {
	t.Helper()
	for _, labels := range [][]string{nil, {"detected_level"}, append([]string{"detected_level"}, by...)} {
		buckets, err := s.Buckets(t.Context(), q, w, 30*time.Second, labels)
		require.NoError(t, err)
		var counts []string
		for _, b := range buckets {
			counts = append(counts, fmt.Sprintf("count %d %v %d", b.End, b.Labels, b.Lines))
		}
		slices.Sort(counts)
		out = append(out, counts...)
	}
	slots := slotsOf(t, s, q, w)
	total := int64(0)
	for _, x := range slots {
		total += x.Lines
	}
	for _, share := range []int64{total, total / 2, 40, 7} {
		part := loki.Part{Start: w.Start.UnixNano(), End: w.End.UnixNano(), Lines: total, Share: share, Slots: slots}
		if share == 40 {
			part.Slots = nil // it is counted again
		}
		from, last := len(out), ""
		read, err := s.Read(t.Context(), q, []loki.Part{part}, loki.ReadOptions{Labels: by, Page: page}, func(_ int, e loki.Entry) {
			line := fmt.Sprintf("line of %d: %d %s %q %q %v", share, e.Time, e.Stream.Key, e.Line, e.Level, e.Labels)
			place := fmt.Sprintf("%d %s %s", e.Time, e.Stream.Key, e.Line)
			require.LessOrEqual(t, last, place)
			last = place
			if share < total { // which lines of one time come first, Loki does not say
				line = fmt.Sprintf("line of %d: %d", share, e.Time)
			}
			out = append(out, line)
		})
		require.NoError(t, err)
		slices.Sort(out[from:]) // some differ in their labels alone
		out = append(out, fmt.Sprintf("read of %d: %d %v", share, read[0].Lines, read[0].Sampled))
	}
	streams, err := s.Streams(t.Context(), q, w, `app=~".*"`)
	require.NoError(t, err)
	var keys []string
	for _, labels := range streams {
		keys = append(keys, "stream "+loki.NewStream(labels).Key)
	}
	slices.Sort(keys)
	return append(out, keys...)
}

func slotsOf(t *testing.T, s store, q loki.Query, w loki.Window) (slots []loki.Slot) {
	t.Helper()
	buckets, err := s.Buckets(t.Context(), q, w, 30*time.Second, nil)
	require.NoError(t, err)
	for _, b := range buckets {
		slots = append(slots, loki.Slot{Start: b.End - int64(30*time.Second), End: b.End, Lines: b.Lines})
	}
	return slots
}

// TestLogsAnswerAsLoki asks the same of a case and of a real Loki that took its lines in.
func TestLogsAnswerAsLoki(t *testing.T) {
	start := time.Now().Add(-time.Hour).Truncate(time.Minute)
	c := mixed(start)
	require.NoError(t, c.Check())
	client := pushed(t, c)
	logs, err := New(c)
	require.NoError(t, err)
	for _, text := range []string{
		`{run="x"}`,
		`{run=~".+", app!="shop"}`,
		`{run="x"} |= "error"`,
		`{run="x"} | detected_level=~"(?i).*(err|fatal|crit).*"`,
		`{run="x"} | (service_name!~"(own)") |~ "(?i)warn|level" != "slow" | detected_level!="info"`,
		`{run="x"} | json | status >= 500 or code="E42"`,
		`{run="x"} | logfmt | id > 10 | line_format "{{.path}} was {{.id}}"`,
		`{run="x"} |= "level" | json | line_format "{{.msg}}" | label_format app="fixed" | __error__=""`,
		`{run="x"} | json | drop level | keep service, took`,
		`{run="x"} !> "<_>error<_>" or "burst <_>"`,
		`{run="x"} | pattern "<first> <rest>" | first="INFO"`,
		`{run="x"} | regexp "n=(?P<n>\\d)" | n!=""`,
		`({run="x"} | decolorize | unpack)`,
	} {
		t.Run(text, func(t *testing.T) {
			q, err := loki.Parse(text)
			require.NoError(t, err)
			for _, w := range []loki.Window{{Start: start, End: start.Add(10 * time.Minute)}, {Start: start.Add(-10 * time.Minute), End: start}} {
				want, got := told(t, client, q, w, []string{"pod", "service", "n"}), told(t, logs, q, w, []string{"pod", "service", "n"})
				require.NotEmpty(t, want)
				require.Equal(t, want, got)
			}
		})
	}
}

// TestMarks: patterns tell by its mark which line they took.
func TestMarks(t *testing.T) {
	c := &golden.Case{
		Query: golden.Query{LogQL: `{app=~".+"}`, Start: time.Unix(0, 0), End: time.Unix(60, 0)},
		Streams: []golden.Stream{
			{Labels: map[string]string{"app": "b"}, Lines: []golden.Line{{Offset: 5, Text: "twice"}, {ID: "again", Offset: 5, Text: "twice"}, {Offset: 9, Text: "last"}}},
			{Labels: map[string]string{"app": "a"}, Lines: []golden.Line{{ID: "before", Offset: -3, Text: "old"}, {Offset: 5, Text: "other"}}},
		},
	}
	read := func() (out []string) {
		logs, err := New(c)
		require.NoError(t, err)
		_, err = logs.Read(t.Context(), loki.Query{Text: c.Query.LogQL}, []loki.Part{{Start: -10, End: 100, Share: 10}}, loki.ReadOptions{}, func(_ int, e loki.Entry) {
			l := logs.Line(e.Mark)
			require.Equal(t, l.Text, string(e.Line))
			require.Equal(t, l.Offset, e.Time)
			out = append(out, l.ID)
		})
		require.NoError(t, err)
		var ids []string
		for _, m := range logs.Marks([]string{"again", "s0l0", "before", "nowhere"}) {
			ids = append(ids, logs.Line(m).ID)
		}
		require.Equal(t, []string{"before", "s0l0"}, ids)
		require.Empty(t, logs.Marks(nil))
		return out
	}
	require.Equal(t, []string{"before", "s1l1", "s0l0", "s0l2"}, read(), "as Loki keeps them")
	c.Query.Frozen = true
	require.Equal(t, []string{"before", "s1l1", "s0l0", "again", "s0l2"}, read(), "as Loki gave them")
}

// TestFrozen: the query of a frozen case has been run; what the engine adds to it has not.
func TestFrozen(t *testing.T) {
	c := &golden.Case{
		Query: golden.Query{LogQL: `{app="masked"} |= "x" != "y" | json | line_format "{{.msg}}"`, Start: time.Unix(0, 0), End: time.Unix(60, 0), Frozen: true},
		Streams: []golden.Stream{
			{Labels: map[string]string{"app": "<hidden>"}, Lines: []golden.Line{{Offset: 1, Text: "error: y"}, {Offset: 2, Text: "fine"}}},
			{Labels: map[string]string{"app": "own"}, Lines: []golden.Line{{Offset: 3, Text: "own"}}},
		},
	}
	logs, err := New(c)
	require.NoError(t, err)
	read := func(q loki.Query) (lines []string) {
		_, err := logs.Read(t.Context(), q, []loki.Part{{Start: 0, End: 100, Share: 10}}, loki.ReadOptions{}, func(_ int, e loki.Entry) {
			lines = append(lines, e.Stream.Labels["app"]+" "+string(e.Line))
		})
		require.NoError(t, err)
		return lines
	}
	q, err := loki.Parse(c.Query.LogQL)
	require.NoError(t, err)
	require.Equal(t, []string{"<hidden> error: y", "<hidden> fine", "own own"}, read(q))
	without, err := q.Exclude(`app!="own"`)
	require.NoError(t, err)
	require.Equal(t, []string{"<hidden> error: y", "<hidden> fine"}, read(without))
	failed, ok := without.Where(`| detected_level="error"`)
	require.True(t, ok)
	require.Equal(t, []string{"<hidden> error: y"}, read(failed))
	only, ok := failed.OnlyTemplates([][]string{{"fine"}})
	require.True(t, ok)
	require.Empty(t, read(only))
	streams, err := logs.Streams(t.Context(), q, loki.Window{Start: time.Unix(0, 0), End: time.Unix(1, 0)}, `app=~"o.*"`)
	require.NoError(t, err)
	require.Equal(t, []map[string]string{{"app": "own"}}, streams)

	_, err = logs.Read(t.Context(), loki.Query{Text: `{app="masked"} |= "other"`}, []loki.Part{{End: 100, Share: 1}}, loki.ReadOptions{}, nil)
	require.ErrorContains(t, err, "frozen")
	_, err = logs.Series(t.Context(), loki.Query{}, loki.Window{}, time.Second)
	require.ErrorContains(t, err, "metric query")
}
