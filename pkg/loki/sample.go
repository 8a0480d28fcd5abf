package loki

import (
	"context"
	"time"
)

const (
	// pieces is the least number of pieces of a part that is sampled, so that its
	// beginning is seen as well as its end.
	pieces = 12
	// countedSlots is about how many slots a part is counted in before it is divided.
	countedSlots = 240
	// pagesPerShare is how many pieces a page's worth of lines is taken from.
	pagesPerShare = 4
)

// A Sampler reads shares of parts as [Client.Read] describes it, from wherever its
// functions read. Times are Unix nanoseconds.
type Sampler struct {
	// Page is how many lines one piece gives at most, unless it is shorter than a
	// millisecond.
	Page func() int64
	// Count counts the lines of (start, end] in slots of step; both are multiples of it.
	Count func(ctx context.Context, start, end int64, step time.Duration) ([]Bucket, error)
	// Forward passes the first limit lines of [start, end) on.
	Forward func(ctx context.Context, start, end, limit int64) error
}

// Part reads the share of a part.
func (s Sampler) Part(ctx context.Context, p Part) error {
	slots := p.Slots
	if len(slots) < pieces {
		var err error
		if slots, err = s.count(ctx, p.Start, p.End); err != nil {
			return err
		}
	}
	return s.spread(ctx, slots, p.Start, p.End, p.Share)
}

// spread reads a share of the slots of (start, end], piece by piece. What one page
// cannot hold is divided in time by where its lines are, so that a burst gets the
// share it has and no page is read to its end and no further.
func (s Sampler) spread(ctx context.Context, slots []Slot, start, end, share int64) error {
	groups := share * pagesPerShare / s.Page() / pieces
	slots = coarser(slots, start, end, pieces*int(min(groups, countedSlots/pieces-1)+1))
	for i, n := range allocate(slots, share) {
		if err := s.piece(ctx, slots[i], n); err != nil {
			return err
		}
	}
	return nil
}

func (s Sampler) piece(ctx context.Context, x Slot, share int64) error {
	if share <= 0 {
		return nil
	}
	if share < x.Lines && share > s.Page() && x.End-x.Start > int64(time.Millisecond) {
		slots, err := s.count(ctx, x.Start, x.End)
		if err != nil {
			return err
		}
		return s.spread(ctx, slots, x.Start, x.End, share)
	}
	return s.Forward(ctx, x.Start+1, x.End+1, share)
}

// count counts (start, end] in slots. The first and the last are counted up to the
// next whole step outside, which only shifts a few lines of a share.
func (s Sampler) count(ctx context.Context, start, end int64) ([]Slot, error) {
	const ms = int64(time.Millisecond)
	step := max(1, (end-start)/countedSlots/ms) * ms
	from := start - start%step
	to := end + (step-end%step)%step
	counted, err := s.Count(ctx, from, to, time.Duration(step))
	if err != nil {
		return nil, err
	}
	slots := make([]Slot, 0, len(counted))
	for _, b := range counted {
		slots = append(slots, Slot{Start: max(start, b.End-step), End: min(end, b.End), Lines: b.Lines})
	}
	return slots, nil
}

// sample reads a share of a part.
func (r *reader) sample(ctx context.Context, p Part) error {
	return Sampler{
		Page: func() int64 { return min(r.limit, r.allowed.Load()) },
		Count: func(ctx context.Context, start, end int64, step time.Duration) ([]Bucket, error) {
			r.read.Requests++
			return r.c.buckets(ctx, r.q, start, end, step, nil)
		},
		Forward: func(ctx context.Context, start, end, limit int64) error {
			_, err := r.forward(ctx, start, end, limit)
			return err
		},
	}.Part(ctx, p)
}
