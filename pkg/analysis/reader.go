package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// maxAllGroups bounds the groups of one query: beyond it a label such as a pod
// or trace id was chosen, and no reader wants that many verdicts.
const maxAllGroups = 500

func tooManyGroups(by []string) error {
	return &InputError{Reason: fmt.Sprintf("grouping by %s gives more than %d groups; group by labels with fewer values", strings.Join(by, ", "), maxAllGroups)}
}

// parallelParts is how many parts of a window are read at a time. Each holds one page
// in memory. Few lines are read in one part: Loki takes longer to answer twice than to
// find them.
const (
	parallelParts = 2
	fewLines      = 20_000
)

// A stratum is lines of a kind, of which all or a share are read.
type stratum struct {
	query loki.Query
	slots []loki.Slot
	// share is how many of the lines are read.
	share, lines int64
	// cells are the lines by slot and group, which samples are weighted by.
	cells map[cellKey]int64
	// novel says that lines which look like no frequent pattern are in it, late that
	// only those are new which are not known.
	novel, late bool
}

// A cellKey is a slot, by its end, and a group.
type cellKey struct {
	end   int64
	group int
}

func (s *stratum) whole() bool { return s.share >= s.lines }

// found is what was read of one slot and group.
type found struct {
	end   int64
	group int
	tally *patterns.Tally
	// recent are the lines of the slot, all groups', with its first tally.
	recent *recent
}

// read reads a stratum into tallies, each weighted by how many lines one that was
// read stands for.
func (c *collector) read(ctx context.Context, s stratum) ([]found, error) {
	parallel := parallelParts
	if s.share <= fewLines {
		parallel = 1
	}
	parts := loki.Slices(s.slots, parallel)
	if !s.whole() {
		left := s.share
		var seen int64
		for i := range parts {
			seen += parts[i].Lines
			parts[i].Share = s.share*seen/max(1, s.lines) - (s.share - left)
			left -= parts[i].Share
		}
	}
	readers := make([]*partReader, len(parts))
	for i := range readers {
		readers[i] = &partReader{c: c, slot: math.MinInt64, whole: s.whole(), late: s.late, streams: map[*loki.Stream]streamRef{}, counters: map[int]*patterns.Counter{}}
	}
	done, err := c.logs.Read(ctx, s.query, parts, loki.ReadOptions{Labels: c.by, Parallel: parallel}, func(part int, e loki.Entry) { readers[part].line(e) })
	for _, d := range done {
		c.cost.LokiRequests += d.Requests
		c.cost.Lines += d.Lines
		c.unpageable += d.Unpageable
	}
	if err != nil {
		return nil, err
	}
	var out []found
	for _, r := range readers {
		if r.err != nil {
			return nil, r.err
		}
		r.end()
		out = append(out, r.found...)
	}
	if !s.whole() {
		s.weigh(out)
	}
	return out, nil
}

// weigh sets how many lines each line that was read stands for: those of its slot and
// group, and those of the group in slots that are nearest to it and of which none was
// read.
func (s *stratum) weigh(all []found) {
	read, stands := map[cellKey]int64{}, map[cellKey]int64{}
	seen := map[int][]int64{} // the slots by group
	for _, f := range all {
		k := cellKey{f.end, f.group}
		if read[k] == 0 {
			seen[f.group] = append(seen[f.group], f.end)
		}
		read[k] += f.tally.Lines
	}
	for _, ends := range seen {
		slices.Sort(ends)
	}
	for k, n := range s.cells {
		if ends := seen[k.group]; len(ends) > 0 {
			stands[cellKey{nearest(ends, k.end), k.group}] += n
		}
	}
	for _, f := range all {
		k := cellKey{f.end, f.group}
		f.tally.Weight = max(1, float64(stands[k])/float64(read[k]))
	}
}

// nearest returns which of the ends, which are ordered, is nearest to t.
func nearest(ends []int64, t int64) int64 {
	i, _ := slices.BinarySearch(ends, t)
	if i == len(ends) || (i > 0 && t-ends[i-1] < ends[i]-t) {
		i--
	}
	return ends[i]
}

// A partReader condenses the lines of one part, which come in the order of time.
type partReader struct {
	c        *collector
	streams  map[*loki.Stream]streamRef
	counters map[int]*patterns.Counter
	active   []int // the groups with lines in the slot
	slot     int64
	found    []found
	err      error
	// whole and late are the stratum's; recent are the lines of the slot, if it is young,
	// and known those of it that were read before.
	whole, late bool
	recent      *recent
	known       map[uint32]bool
}

type streamRef struct{ group, stream int }

func (p *partReader) line(e loki.Entry) {
	if p.err != nil {
		return
	}
	if e.Time > p.slot {
		p.end()
		p.begin(slotEnd(e.Time, p.c.rd.width))
	}
	if p.recent != nil && !p.remember(&e) {
		return
	}
	ref, err := p.ref(e)
	if err != nil {
		p.err = err
		return
	}
	k := p.counters[ref.group]
	if k == nil {
		k = p.c.rd.book.Counter()
		p.counters[ref.group] = k
	}
	if !k.Started() {
		k.Begin(p.slot-p.c.rd.width.Nanoseconds(), p.slot)
		p.active = append(p.active, ref.group)
	}
	k.Add(patterns.Line{Time: e.Time, Stream: ref.stream, Level: patterns.ParseLevel(e.Level), Text: e.Line, Mark: e.Mark})
}

// begin starts the slot with this end.
func (p *partReader) begin(end int64) {
	p.slot, p.recent, p.known = end, nil, nil
	if !p.whole || p.c.started.Sub(time.Unix(0, end)) > lateTime {
		return
	}
	p.recent = &recent{}
	if x := p.c.rd.slots[end]; p.late && x != nil && x.recent != nil {
		p.known = make(map[uint32]bool, len(x.recent.lines))
		for _, h := range x.recent.lines {
			p.known[h] = true
		}
	}
}

// remember notes a line of a young slot and reports whether it was not known.
func (p *partReader) remember(e *loki.Entry) bool {
	h := lineHash(p.c.rd.seed, e)
	if p.known[h] {
		return false
	}
	width := p.c.rd.width.Nanoseconds()
	p.recent.lines = append(p.recent.lines, h)
	p.recent.fine[(e.Time-(p.slot-width)-1)*fineParts/width]++
	return true
}

// end ends the slot.
func (p *partReader) end() {
	for i, g := range p.active {
		f := found{end: p.slot, group: g, tally: p.counters[g].End(1)}
		if i == 0 {
			f.recent = p.recent
		}
		p.found = append(p.found, f)
	}
	p.active = p.active[:0]
}

// ref returns the group and the stream of an entry. Labels from structured metadata
// or a parser stage differ from line to line; those of the stream are looked up once.
func (p *partReader) ref(e loki.Entry) (streamRef, error) {
	known, ok := p.streams[e.Stream]
	if !ok {
		known = streamRef{group: unknownGroup, stream: p.c.rd.stream(e.Stream)}
		p.streams[e.Stream] = known
	}
	if known.group != unknownGroup && e.Labels == nil {
		return known, nil
	}
	g, err := p.c.rd.group(p.c.by, e.Stream.Labels, e.Labels)
	if err != nil {
		return streamRef{}, err
	}
	known.group = g
	if e.Labels == nil {
		p.streams[e.Stream] = known
	}
	return known, nil
}

// unknownGroup stands for the group of a stream whose lines may be of several.
const unknownGroup = -1
