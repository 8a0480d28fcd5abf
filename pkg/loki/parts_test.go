package loki_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

func TestSlices(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		n := 1 + rnd.IntN(6)
		var slots []loki.Slot
		var total, largest int64
		at, gaps := int64(100), 0
		for range rnd.IntN(60) {
			if rnd.IntN(20) == 0 && len(slots) > 0 {
				at += 10
				gaps++
			}
			s := loki.Slot{Start: at, End: at + 10, Lines: rnd.Int64N(100) * rnd.Int64N(2)}
			at += 10
			total += s.Lines
			largest = max(largest, s.Lines)
			slots = append(slots, s)
		}
		parts := loki.Slices(slots, n)
		require.LessOrEqual(t, len(parts), n+gaps)
		var got []loki.Slot
		for _, p := range parts {
			require.Equal(t, p.Start, p.Slots[0].Start)
			require.Equal(t, p.End, p.Slots[len(p.Slots)-1].End)
			require.Equal(t, p.Share, p.Lines)
			require.LessOrEqual(t, p.Lines, total/int64(n)+largest+1, "about equal parts")
			var lines int64
			for i, s := range p.Slots {
				lines += s.Lines
				require.True(t, i == 0 || p.Slots[i-1].End == s.Start, "no part spans a gap")
				if s.Lines > 0 {
					got = append(got, s)
				}
			}
			require.Equal(t, lines, p.Lines)
		}
		var want []loki.Slot
		for _, s := range slots {
			if s.Lines > 0 {
				want = append(want, s)
			}
		}
		require.Equal(t, want, got, "each slot with lines once, in order")
	}
}
