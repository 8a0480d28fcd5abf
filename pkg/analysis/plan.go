package analysis

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// What a window is read by that holds more lines than may be read.
const (
	// failureShare is the part of the budget that lines with an error level may take
	// before they are sampled too.
	failureShare = 0.5
	// learnShare is the part that is read to find out what the frequent lines look
	// like, in each of up to maxRounds rounds; maxLearn bounds it.
	learnShare = 0.05
	maxLearn   = 2000
	maxRounds  = 4
	// novelShare is the part of what is left that lines unlike the frequent ones may
	// take: some of the frequent ones are always read.
	novelShare = 0.95
	// maxFrequent and maxFrequentBytes bound the templates that Loki is asked to tell
	// apart, minFrequent is how few are not worth it. Each costs it a search of every
	// line, templateCost on a desktop CPU, in passes over the lines.
	minFrequent      = 20
	maxFrequent      = 1000
	maxFrequentBytes = 96 << 10
	templateCost     = 40 * time.Nanosecond
	passes           = 3
	// planTime is how long Loki may look for what is rare where the caller sets no
	// deadline, planShare the part of what is left where he does.
	planTime  = 90 * time.Second
	planShare = 0.5
)

// planLeft is how long Loki may look for what is rare.
func (c *collector) planLeft(ctx context.Context) time.Duration {
	left := planTime
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Duration(planShare*float64(deadline.Sub(c.now()))))
	}
	return left
}

// affordable returns how many templates Loki can tell apart in this many lines.
func (c *collector) affordable(ctx context.Context, lines int64) int {
	n := c.planLeft(ctx) / (passes * templateCost) / time.Duration(max(1, lines))
	if n < minFrequent {
		return 0
	}
	return int(min(n, maxFrequent))
}

// plan chooses what is read of the slots that are not known. Where they hold more
// than the budget, lines with an error level come first, then those that do not look
// like the frequent ones, so that what is new and rare is read in full; the frequent
// ones are sampled over time, for what they look like is known already.
//
// Of a baseline nothing is looked for that is rare: what matters is asked for when the
// window is known.
func (c *collector) plan(ctx context.Context, missing []slotCount, budget int64, baseline bool) ([]stratum, error) {
	lines, failures := total(missing)
	all := stratum{query: c.query, lines: lines, share: lines, novel: true}
	for _, n := range missing {
		all.add(c.rd.width, n.end, n.total)
	}
	if lines <= budget {
		return []stratum{all}, nil
	}
	all.cells = cells(missing, func(g groupCount) int64 { return g.total })
	all.share = budget
	failed, rest, ok := c.byLevel(missing, failures)
	if !ok {
		return []stratum{all}, nil
	}
	failed.share = min(failed.lines, int64(failureShare*float64(budget)))
	out := []stratum{failed}
	if failed.lines == 0 {
		out = nil
	}
	budget -= failed.share
	templates := c.affordable(ctx, rest.lines)
	if baseline || templates == 0 {
		rest.share = min(rest.lines, budget)
		return append(out, rest), nil
	}
	limited, cancel := context.WithTimeout(ctx, c.planLeft(ctx))
	defer cancel()
	novel, frequent, err := c.byFrequency(limited, missing, rest, budget, templates)
	if err != nil && ctx.Err() == nil && !errors.Is(err, loki.ErrUnavailable) {
		// Loki before 3.0 has no pattern filters, and a busy one may take too long.
		rest.share = min(rest.lines, budget)
		return append(out, rest), nil
	}
	if err != nil {
		return nil, err
	}
	novel.share = min(novel.lines, int64(novelShare*float64(budget)))
	frequent.share = min(frequent.lines, budget-novel.share)
	novel.share = min(novel.lines, budget-frequent.share)
	for _, s := range []stratum{novel, frequent} {
		if s.lines > 0 {
			out = append(out, s)
		}
	}
	return out, nil
}

func (s *stratum) add(width time.Duration, end, lines int64) {
	s.slots = append(s.slots, loki.Slot{Start: end - width.Nanoseconds(), End: end, Lines: lines})
}

func cells(counts []slotCount, of func(groupCount) int64) map[cellKey]int64 {
	out := map[cellKey]int64{}
	for _, n := range counts {
		for g, x := range n.groups {
			out[cellKey{n.end, g}] += of(x)
		}
	}
	return out
}

// byLevel divides the lines by whether Loki detected an error level in them; ok is
// false where no stage can be appended to the query.
func (c *collector) byLevel(missing []slotCount, failures int64) (failed, rest stratum, ok bool) {
	errorLevels := `"(?i).*(` + strings.Join(failureLevels(), "|") + `).*"`
	if c.levelless {
		return failed, rest, false
	}
	failedQuery, ok := c.query.Where("| " + levelLabel + "=~" + errorLevels)
	if !ok {
		return failed, rest, false
	}
	restQuery, ok := c.query.Where("| " + levelLabel + "!~" + errorLevels)
	if !ok {
		return failed, rest, false
	}
	failed = stratum{query: failedQuery, lines: failures, novel: true, cells: cells(missing, func(g groupCount) int64 { return g.failures })}
	rest = stratum{query: restQuery, novel: true, cells: cells(missing, func(g groupCount) int64 { return g.total - g.failures })}
	for _, n := range missing {
		rest.lines += n.total - n.failures
		failed.add(c.rd.width, n.end, n.failures)
		rest.add(c.rd.width, n.end, n.total-n.failures)
	}
	return failed, rest, true
}

// failureLevels are what the names of error levels hold and no other level's name does.
// Loki does not anchor each alternative of a label filter that lists whole names (v3.7),
// so that "e" would find "debug".
func failureLevels() []string { return []string{"err", "fatal", "crit", "panic", "emerg", "alert"} }

func failureLevel(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(failureLevels(), func(l string) bool { return strings.Contains(name, l) })
}

// byFrequency divides a stratum into the lines that look like a frequent pattern and
// those that do not. What is frequent is known from the slots that were read before
// and learned from samples, round by round until the others fit into the budget.
func (c *collector) byFrequency(ctx context.Context, missing []slotCount, rest stratum, budget int64, templates int) (novel, frequent stratum, err error) {
	window := loki.Window{Start: time.Unix(0, missing[0].end).Add(-c.rd.width), End: time.Unix(0, missing[len(missing)-1].end)}
	limit := int64(novelShare * float64(budget))
	var known []*patterns.Tally
	for _, s := range c.rd.slots {
		for _, t := range s.tallies {
			known = append(known, t.tally)
		}
	}
	novel = rest
	for round := range maxRounds {
		if round > 0 || len(known) == 0 {
			sample := novel
			sample.share = min(maxLearn, int64(learnShare*float64(budget))+1, novel.lines)
			learned, err := c.read(ctx, sample)
			if err != nil {
				return rest, frequent, err
			}
			for _, f := range learned {
				known = append(known, f.tally)
			}
		}
		without, only, ok := split(rest.query, c.frequent(known, templates))
		if !ok {
			continue
		}
		counts, err := c.countQuery(ctx, without, window)
		if err != nil {
			return rest, frequent, err
		}
		before := novel.lines
		novel, frequent = divide(rest, counts, c.rd.width)
		novel.query, frequent.query = without, only
		if novel.lines <= limit || (round > 0 && novel.lines > before*9/10) {
			break
		}
	}
	return novel, frequent, nil
}

// frequent returns the constant texts of the patterns that tell enough to recognise
// their lines by, the most frequent first.
func (c *collector) frequent(tallies []*patterns.Tally, limit int) [][]string {
	ps := c.rd.book.Patterns(tallies, nil, 0, 0)
	slices.SortFunc(ps, func(a, b patterns.Pattern) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Template, b.Template))
	})
	var out [][]string
	size := 0
	for i := range ps {
		texts := ps[i].Texts()
		if len(texts) == 0 {
			continue
		}
		for _, t := range texts {
			size += len(t) + 8
		}
		if len(out) == limit || size > maxFrequentBytes {
			break
		}
		out = append(out, texts)
	}
	return out
}

func split(q loki.Query, templates [][]string) (without, only loki.Query, ok bool) {
	if len(templates) == 0 {
		return q, q, false
	}
	if without, ok = q.WithoutTemplates(templates); !ok {
		return q, q, false
	}
	only, ok = q.OnlyTemplates(templates)
	return without, only, ok
}

// divide takes the lines that counts has out of a stratum.
func divide(all stratum, counts []slotCount, width time.Duration) (taken, left stratum) {
	taken, left = stratum{novel: true, cells: map[cellKey]int64{}}, stratum{cells: map[cellKey]int64{}}
	at := map[int64]int64{}
	for _, n := range counts {
		at[n.end] = n.total
	}
	for _, s := range all.slots {
		n := min(at[s.End], s.Lines)
		taken.add(width, s.End, n)
		left.add(width, s.End, s.Lines-n)
		taken.lines += n
		left.lines += s.Lines - n
	}
	there := cells(counts, func(g groupCount) int64 { return g.total })
	for k, n := range all.cells {
		taken.cells[k] = min(n, there[k])
		left.cells[k] = n - taken.cells[k]
	}
	return taken, left
}
