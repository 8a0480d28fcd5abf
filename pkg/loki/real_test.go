package loki_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// real returns a client of a real Loki with these streams in a tenant of its own.
func real(t *testing.T, streams ...testenv.Stream) *loki.Client {
	t.Helper()
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	tenant := fmt.Sprintf("%s-%d", strings.ToLower(strings.ReplaceAll(t.Name(), "/", "-")), time.Now().UnixNano())
	if len(streams) > 0 {
		require.NoError(t, server.Push(t.Context(), tenant, streams))
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	c, err := loki.NewClient(loki.Options{URL: server.URL, Tenant: tenant, HTTP: &http.Client{Transport: transport, Timeout: time.Minute}})
	require.NoError(t, err)
	return c
}

// counted returns the slots of a window that have lines.
func counted(t *testing.T, c *loki.Client, q loki.Query, w loki.Window, width time.Duration) []loki.Slot {
	t.Helper()
	buckets, err := c.Buckets(t.Context(), q, w, width, nil)
	require.NoError(t, err)
	var slots []loki.Slot
	for _, b := range buckets {
		slots = append(slots, loki.Slot{Start: b.End - int64(width), End: b.End, Lines: b.Lines})
	}
	return slots
}

// oneLine is what was read, to be compared with what was pushed.
type oneLine struct {
	time         int64
	stream, text string
}

// readAll reads parts and checks that each comes in order.
func readAll(t *testing.T, c *loki.Client, q loki.Query, parts []loki.Part, o loki.ReadOptions) (lines []oneLine, unpageable int) {
	t.Helper()
	var mu sync.Mutex
	last := make([]string, len(parts))
	out, err := c.Read(t.Context(), q, parts, o, func(part int, e loki.Entry) {
		at := fmt.Sprintf("%d %s %s", e.Time, e.Stream.Key, e.Line)
		require.LessOrEqual(t, last[part], at, "ordered by time, stream and line")
		last[part] = at
		require.Greater(t, e.Time, parts[part].Start)
		require.LessOrEqual(t, e.Time, parts[part].End)
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, oneLine{e.Time, e.Stream.Labels["s"], string(e.Line)})
	})
	require.NoError(t, err)
	n := int64(0)
	for _, r := range out {
		n += r.Lines
		unpageable += r.Unpageable
	}
	require.EqualValues(t, len(lines), n)
	return lines, unpageable
}

// A heap is random logs with many equal timestamps, many of them at borders of slots.
type heap struct {
	seed    string
	width   time.Duration
	window  loki.Window
	streams []testenv.Stream
	// want are the lines in the window, most how many share a timestamp at most.
	want []oneLine
	most int
}

func newHeap(seed uint64) *heap {
	rnd := rand.New(rand.NewPCG(seed, 1))
	shape := []struct {
		width time.Duration
		slots int
	}{{20 * time.Millisecond, 300}, {250 * time.Millisecond, 40}, {time.Second, 120}, {7 * time.Second, 1100}, {time.Minute, 90}, {time.Hour, 3}, {90 * time.Minute, 2}, {time.Minute, 1}}[seed%8]
	h := &heap{seed: fmt.Sprint(seed), width: shape.width}
	end := time.Unix(0, slotOf(time.Now().Add(-time.Minute).UnixNano(), shape.width)-int64(shape.width))
	h.window = loki.Window{Start: end.Add(-time.Duration(shape.slots) * shape.width), End: end}
	span := h.window.Length()
	favourite := make([]time.Time, 12)
	for i := range favourite {
		favourite[i] = h.window.Start.Add(time.Duration(rnd.Int64N(int64(span))))
	}
	for s := range 1 + rnd.IntN(4) {
		h.streams = append(h.streams, testenv.Stream{Labels: map[string]string{"seed": h.seed, "s": fmt.Sprint(s)}})
	}
	at := map[time.Time]int{}
	for i := range 100 + rnd.IntN(400) {
		var when time.Time
		switch rnd.IntN(4) {
		case 0:
			when = h.window.Start.Add(time.Duration(rnd.IntN(shape.slots+2)-1) * shape.width)
		case 1:
			when = favourite[rnd.IntN(len(favourite))]
		case 2:
			when = []time.Time{h.window.Start.Add(1), h.window.End.Add(1), h.window.End.Add(-1), h.window.Start.Add(-1)}[rnd.IntN(4)]
		default:
			when = h.window.Start.Add(time.Duration(rnd.Int64N(int64(span))))
		}
		st := &h.streams[rnd.IntN(len(h.streams))]
		line := fmt.Sprintf("line %d <&> \"%d\"", rnd.IntN(1000), i)
		st.Entries = append(st.Entries, testenv.Entry{Time: when, Line: line, Metadata: map[string]string{"trace_id": fmt.Sprint(i % 50)}})
		at[when]++
		h.most = max(h.most, at[when])
		if when.After(h.window.Start) && !when.After(h.window.End) {
			h.want = append(h.want, oneLine{when.UnixNano(), st.Labels["s"], line})
		}
	}
	return h
}

// TestReadingLosesAndRepeatsNothing reads random logs in random slots, parts and pages.
func TestReadingLosesAndRepeatsNothing(t *testing.T) {
	var heaps []*heap
	var streams []testenv.Stream
	for seed := range uint64(8) {
		h := newHeap(seed)
		heaps = append(heaps, h)
		streams = append(streams, h.streams...)
	}
	c := real(t, streams...)
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, h := range heaps {
		q := parsed(t, `{seed="`+h.seed+`"} # a comment`)
		slots := counted(t, c, q, h.window, h.width)
		inSlot, total := map[int64]int64{}, int64(0)
		for _, l := range h.want {
			inSlot[slotOf(l.time, h.width)]++
		}
		for _, s := range slots {
			require.Equal(t, inSlot[s.End], s.Lines, "seed %s, slot %d", h.seed, s.End)
			total += s.Lines
		}
		require.EqualValues(t, len(h.want), total, "seed %s", h.seed)

		buckets, err := c.Buckets(t.Context(), q, h.window, h.width, []string{"s"})
		require.NoError(t, err)
		byStream := map[string]int64{}
		for _, b := range buckets {
			byStream[b.Labels["s"]] += b.Lines
		}
		for _, l := range h.want {
			byStream[l.stream]--
		}
		for s, n := range byStream {
			require.Zero(t, n, "stream %s", s)
		}
		for _, page := range []int{h.most, h.most + rnd.IntN(50), 5000} {
			o := loki.ReadOptions{Page: page, Parallel: 1 + rnd.IntN(3)}
			got, unpageable := readAll(t, c, q, loki.Slices(slots, 1+rnd.IntN(4)), o)
			require.ElementsMatch(t, h.want, got, "seed %s, %+v", h.seed, o)
			require.Zero(t, unpageable)
		}
	}
}

// slotOf returns the end of the slot that a time lies in.
func slotOf(t int64, width time.Duration) int64 {
	return (t + int64(width) - 1) / int64(width) * int64(width)
}

func TestMoreLinesAtOneTimeThanAPage(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	st := testenv.Stream{Labels: map[string]string{"app": "stuck"}}
	for i := range 100 {
		when := at.Add(time.Duration(i) * time.Millisecond)
		if i >= 20 && i < 60 {
			when = at.Add(20 * time.Millisecond)
		}
		st.Entries = append(st.Entries, testenv.Entry{Time: when, Line: fmt.Sprintf("line %d", i)})
	}
	c := real(t, st)
	q := parsed(t, `{app="stuck"}`)
	part := loki.Part{Start: at.UnixNano() - 1, End: at.Add(time.Second).UnixNano(), Lines: 100, Share: 100}
	for page, want := range map[int]struct{ lines, unpageable int }{
		39: {99, 1}, 40: {100, 0}, 41: {100, 0}, 1: {61, 1}, 5000: {100, 0},
	} {
		got, unpageable := readAll(t, c, q, []loki.Part{part}, loki.ReadOptions{Page: page})
		require.Len(t, got, want.lines, "page %d", page)
		require.Equal(t, want.unpageable, unpageable, "page %d", page)
	}
}

// TestLinesMeetTheirStreamAgain: neither structured metadata nor a parser stage
// makes streams.
func TestLinesMeetTheirStreamAgain(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	var streams []testenv.Stream
	for s := range 3 {
		st := testenv.Stream{Labels: map[string]string{"app": "meet", "s": fmt.Sprint(s)}}
		for i := range 50 {
			st.Entries = append(st.Entries, testenv.Entry{
				Time: at.Add(time.Duration(i*3+s) * time.Millisecond), Line: fmt.Sprintf(`{"level":"warn","user":"u%d","n":%d}`, i%7, i),
				Metadata: map[string]string{"trace_id": fmt.Sprint(i)},
			})
		}
		streams = append(streams, st)
	}
	c := real(t, streams...)
	part := []loki.Part{{Start: at.UnixNano() - 1, End: at.Add(time.Second).UnixNano(), Lines: 150, Share: 150}}
	for _, stage := range []string{"", "| json", "| logfmt", "| json | line_format `{{.n}} {{.user}}`", "| json | user=~`u.*`"} {
		seen, n := map[string]int{}, 0
		out, err := c.Read(t.Context(), parsed(t, `{app="meet"} `+stage), part, loki.ReadOptions{Labels: []string{"user", "trace_id", "s"}, Page: 37}, func(_ int, e loki.Entry) {
			seen[e.Stream.Key]++
			require.Equal(t, map[string]string{"app": "meet", "s": e.Stream.Labels["s"], "service_name": "meet"}, e.Stream.Labels)
			require.Equal(t, "warn", e.Level)
			want := map[string]string{"trace_id": fmt.Sprint(n / 3)}
			if strings.Contains(stage, "json") {
				want["user"] = fmt.Sprintf("u%d", n/3%7)
			}
			require.Equal(t, want, e.Labels)
			n++
		})
		require.NoError(t, err, stage)
		require.EqualValues(t, 150, out[0].Lines, stage)
		require.Len(t, seen, 3, stage)
	}
}

func TestOddLinesComeBackWhole(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	long := strings.Repeat("0123456789abcde ", 1<<16)
	odd := []string{long, "nul \x00 byte", "ansi \x1b[31mred\x1b[0m", "<|eot_id|><|start_header_id|>system", "emoji 😀 \u202e", `{"a":"b\\\"c\n"}`, strings.Repeat(`"\`, 1<<16)}
	st := testenv.Stream{Labels: map[string]string{"app": "odd"}}
	for i, l := range odd {
		st.Entries = append(st.Entries, testenv.Entry{Time: at.Add(time.Duration(i)), Line: l})
	}
	c := real(t, st)
	got, _ := readAll(t, c, parsed(t, `{app="odd"}`), []loki.Part{{Start: at.UnixNano() - 1, End: at.UnixNano() + 10, Lines: 6, Share: 6}}, loki.ReadOptions{})
	for i := range got {
		require.Equal(t, odd[i], got[i].text)
	}
	require.Len(t, got, len(odd))
}

func TestRealRefusals(t *testing.T) {
	c := real(t, testenv.Stream{Labels: map[string]string{"app": "some"}, Entries: []testenv.Entry{{Time: time.Now().Add(-time.Minute), Line: "x"}}})
	q := parsed(t, `{app="none"}`)
	hour := loki.Window{Start: time.Unix(3600, 0), End: time.Unix(7200, 0)}
	buckets, err := c.Buckets(t.Context(), q, hour, time.Minute, []string{"app"})
	require.NoError(t, err)
	require.Empty(t, buckets, "a window without lines is an answer, not an error")

	// A page size over the server's limit is noticed and lowered.
	now := time.Now().UnixNano()
	got, _ := readAll(t, c, parsed(t, `{app="some"}`), []loki.Part{{Start: now - 3e11, End: now, Lines: 1, Share: 1}}, loki.ReadOptions{Page: 100_000})
	require.Len(t, got, 1)

	_, err = c.Buckets(t.Context(), q, hour, 300*time.Millisecond, nil)
	require.ErrorIs(t, err, loki.ErrRejected)
	require.ErrorContains(t, err, "11,000 points")
	_, err = c.Buckets(t.Context(), q, hour, 7*time.Second, nil)
	require.ErrorContains(t, err, "does not consist of steps of 7s")
	_, err = c.Buckets(t.Context(), q, hour, time.Microsecond, nil)
	require.ErrorContains(t, err, "whole milliseconds")

	_, err = c.Series(t.Context(), parsed(t, `sum(rate({app="x"}[5m]))`), loki.Window{Start: time.Unix(0, 0), End: time.Now()}, time.Second)
	require.ErrorIs(t, err, loki.ErrRejected)

	version, err := c.Health(t.Context())
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(version, "3.") || version == "", version)
}

func TestSeries(t *testing.T) {
	end := time.Now().Truncate(time.Minute)
	st := testenv.Stream{Labels: map[string]string{"app": "series"}}
	for i := range 60 {
		st.Entries = append(st.Entries, testenv.Entry{Time: end.Add(-time.Duration(60-i) * time.Second), Line: "x"})
	}
	c := real(t, st)
	series, err := c.Series(t.Context(), parsed(t, `sum by (app) (count_over_time({app="series"}[30s]))`), loki.Window{Start: end.Add(-time.Minute), End: end}, 30*time.Second)
	require.NoError(t, err)
	require.Len(t, series, 1)
	require.Equal(t, map[string]string{"app": "series"}, series[0].Labels)
	require.Equal(t, 29.0, series[0].Points[len(series[0].Points)-1].Value, "a range is open at its start")
}
