package analysis

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
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
	base, err := c.span(limited, r.Window.Shift(-offset), int64(r.MaxLines), true)
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

// maxVerified is how many patterns are looked for in a baseline at most.
const maxVerified = 2 * maxDictionary

// verify looks in a baseline that was not read whole for what the window has and the
// baseline does not seem to have: only then it is known to be new.
func (c *collector) verify(ctx context.Context, window, base *span, budget int64) error {
	limit := baselineLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, deadline.Sub(c.now())/baselineShare)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	templates := map[string][]string{}
	for g, tallies := range window.tallies {
		ps := c.rd.book.Patterns(tallies, base.tallies[g], 0, 0)
		for i := range ps {
			if ps[i].Count > 0 && ps[i].BaselineCount == 0 {
				ps[i].Change = patterns.ChangeNew
			} else {
				ps[i].Count = 0
			}
		}
		for _, i := range patterns.Rank(ps) {
			if texts := ps[i].Texts(); ps[i].Count > 0 && len(texts) > 0 && len(templates) < maxVerified {
				templates[ps[i].Template] = texts
			}
		}
	}
	total, _ := base.lines()
	if len(templates) == 0 || len(templates) > c.affordable(ctx, total) {
		return nil
	}
	query, ok := c.query.OnlyTemplates(slices.Collect(maps.Values(templates)))
	if !ok {
		return nil
	}
	counts, err := c.countQuery(ctx, query, base.window)
	if err != nil {
		return err
	}
	s := stratum{query: query}
	for _, n := range counts {
		s.add(c.rd.width, n.end, n.total)
		s.lines += n.total
	}
	if s.share = s.lines; s.lines > budget {
		return nil
	}
	found, err := c.read(ctx, s)
	if err != nil {
		return err
	}
	base.asked, base.askedFor = map[int][]*patterns.Tally{}, map[string]bool{}
	for _, f := range found {
		base.asked[f.group] = append(base.asked[f.group], f.tally)
	}
	for t := range templates {
		base.askedFor[t] = true
	}
	return nil
}

// settle says of the patterns that were looked for in the baseline whether they are
// new.
func (c *collector) settle(ps []patterns.Pattern, g int, window, base *span) {
	if len(base.askedFor) == 0 {
		return
	}
	absent := map[string]bool{}
	found := c.rd.book.Patterns(window.tallies[g], base.asked[g], 0, 0)
	for i := range found {
		absent[found[i].Template] = found[i].BaselineCount == 0
	}
	for i := range ps {
		if p := &ps[i]; p.Change == patterns.ChangeNone && base.askedFor[p.Template] && absent[p.Template] {
			p.Change = patterns.ChangeNew
		}
	}
}
