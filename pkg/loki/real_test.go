package loki_test

import (
	"fmt"
	"net/http"
	"strings"
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

// TestPagingLosesAndRepeatsNothing reads windows whose page borders fall on equal
// timestamps, in every page size.
func TestPagingLosesAndRepeatsNothing(t *testing.T) {
	end := time.Now().Add(-time.Minute).Truncate(time.Second)
	start := end.Add(-10 * time.Minute)
	want := map[string]int{}
	var streams []testenv.Stream
	for s := range 3 {
		st := testenv.Stream{Labels: map[string]string{"app": "paging", "s": fmt.Sprint(s)}}
		for i := range 200 {
			// Groups of seven lines share a nanosecond; one group of each stream has 40.
			at := start.Add(time.Duration(i/7) * time.Second)
			if i >= 160 {
				at = start.Add(5 * time.Minute)
			}
			line := fmt.Sprintf("stream %d line %d", s, i)
			want[line]++
			st.Entries = append(st.Entries, testenv.Entry{Time: at, Line: line, Metadata: map[string]string{"trace_id": fmt.Sprint(i)}})
		}
		streams = append(streams, st)
	}
	c := real(t, streams...)
	q, err := loki.Parse(`{app="paging"}`)
	require.NoError(t, err)
	w := loki.Window{Start: start, End: end}
	for _, page := range []int{121, 150, 200, 599, 600, 601, 5000} {
		got := map[string]int{}
		last := ""
		read, err := c.Lines(t.Context(), q, w, nil, loki.Limits{Lines: 10_000, Page: page}, func(e loki.Entry) {
			got[string(e.Line)]++
			at := fmt.Sprintf("%d %s", e.Time, e.Stream.Key)
			require.LessOrEqual(t, last, at, "ordered by time and stream")
			last = at
			require.Len(t, e.Stream.Labels, 3, "structured metadata makes no streams: app, s, service_name")
		})
		require.NoError(t, err)
		require.Equal(t, want, got, "page size %d", page)
		require.Equal(t, int64(600), read.Total)
		require.Zero(t, read.Unpageable)
		require.False(t, read.Sampled)
	}

	// 120 lines share one nanosecond: pages of 100 cannot pass it whole, and say so.
	read, err := c.Lines(t.Context(), q, w, nil, loki.Limits{Lines: 10_000, Page: 100}, func(loki.Entry) {})
	require.NoError(t, err)
	require.Equal(t, 1, read.Unpageable)
	require.Less(t, read.Lines, 600)
	require.Equal(t, int64(600), read.Total)
}

func TestSamplingCoversTheWholeWindow(t *testing.T) {
	end := time.Now().Add(-time.Minute).Truncate(time.Second)
	start := end.Add(-12 * time.Minute)
	st := testenv.Stream{Labels: map[string]string{"app": "sampling"}}
	for i := range 720 {
		st.Entries = append(st.Entries, testenv.Entry{Time: start.Add(time.Duration(i) * time.Second), Line: fmt.Sprintf("line %d", i)})
	}
	c := real(t, st)
	q, err := loki.Parse(`{app="sampling"}`)
	require.NoError(t, err)
	minutes := map[int64]int{}
	read, err := c.Lines(t.Context(), q, loki.Window{Start: start, End: end}, []string{"app"}, loki.Limits{Lines: 120}, func(e loki.Entry) {
		minutes[(e.Time-start.UnixNano())/int64(time.Minute)]++
	})
	require.NoError(t, err)
	require.True(t, read.Sampled)
	require.Equal(t, 120, read.Lines)
	require.Equal(t, 1+12+12, read.Requests)
	require.Equal(t, []loki.Total{{Labels: map[string]string{"app": "sampling"}, Lines: 720}}, read.Totals)
	for m := range int64(12) {
		require.Equal(t, 10, minutes[m], "minute %d", m)
	}
}

// TestSamplingKeepsABurst: nearly all lines lie in one second, as in an incident.
func TestSamplingKeepsABurst(t *testing.T) {
	end := time.Now().Add(-time.Minute).Truncate(time.Second)
	start := end.Add(-time.Hour)
	burst := testenv.Stream{Labels: map[string]string{"app": "burst"}}
	for i := range 3000 {
		burst.Entries = append(burst.Entries, testenv.Entry{Time: start.Add(40*time.Minute + time.Duration(i)*300*time.Microsecond), Line: fmt.Sprintf("burst %d", i)})
	}
	quiet := testenv.Stream{Labels: map[string]string{"app": "burst", "s": "quiet"}}
	for i := range 60 {
		quiet.Entries = append(quiet.Entries, testenv.Entry{Time: start.Add(time.Duration(i) * time.Minute), Line: fmt.Sprintf("quiet %d", i)})
	}
	c := real(t, burst, quiet)
	q, err := loki.Parse(`{app="burst"}`)
	require.NoError(t, err)
	for _, tc := range []struct{ limit, page int }{{1000, 5000}, {2000, 300}, {2900, 1000}, {10, 5000}, {1, 5000}} {
		lines, last := 0, int64(0)
		seen := map[string]bool{}
		read, err := c.Lines(t.Context(), q, loki.Window{Start: start, End: end}, nil, loki.Limits{Lines: tc.limit, Page: tc.page}, func(e loki.Entry) {
			require.False(t, seen[string(e.Line)], "each line once")
			seen[string(e.Line)] = true
			require.GreaterOrEqual(t, e.Time, last)
			last = e.Time
			lines++
		})
		require.NoError(t, err)
		require.True(t, read.Sampled)
		require.Equal(t, lines, read.Lines)
		require.InDelta(t, tc.limit, read.Lines, 1+0.02*float64(tc.limit), "the budget is used: %+v", tc)
	}
}

func TestHalfOpenWindowCountsAsItReads(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	c := real(t, testenv.Stream{Labels: map[string]string{"app": "edges"}, Entries: []testenv.Entry{
		{Time: at, Line: "at the start"}, {Time: at.Add(30 * time.Second), Line: "at the end"},
	}})
	q, err := loki.Parse(`{app="edges"} # with a comment`)
	require.NoError(t, err)
	var got []string
	read, err := c.Lines(t.Context(), q, loki.Window{Start: at, End: at.Add(30 * time.Second)}, nil, loki.Limits{Lines: 10}, func(e loki.Entry) { got = append(got, string(e.Line)) })
	require.NoError(t, err)
	require.Equal(t, []string{"at the start"}, got)
	require.Equal(t, int64(1), read.Total)
}

func TestOddLinesComeBackWhole(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	long := strings.Repeat("0123456789abcde ", 1<<16)
	odd := []string{long, "nul \x00 byte", "ansi \x1b[31mred\x1b[0m", "<|eot_id|><|start_header_id|>system", "emoji 😀 \u202e"}
	st := testenv.Stream{Labels: map[string]string{"app": "odd"}}
	for i, l := range odd {
		st.Entries = append(st.Entries, testenv.Entry{Time: at.Add(time.Duration(i)), Line: l})
	}
	c := real(t, st)
	q, err := loki.Parse(`{app="odd"}`)
	require.NoError(t, err)
	var got []string
	_, err = c.Lines(t.Context(), q, loki.Window{Start: at, End: at.Add(time.Second)}, nil, loki.Limits{Lines: 100}, func(e loki.Entry) { got = append(got, string(e.Line)) })
	require.NoError(t, err)
	require.Equal(t, odd, got)
}

func TestRealRefusals(t *testing.T) {
	c := real(t)
	// A page size over the server's limit is noticed and lowered.
	q, err := loki.Parse(`{app="none"}`)
	require.NoError(t, err)
	read, err := c.Lines(t.Context(), q, window, nil, loki.Limits{Lines: 10}, func(loki.Entry) {})
	require.NoError(t, err)
	require.Zero(t, read.Total, "a window without lines is an answer, not an error")

	_, err = c.Series(t.Context(), loki.Query{Text: `sum(rate({app="x"}[5m]))`, Kind: loki.KindMetric}, loki.Window{Start: time.Unix(0, 0), End: time.Now()}, time.Second)
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
	q, err := loki.Parse(`sum by (app) (count_over_time({app="series"}[30s]))`)
	require.NoError(t, err)
	series, err := c.Series(t.Context(), q, loki.Window{Start: end.Add(-time.Minute), End: end}, 30*time.Second)
	require.NoError(t, err)
	require.Len(t, series, 1)
	require.Equal(t, map[string]string{"app": "series"}, series[0].Labels)
	require.Equal(t, 29.0, series[0].Points[len(series[0].Points)-1].Value, "a range is open at its start")
}
