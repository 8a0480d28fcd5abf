package record_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// TestLineIDs: evidence names the lines that the patterns really took, with those of a
// trace, a hundred at most, and of what is gone those of the baseline.
func TestLineIDs(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c := &golden.Case{
		ID: "one", SchemaVersion: golden.SchemaVersion, Split: golden.Dev, GroupID: "g",
		Query: golden.Query{LogQL: `{app="shop"}`, Start: start, End: start.Add(time.Hour), Baseline: "1h", Frozen: true},
	}
	s := golden.Stream{Labels: map[string]string{"app": "shop"}}
	add := func(at time.Duration, id, text string) {
		s.Lines = append(s.Lines, golden.Line{ID: id, Offset: int64(at), Text: text})
	}
	for i := range 40 {
		add(time.Duration(i-50)*time.Minute, fmt.Sprint("sync", i), fmt.Sprintf("level=info msg=\"synced %d products\"", i))
	}
	add(-time.Minute, "served before", "level=info msg=\"request served\" took=7ms")
	for i := range 150 {
		add(time.Duration(i+1)*time.Second, fmt.Sprint("served", i), fmt.Sprintf("level=info msg=\"request served\" took=%dms", i))
	}
	add(10*time.Minute+time.Second, "head", "panic: runtime error: invalid memory address or nil pointer dereference")
	for i, text := range []string{"", "goroutine 17 [running]:", "main.(*cart).total(0x0)", "\t/src/cart.go:42 +0x1f"} {
		add(10*time.Minute+time.Second+time.Duration(i+1), fmt.Sprint("frame", i), text)
	}
	c.Streams = []golden.Stream{s}
	v := viewOf(t, c)

	ids := func(text string) []string { return v.LineIDs([]int{row(t, v, text)}) }
	require.Equal(t, []string{"head", "frame0", "frame1", "frame2", "frame3"}, ids("panic"))
	served := ids("served")
	require.Len(t, served, 100)
	require.Equal(t, "served0", served[0])
	synced := ids("synced")
	require.Len(t, synced, 40)
	require.Contains(t, synced, "sync7")
	require.Empty(t, v.LineIDs(nil))
}
