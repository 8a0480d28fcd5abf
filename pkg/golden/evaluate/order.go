package evaluate

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// reordered returns the case as its logs could have been told in another order: within
// each minute the streams' lines are interleaved anew, by dealing out the minute's
// timestamps among the streams. The lines of a stream stay in their order, and with them
// traces of several lines; a case of one stream stays as it is. Order 0 is the case's own,
// and each other one is always the same.
func reordered(c *golden.Case, order int) *golden.Case {
	if order == 0 {
		return c
	}
	sum := sha256.Sum256([]byte(c.ID + "\x00" + strconv.Itoa(order)))
	rnd := rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:]))) //nolint:gosec // it must be the same each time
	out := *c
	out.Streams = slices.Clone(c.Streams)
	type place struct{ stream, line int }
	var all []place
	for i := range out.Streams {
		out.Streams[i].Lines = slices.Clone(out.Streams[i].Lines)
		for j := range out.Streams[i].Lines {
			out.Streams[i].Lines[j].ID = c.LineID(i, j)
			all = append(all, place{i, j})
		}
	}
	at := func(p place) *int64 { return &out.Streams[p.stream].Lines[p.line].Offset }
	minute := func(p place) int64 { return floorDiv(*at(p)-1, int64(time.Minute)) } // as windows, open at the start
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(*at(a), *at(b)) })
	for len(all) > 0 {
		n := 1
		for n < len(all) && minute(all[n]) == minute(all[0]) {
			n++
		}
		times, streams := make([]int64, n), make([]int, n)
		next := map[int][]place{}
		for i, p := range all[:n] {
			times[i], streams[i] = *at(p), p.stream
			next[p.stream] = append(next[p.stream], p)
		}
		rnd.Shuffle(n, func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
		for _, lines := range next { // lines of one time stand in the order of the file
			slices.SortFunc(lines, func(a, b place) int { return cmp.Compare(a.line, b.line) })
		}
		for i, s := range streams {
			*at(next[s][0]) = times[i]
			next[s] = next[s][1:]
		}
		all = all[n:]
	}
	return &out
}

// floorDiv divides and rounds down, also below zero.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
