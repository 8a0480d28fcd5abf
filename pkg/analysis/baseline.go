package analysis

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// baselineShare is the part of the time left that reading the baseline may take,
// and baselineLimit the bound where the caller has none: yesterday's logs may lie
// in a slow object store, and an answer without a baseline is better than none.
const (
	baselineShare = 3
	baselineLimit = 20 * time.Second
	// maxBaselines is how many offsets back a window is looked for that was not judged
	// suspicious.
	maxBaselines = 7
)

// baseline reads the window to compare with; nil where there is none.
func (c *collector) baseline(ctx context.Context, r *Request, res *Result) (*span, error) {
	if r.Baseline <= 0 {
		return nil, nil
	}
	offset := healthy(res, r)
	r.progress("collect", "reading the baseline %s earlier", offset)
	limit := baselineLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, deadline.Sub(c.now())/baselineShare)
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	last := c.rd.counted
	base, err := c.span(limited, r.Window.Shift(-offset), int64(r.MaxLines))
	c.rd.counted = last // the window is what is asked for again and again
	switch {
	case ctx.Err() != nil || errors.Is(err, loki.ErrUnavailable):
		return nil, cmp.Or(err, ctx.Err()) // the window cannot be read either
	case err != nil:
		r.Baseline = 0
		res.notice(true, "The baseline could not be read, so nothing is known to be new: %s", err.Error())
		return nil, nil
	}
	if total, _ := base.lines(); total == 0 {
		r.Baseline = 0
		res.notice(false, "The baseline window has no lines, so nothing is known to be new.")
		return nil, nil
	}
	r.Baseline = offset
	return base, nil
}

// healthy chooses the nearest multiple of the offset at which nothing suspicious was
// judged, so that an incident does not become normal by lasting; where every one was
// suspicious, the least.
func healthy(res *Result, r *Request) time.Duration {
	best, severity := r.Baseline, verdict.Critical+1
	for k := range maxBaselines {
		offset := time.Duration(k+1) * r.Baseline
		s := res.judged.worst(r.Window.Shift(-offset))
		if s < severity {
			best, severity = offset, s
		}
		if s == verdict.Healthy {
			break
		}
	}
	if best != r.Baseline {
		res.notice(false, "The baseline lies %s earlier instead of %s: what lies between was judged suspicious.", best, r.Baseline)
	}
	return best
}
