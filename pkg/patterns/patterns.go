package patterns

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// stats is what the tallies of a window say of one pattern.
type stats struct {
	count, base         float64
	read, baseRead      int
	levels              [levelCount]float64
	first, last         int64
	baseFirst, baseLast int64
	trend               [TrendBuckets]float64
	streams             []int
	baseStreams         []int
	slots               []int
	marks               []int
}

// Patterns makes patterns of the tallies of a window, which lasts from start to end
// in Unix nanoseconds, and of those of the baseline, in the order of their first
// line; those first seen at the same nanosecond in the order of their templates. It
// depends on what was counted only, not on the order of the tallies. The result is
// the caller's; [Compare] sets the changes.
func (b *Book) Patterns(window, baseline []*Tally, start, end int64) []Pattern {
	b.mu.Lock()
	defer b.mu.Unlock()
	// counts has the events of each shape in the window; place is where the shape's
	// pattern is, from 1.
	counts, place := make([]float32, b.shapes.n), make([]int32, b.shapes.n)
	shapes := b.shapesOf(counts, place, window, baseline)
	clusters := clusterShapes(&b.vocab, shapes)
	named := make(map[string]int32, len(clusters))
	at := make(map[*shape]int32, len(shapes))
	var names []string
	kept := clusters[:0]
	for _, x := range clusters {
		name := b.vocab.template(x)
		n, ok := named[name]
		if ok { // a template is a pattern's name, so it must occur once
			kept[n-1].members = append(kept[n-1].members, x.members...)
		} else {
			kept, names = append(kept, x), append(names, name)
			n = int32(len(kept)) //nolint:gosec // no more than shapes
			named[name] = n
		}
		for _, s := range x.members {
			at[s] = n
		}
	}
	for id := range place {
		if place[id] != 0 {
			place[id] = at[b.shapes.at(uint32(id))]
		}
	}
	sums := make([]stats, len(kept))
	for i := range sums {
		sums[i] = stats{first: math.MaxInt64, last: math.MinInt64, baseFirst: math.MaxInt64, baseLast: math.MinInt64}
	}
	for i, t := range window {
		b.sum(sums, place, t, i, start, end)
	}
	for _, t := range baseline {
		b.sum(sums, place, t, -1, start, end)
	}
	share := func(s *shape) float64 { return float64(counts[s.id]) }
	order := make([]int, len(kept))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(sums[a].begin(), sums[b].begin()), strings.Compare(names[a], names[b]))
	})
	out := make([]Pattern, len(kept))
	for i, k := range order {
		out[i] = b.vocab.pattern(names[k], kept[k], &sums[k], share)
	}
	return out
}

// begin is when the pattern was first seen: in the baseline where the window has none.
func (s *stats) begin() int64 {
	if s.count > 0 {
		return s.first
	}
	return s.baseFirst
}

// shapesOf returns the shapes that occur in tallies, counts their events in the window,
// and marks their places.
func (b *Book) shapesOf(counts []float32, place []int32, window, baseline []*Tally) []*shape {
	var out []*shape
	add := func(tallies []*Tally, weight float32) {
		for _, t := range tallies {
			for i := range t.cells {
				id := b.resolved(t.cells[i].shape)
				if place[id] == 0 {
					place[id] = 1
					s := b.shapes.at(id)
					s.id = id
					out = append(out, s)
				}
				counts[id] += float32(t.cells[i].events) * weight * float32(t.Weight)
			}
		}
	}
	add(window, 1)
	add(baseline, 0)
	return out
}

// sum counts a tally: slot is its index in the window, -1 for one of the baseline.
func (b *Book) sum(sums []stats, place []int32, t *Tally, slot int, start, end int64) {
	for i := range t.cells {
		x := &t.cells[i]
		st := &sums[place[b.resolved(x.shape)]-1]
		n := float64(x.events) * t.Weight
		first, last := t.start+int64(x.first)*t.unit, t.start+int64(x.last)*t.unit
		if slot < 0 {
			st.base += n
			st.baseRead += int(x.events)
			st.baseFirst, st.baseLast = min(st.baseFirst, first), max(st.baseLast, last)
			st.baseStreams = joinStreams(st.baseStreams, x)
			continue
		}
		st.count += n
		st.read += int(x.events)
		st.levels[x.level] += n
		st.first, st.last = min(st.first, first), max(st.last, last)
		st.trend[bucket(first/2+last/2, start, end)] += n
		st.streams = joinStreams(st.streams, x)
		if n := len(st.slots); n == 0 || st.slots[n-1] != slot {
			st.slots = append(st.slots, slot)
		}
	}
	for _, m := range t.marks {
		st := &sums[place[b.resolved(m.shape)]-1]
		st.marks = append(st.marks, m.id)
	}
}

func joinStreams(known []int, x *cell) []int {
	for _, s := range x.streams[:x.nStreams] {
		if !slices.Contains(known, int(s)) {
			known = append(known, int(s))
		}
	}
	return known
}

func bucket(t, start, end int64) int {
	if end <= start {
		return 0
	}
	return min(max(int(float64(t-start)/float64(end-start)*TrendBuckets), 0), TrendBuckets-1)
}

// pattern describes a cluster and what was counted of it.
func (v *vocabulary) pattern(name string, x *cluster, sum *stats, share func(*shape) float64) Pattern {
	p := Pattern{
		Template: name, Count: whole(sum.count), Read: sum.read, BaselineCount: whole(sum.base), BaselineRead: sum.baseRead,
		First: sum.first, Last: sum.last, Slots: sum.slots, Streams: sum.streams, Variable: v.variable(x, share), head: v.head(x), Marks: sum.marks,
	}
	slices.Sort(p.Marks)
	var best sample
	for _, s := range x.members {
		p.JSON = p.JSON || s.json
		if best.replacedBy(&s.sample) {
			best = s.sample
		}
	}
	p.Sample, p.SampleTime, p.SampleStream = best.text, best.time, int(best.stream)
	if p.Count == 0 {
		p.First, p.Last, p.Streams = sum.baseFirst, sum.baseLast, sum.baseStreams
	}
	for l, n := range sum.levels {
		p.Levels[l] = whole(n)
	}
	for b, n := range sum.trend {
		p.Trend[b] = whole(n)
	}
	slices.Sort(p.Streams)
	p.Streams = p.Streams[:min(len(p.Streams), maxStreams)]
	return p
}

// whole rounds an estimate, to one at least where there is any.
func whole(n float64) int {
	if n > 0 && n < 1 {
		return 1
	}
	return int(math.Round(n))
}
