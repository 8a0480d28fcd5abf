package patterns

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestActivities(t *testing.T) {
	b := NewBook(Config{})
	span := func(start int64, at map[int][]int64) []*Tally {
		var out []*Tally
		for slot := range int64(TrendBuckets) {
			c := b.Counter()
			c.Begin(start+slot*100, start+(slot+1)*100)
			for s := range 20 {
				for _, x := range at[s] {
					if x == slot {
						c.Add(Line{Time: start + slot*100 + 50, Stream: s, Text: []byte("tick done")})
					}
				}
			}
			out = append(out, c.End(1))
		}
		return out
	}
	window := span(10_000, map[int][]int64{0: {0, 1, 23}, 3: {5}})
	before := span(0, map[int][]int64{0: {2}, 7: {0, 23}})
	got := Activities(window, before, 10_000, 12_400, 0)
	require.Equal(t, map[int]Activity{0: {Now: 1 | 2 | 1<<23, Before: 4}, 3: {Now: 1 << 5}, 7: {Before: 1 | 1<<23}}, got)
	require.Empty(t, Activities(nil, nil, 0, 1, 0))

	// Of twelve streams that print the same, eight are kept: the others may have printed too.
	crowd := map[int][]int64{}
	for s := range 12 {
		crowd[s] = []int64{4}
	}
	got = Activities(span(10_000, crowd), span(0, map[int][]int64{2: {1}, 11: {1}}), 10_000, 12_400, 0)
	require.Equal(t, Activity{Now: 1 << 4, Before: 2}, got[11])
	require.Equal(t, Activity{Now: 1 << 4, Before: 2}, got[2])
}
