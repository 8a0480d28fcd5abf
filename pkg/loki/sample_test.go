package loki_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// sampled reads a share of a window and returns how many lines each twelfth gave.
func sampled(t *testing.T, c *loki.Client, q loki.Query, p loki.Part, o loki.ReadOptions) (twelfths [12]int, read loki.PartRead) {
	t.Helper()
	seen, last := map[string]bool{}, int64(0)
	out, err := c.Read(t.Context(), q, []loki.Part{p}, o, func(_ int, e loki.Entry) {
		require.False(t, seen[string(e.Line)], "each line once")
		seen[string(e.Line)] = true
		require.GreaterOrEqual(t, e.Time, last, "in order")
		last = e.Time
		twelfths[(e.Time-p.Start-1)*12/(p.End-p.Start)]++
	})
	require.NoError(t, err)
	require.True(t, out[0].Sampled)
	require.EqualValues(t, len(seen), out[0].Lines)
	return twelfths, out[0]
}

func TestSamplingCoversTheWholeWindow(t *testing.T) {
	end := time.Now().Add(-time.Minute).Truncate(time.Minute)
	start := end.Add(-12 * time.Minute)
	st := testenv.Stream{Labels: map[string]string{"app": "sampling"}}
	for i := range 720 {
		st.Entries = append(st.Entries, testenv.Entry{Time: start.Add(time.Duration(i+1) * time.Second), Line: fmt.Sprintf("line %d", i)})
	}
	c := real(t, st)
	q := parsed(t, `{app="sampling"}`)
	p := loki.Part{Start: start.UnixNano(), End: end.UnixNano(), Lines: 720, Share: 120}
	counts, read := sampled(t, c, q, p, loki.ReadOptions{})
	require.Equal(t, [12]int{10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10}, counts)
	require.Equal(t, 1+12, read.Requests, "one count and twelve pages")

	p.Slots = counted(t, c, q, loki.Window{Start: start, End: end}, 30*time.Second)
	_, read = sampled(t, c, q, p, loki.ReadOptions{})
	require.Equal(t, 12, read.Requests, "slots that are known are not counted again")

	p.Share = 6
	counts, _ = sampled(t, c, q, p, loki.ReadOptions{})
	require.Equal(t, [12]int{0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, counts)

	p.Share = 0
	counts, read = sampled(t, c, q, p, loki.ReadOptions{})
	require.Zero(t, counts)
	require.Zero(t, read.Requests)
}

// TestSamplingKeepsABurst: nearly all lines lie in one second, as in an incident.
func TestSamplingKeepsABurst(t *testing.T) {
	end := time.Now().Add(-time.Minute).Truncate(time.Minute)
	start := end.Add(-time.Hour)
	burst := testenv.Stream{Labels: map[string]string{"app": "burst"}}
	for i := range 3000 {
		burst.Entries = append(burst.Entries, testenv.Entry{Time: start.Add(40*time.Minute + time.Duration(i+1)*300*time.Microsecond), Line: fmt.Sprintf("burst %d", i)})
	}
	quiet := testenv.Stream{Labels: map[string]string{"app": "burst", "s": "quiet"}}
	for i := range 60 {
		quiet.Entries = append(quiet.Entries, testenv.Entry{Time: start.Add(time.Duration(i)*time.Minute + 1), Line: fmt.Sprintf("quiet %d", i)})
	}
	c := real(t, burst, quiet)
	q := parsed(t, `{app="burst"}`)
	slots := counted(t, c, q, loki.Window{Start: start, End: end}, time.Minute)
	for _, tc := range []struct{ share, page int }{{1000, 5000}, {2000, 300}, {2900, 1000}, {12, 5000}, {500, 1}} {
		for _, known := range [][]loki.Slot{nil, slots} {
			p := loki.Part{Start: start.UnixNano(), End: end.UnixNano(), Lines: 3060, Share: int64(tc.share), Slots: known}
			counts, read := sampled(t, c, q, p, loki.ReadOptions{Page: tc.page})
			require.LessOrEqual(t, read.Lines, p.Share)
			require.InDelta(t, tc.share, read.Lines, 1+0.01*float64(tc.share), "the share is used: %+v", tc)
			for i, n := range counts {
				require.Positive(t, n, "twelfth %d of %+v", i, tc)
			}
		}
	}
}

// TestSamplingWhereTimeCannotBeDivided: all lines within a millisecond.
func TestSamplingWhereTimeCannotBeDivided(t *testing.T) {
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	st := testenv.Stream{Labels: map[string]string{"app": "instant"}}
	for i := range 1000 {
		st.Entries = append(st.Entries, testenv.Entry{Time: at.Add(time.Duration(i)), Line: fmt.Sprintf("line %d", i)})
	}
	c := real(t, st)
	p := loki.Part{Start: at.Add(-time.Second).UnixNano(), End: at.Add(time.Second).UnixNano(), Lines: 1000, Share: 700}
	_, read := sampled(t, c, parsed(t, `{app="instant"}`), p, loki.ReadOptions{Page: 100})
	require.EqualValues(t, 700, read.Lines)
}
