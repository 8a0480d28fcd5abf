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

// sample reads a share of a part.
func (r *reader) sample(ctx context.Context, p Part) error {
	slots := p.Slots
	if len(slots) < pieces {
		var err error
		if slots, err = r.count(ctx, p.Start, p.End); err != nil {
			return err
		}
	}
	return r.spread(ctx, slots, p.Start, p.End, p.Share)
}

// spread reads a share of the slots of (start, end], piece by piece. What one page
// cannot hold is divided in time by where its lines are, so that a burst gets the
// share it has and no page is read to its end and no further.
func (r *reader) spread(ctx context.Context, slots []Slot, start, end, share int64) error {
	page := min(r.limit, r.allowed.Load())
	groups := share * pagesPerShare / page / pieces
	slots = coarser(slots, start, end, pieces*int(min(groups, countedSlots/pieces-1)+1))
	for i, n := range allocate(slots, share) {
		if err := r.piece(ctx, slots[i], n); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) piece(ctx context.Context, s Slot, share int64) error {
	if share <= 0 {
		return nil
	}
	if share < s.Lines && share > min(r.limit, r.allowed.Load()) && s.End-s.Start > int64(time.Millisecond) {
		slots, err := r.count(ctx, s.Start, s.End)
		if err != nil {
			return err
		}
		return r.spread(ctx, slots, s.Start, s.End, share)
	}
	_, err := r.forward(ctx, s.Start+1, s.End+1, share)
	return err
}

// count counts (start, end] in slots. The first and the last are counted up to the
// next whole step outside, which only shifts a few lines of a share.
func (r *reader) count(ctx context.Context, start, end int64) ([]Slot, error) {
	const ms = int64(time.Millisecond)
	step := max(1, (end-start)/countedSlots/ms) * ms
	from := start - start%step
	to := end + (step-end%step)%step
	r.read.Requests++
	counted, err := r.c.buckets(ctx, r.q, from, to, time.Duration(step), nil)
	if err != nil {
		return nil, err
	}
	slots := make([]Slot, 0, len(counted))
	for _, b := range counted {
		slots = append(slots, Slot{Start: max(start, b.End-step), End: min(end, b.End), Lines: b.Lines})
	}
	return slots, nil
}
