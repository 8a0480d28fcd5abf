package analysis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A collector reads the lines of one request into the memory and takes the patterns
// from there.
type collector struct {
	logs  Logs
	query loki.Query // as it is executed
	by    []string
	rd    *reading
	now   func() time.Time
	// started is when the request came.
	started time.Time
	// cost is what this request took.
	cost       Cost
	unpageable int
	// levelless says that Loki does not count by level.
	levelless bool
}

// A span is what is known of one window.
type span struct {
	window loki.Window
	// total and read are lines by group, novel says that no line is missing that looks
	// unlike the frequent ones.
	total, read map[int]int64
	tallies     map[int][]*patterns.Tally
	novel       bool
	// asked are the lines of a baseline that were looked for because the window has such,
	// by group, and askedFor the templates.
	asked    map[int][]*patterns.Tally
	askedFor map[string]bool
}

func (s *span) lines() (total, read int64) {
	for _, n := range s.total {
		total += n
	}
	for _, n := range s.read {
		read += n
	}
	return total, read
}

// collectLines reads what is not known yet of the window and of the baseline, and
// mines them together, so that both have the same templates.
func (e *Engine) collectLines(ctx context.Context, r *Request, res *Result) error {
	if err := loki.CheckGroupBy(r.GroupBy); err != nil {
		return err
	}
	width := slotWidth(r.Window.Length())
	query := res.Executed
	id := []string{r.Owner, query.Text, fmt.Sprintf("%q", r.GroupBy)}
	rd, err := e.Memory.reading(ctx, verdict.KeyOf(append(id, width.String(), fmt.Sprint(r.MaxLines))...), width, r.Wait, patterns.Config{
		Redact: e.Redactor.Secrets, SampleAge: int64(r.Window.Length() / 4),
	})
	if err != nil {
		return err
	}
	defer func() { e.Memory.done(rd, e.Now()) }()
	c := &collector{logs: r.Logs, query: query, by: r.GroupBy, rd: rd, now: e.Now, started: e.Now()}
	res.judgedAs = verdict.KeyOf(id...)
	res.judged = e.Memory.judgements(res.judgedAs)
	base, err := c.baseline(ctx, r, res)
	if err != nil {
		return err
	}
	r.progress("collect", "reading the window")
	window, err := c.span(ctx, r.Window, int64(r.MaxLines), false)
	if err == nil && base != nil && !base.novel {
		if notVerified := c.verify(ctx, window, base, int64(r.MaxLines)); notVerified != nil {
			res.notice(true, "The baseline was only sampled, and could not be searched for what seems to be new: %s", notVerified.Error())
		}
		err = ctx.Err()
	}
	res.Cost.add(c.cost)
	if err != nil {
		return err
	}
	c.tell(res, window, r)
	c.groups(res, window, base)
	return nil
}

// span reads what is not known yet of a window.
func (c *collector) span(ctx context.Context, asked loki.Window, budget int64, baseline bool) (*span, error) {
	w := aligned(asked, c.rd.width)
	counts, fresh, err := c.count(ctx, asked, w)
	if err != nil {
		return nil, err
	}
	if fresh {
		c.rd.vanish(w, counts)
	}
	late, missing := c.amendable(c.rd.missing(counts, fresh, baseline), budget)
	if err := c.amend(ctx, late); err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		strata, err := c.plan(ctx, missing, budget, baseline)
		if err != nil {
			return nil, err
		}
		if err := c.fill(ctx, missing, strata, baseline); err != nil {
			return nil, err
		}
	}
	return c.known(w, counts), nil
}

// fill reads strata and enters their slots.
func (c *collector) fill(ctx context.Context, missing []slotCount, strata []stratum, baseline bool) error {
	slots := make(map[int64]*slot, len(missing))
	for _, n := range missing {
		slots[n.end] = &slot{total: n.total, whole: true, novel: true}
	}
	for _, s := range strata {
		if !s.whole() {
			missed(slots, s)
		}
		if s.share <= 0 {
			continue
		}
		found, err := c.read(ctx, s)
		if err != nil {
			return err
		}
		for _, f := range found {
			x, ok := slots[f.end]
			if !ok {
				continue
			}
			x.tallies = append(x.tallies, groupTally{f.group, f.tally})
			x.read += f.tally.Lines
			if f.recent != nil && len(strata) == 1 {
				x.recent = f.recent
			}
		}
	}
	for end, x := range slots {
		x.total = max(x.total, x.read) // lines can arrive between counting and reading
		if x.whole && x.read < x.total {
			x.whole, x.novel = false, false // Loki did not give what it counted
		}
		x.baseline = baseline && !x.whole
		c.rd.slots[end] = x
	}
	return nil
}

// missed marks the slots of a stratum that was not read whole.
func missed(slots map[int64]*slot, s stratum) {
	for _, x := range s.slots {
		if n, ok := slots[x.End]; ok && x.Lines > 0 {
			n.whole = false
			n.novel = n.novel && !s.novel
		}
	}
}

// known sums up what the memory has of a window.
func (c *collector) known(w loki.Window, counts []slotCount) *span {
	s := &span{window: w, total: map[int]int64{}, read: map[int]int64{}, novel: true, tallies: c.rd.tallies(w, c.now())}
	for _, n := range counts {
		for g, x := range n.groups {
			s.total[g] += x.total
		}
	}
	for g, ts := range s.tallies {
		for _, t := range ts {
			s.read[g] += t.Lines
		}
		s.total[g] = max(s.total[g], s.read[g])
	}
	c.rd.each(w, func(x *slot) { s.novel = s.novel && x.novel })
	return s
}

// tell says what was not read.
func (c *collector) tell(res *Result, s *span, r *Request) {
	total, read := s.lines()
	switch {
	case total == 0:
		res.notice(true, "Loki has no lines for this query in the window. That is not the same as healthy: check the selector and whether the logs still arrive.")
	case read < total && s.novel:
		res.notice(true, "%d of %d lines were read: all with an error level and all that look unlike the frequent ones; of these a sample spread over the window. Counts are estimates. Narrow the query or raise maxLines to read all.", read, total)
	case read < total:
		res.notice(true, "%d of %d lines were read, spread over the window and by level. Counts are estimates, and something rare can be missing. Narrow the query or raise maxLines to read all.", read, total)
	}
	if c.unpageable > 0 {
		res.notice(true, "%d timestamps carry more lines than Loki returns at once; not all of them could be read.", c.unpageable)
	}
	if res.Cost.Lines < read {
		r.progress("collect", "read %d lines; %d were known already", res.Cost.Lines, read-res.Cost.Lines)
	}
}

// groups makes the groups of the answer. Without any line there is one, so that the
// answer is a row that says so rather than nothing.
func (c *collector) groups(res *Result, window, base *span) {
	names := map[int]bool{}
	for _, s := range []*span{window, base} {
		if s != nil {
			for g := range s.total {
				names[g] = true
			}
		}
	}
	for g := range names {
		res.Groups = append(res.Groups, c.makeGroup(g, window, base))
	}
	if len(res.Groups) == 0 {
		res.Groups = append(res.Groups, Group{Values: make([]string, len(c.by)), Streams: c.rd.streams, unknown: len(c.by) > 0})
	}
	for i := range res.Groups {
		res.Cost.Patterns += len(res.Groups[i].Patterns)
	}
	sortGroups(res.Groups)
}

func (c *collector) makeGroup(g int, window, base *span) Group {
	out := Group{Values: c.rd.groups[g].values, Streams: c.rd.streams, LinesTotal: window.total[g], LinesRead: window.read[g]}
	var baseline []*patterns.Tally
	if base != nil {
		baseline = base.tallies[g]
		// A group of which sampling read nothing, now or before, cannot be compared.
		out.Compared = (out.LinesRead > 0 || out.LinesTotal == 0) && (base.read[g] > 0 || base.total[g] == 0)
	}
	ps := c.rd.book.Patterns(window.tallies[g], baseline, window.window.Start.UnixNano(), window.window.End.UnixNano())
	if out.Compared {
		ps = patterns.Compare(ps, base.novel)
		c.settle(ps, g, window, base)
		if base != nil {
			out.activity = patterns.Activities(window.tallies[g], baseline, window.window.Start.UnixNano(), window.window.End.UnixNano(), base.window.Start.UnixNano())
		}
	} else {
		ps = slices.DeleteFunc(ps, func(p patterns.Pattern) bool { return p.Count == 0 })
	}
	out.Patterns = ps
	return out
}

func sortGroups(groups []Group) {
	slices.SortFunc(groups, func(a, b Group) int { return slices.Compare(a.Values, b.Values) })
}

func (r *Request) progress(step, format string, args ...any) {
	if r.Progress != nil {
		r.Progress(step, fmt.Sprintf(format, args...))
	}
}
