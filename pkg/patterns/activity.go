package patterns

// An Activity tells in which of the parts that [Pattern.Trend] has of the window, and of
// the baseline, a stream printed anything: bit 0 is the oldest. Where more streams printed
// a pattern than are told apart, those that may be hidden count as active in the window and
// as inactive in the baseline: silence is never concluded from what was not kept.
type Activity struct {
	Now, Before uint32
}

// Activities returns the activity of the streams, by their numbers, in the tallies of a
// window and of its baseline, which lasts as long. The times are Unix nanoseconds.
func Activities(window, baseline []*Tally, start, end, baseStart int64) map[int]Activity {
	out := map[int]Activity{}
	var hidden [TrendBuckets]int // the stream from which on some may be hidden; 0 for none
	for _, t := range window {
		t.eachPart(start, end, func(x *cell, b int) {
			last := 0
			for _, s := range x.streams[:x.nStreams] {
				a := out[int(s)]
				a.Now |= 1 << b
				out[int(s)] = a
				last = max(last, int(s))
			}
			if x.nStreams == maxStreams && (hidden[b] == 0 || last < hidden[b]) {
				hidden[b] = last
			}
		})
	}
	for _, t := range baseline {
		t.eachPart(baseStart, baseStart+end-start, func(x *cell, b int) {
			for _, s := range x.streams[:x.nStreams] {
				a := out[int(s)]
				a.Before |= 1 << b
				out[int(s)] = a
			}
		})
	}
	for b, from := range hidden {
		if from == 0 {
			continue
		}
		for s, a := range out {
			if s > from {
				a.Now |= 1 << b
				out[s] = a
			}
		}
	}
	return out
}

// eachPart calls f for each cell and the parts that its first and its last line lie in.
func (t *Tally) eachPart(start, end int64, f func(x *cell, b int)) {
	for i := range t.cells {
		x := &t.cells[i]
		first, last := bucket(t.start+int64(x.first)*t.unit, start, end), bucket(t.start+int64(x.last)*t.unit, start, end)
		f(x, first)
		if last != first {
			f(x, last)
		}
	}
}
