package analysis

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// Lines can arrive after others of the same time were read. Exact counts tell in which
// slot; for as long as that is usual, it is remembered which lines of a slot were read,
// so that only the late ones are added.
const (
	// lateTime is how long after its end a slot is expected to get late lines.
	lateTime = 5 * time.Minute
	// fineParts is how many parts of a slot are counted apart to find late lines.
	fineParts = 100
	// maxFine bounds the slots that are counted in parts: Loki gives up to 11,000 points.
	maxFine = 100
	// maxRecent bounds the lines of one query that are remembered.
	maxRecent = 1 << 18
)

// recent remembers the lines of a slot.
type recent struct {
	lines []uint32 // their hashes
	fine  [fineParts]int32
}

func (r *recent) bytes() int {
	if r == nil {
		return 0
	}
	return 4*cap(r.lines) + 4*fineParts
}

// lineHash tells the lines of a slot apart.
func lineHash(seed maphash.Seed, e *loki.Entry) uint32 {
	h := maphash.Bytes(seed, e.Line)
	h ^= maphash.String(seed, e.Stream.Key) * 31
	h ^= uint64(e.Time) * 0x9e3779b97f4a7c15 //nolint:gosec // only the bits matter
	return uint32(h ^ h>>32)                 //nolint:gosec // half of the bits are enough
}

// settle forgets the lines of slots that are no longer young, and those of the oldest
// where there are too many.
func (r *reading) settle(now time.Time) {
	var young []int64
	lines := 0
	for end, s := range r.slots {
		switch {
		case s.recent == nil:
		case now.Sub(time.Unix(0, end)) > lateTime:
			s.recent = nil
		default:
			young = append(young, end)
			lines += len(s.recent.lines)
		}
	}
	slices.Sort(young)
	for _, end := range young {
		if lines <= maxRecent {
			return
		}
		lines -= len(r.slots[end].recent.lines)
		r.slots[end].recent = nil
	}
}

// amendable divides the slots to read into those that only have late lines and the
// others.
//
// Too much to be late lines is read like any other.
func (c *collector) amendable(missing []slotCount, budget int64) (amend, fresh []slotCount) {
	r := c.rd
	var last int64
	for _, n := range missing {
		last = max(last, n.end)
	}
	for _, n := range missing {
		young := last-n.end < maxFine*r.width.Nanoseconds() && c.started.Sub(time.Unix(0, n.end)) <= lateTime
		if s, ok := r.slots[n.end]; ok && young && s.recent != nil && s.whole && n.total > s.total && n.total-s.total <= budget {
			budget -= n.total - s.total
			amend = append(amend, n)
		} else {
			fresh = append(fresh, n)
		}
	}
	return amend, fresh
}

// amend adds the late lines of slots: counted in parts of a slot, only those parts are
// read again that hold more than before, and of them only the lines that are not known.
func (c *collector) amend(ctx context.Context, slots []slotCount) error {
	if len(slots) == 0 {
		return nil
	}
	width := c.rd.width.Nanoseconds()
	fine := c.rd.width / fineParts
	c.cost.LokiRequests++
	w := loki.Window{Start: time.Unix(0, slots[0].end-width), End: time.Unix(0, slots[len(slots)-1].end)}
	buckets, err := c.logs.Buckets(ctx, c.query, w, fine, nil)
	if err != nil {
		return err
	}
	s := stratum{query: c.query, late: true}
	for _, b := range buckets {
		end := slotEnd(b.End, c.rd.width)
		x, ok := c.rd.slots[end]
		if !ok || x.recent == nil || !slices.ContainsFunc(slots, func(n slotCount) bool { return n.end == end }) {
			continue
		}
		if at := (b.End - (end - width) - 1) / fine.Nanoseconds(); b.Lines > int64(x.recent.fine[at]) {
			s.slots = append(s.slots, loki.Slot{Start: b.End - fine.Nanoseconds(), End: b.End, Lines: b.Lines})
			s.lines += b.Lines
		}
	}
	s.slots = closeGaps(s.slots)
	s.share = s.lines
	found, err := c.read(ctx, s)
	if err != nil {
		return err
	}
	for _, f := range found {
		x := c.rd.slots[f.end]
		x.tallies = append(x.tallies, groupTally{f.group, f.tally})
		x.read += f.tally.Lines
		x.recent.merge(f.recent)
	}
	for _, n := range slots {
		x := c.rd.slots[n.end]
		x.total = max(n.total, x.read)
	}
	return nil
}

// maxPieces is in how many pieces late lines are read at most.
const maxPieces = 24

// closeGaps closes gaps between slots, the smallest first, until few pieces are left: a
// request costs Loki more than some lines that are known.
func closeGaps(slots []loki.Slot) []loki.Slot {
	slices.SortFunc(slots, func(a, b loki.Slot) int { return cmp.Compare(a.End, b.End) })
	var gaps []int64
	for i := 1; i < len(slots); i++ {
		if gap := slots[i].Start - slots[i-1].End; gap > 0 {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) < maxPieces {
		return slots
	}
	slices.Sort(gaps)
	limit := gaps[len(gaps)-maxPieces]
	for i := 1; i < len(slots); i++ {
		if slots[i].Start-slots[i-1].End <= limit {
			slots[i].Start = slots[i-1].End
		}
	}
	return slots
}

func (r *recent) merge(o *recent) {
	if o == nil {
		return
	}
	r.lines = append(r.lines, o.lines...)
	for i, n := range o.fine {
		r.fine[i] += n
	}
}
