package analysis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// levelLabel is the level that Loki detects in each line.
const levelLabel = "detected_level"

// A slotCount is the exact number of lines of one slot.
type slotCount struct {
	end   int64
	total int64
	// failures are those of them with an error level, as Loki detected it.
	failures int64
	groups   map[int]groupCount
}

type groupCount struct{ total, failures int64 }

// count counts the slots of an aligned window. The same question asked again within
// a slot's width gets the same answer: thirty panels of a dashboard ask at once.
func (c *collector) count(ctx context.Context, asked, w loki.Window) (counts []slotCount, fresh bool, err error) {
	for _, k := range c.rd.counted {
		if k.asked == asked && c.now().Sub(k.at) < min(c.rd.width, maxRecount) {
			c.levelless = k.levelless
			return k.counts, false, nil
		}
	}
	counts, err = c.countQuery(ctx, c.query, w)
	if err != nil {
		return nil, false, err
	}
	groups := map[int]bool{}
	for _, n := range counts {
		for g := range n.groups {
			groups[g] = true
		}
	}
	if len(groups) > maxAllGroups {
		return nil, false, tooManyGroups(c.by)
	}
	k := counted{asked: asked, at: c.now(), counts: counts, levelless: c.levelless}
	c.rd.counted = append([]counted{k}, c.rd.counted[:min(len(c.rd.counted), maxCounted-1)]...)
	return counts, true, nil
}

// maxCounted is how many counts are remembered: of a window and of its baselines.
const maxCounted = 4

// maxKnownGroups bounds the groups that one query had so far: names of pods come and go.
const maxKnownGroups = 8 * maxAllGroups

// maxRecount bounds how long a count is believed.
const maxRecount = 10 * time.Second

func (c *collector) countQuery(ctx context.Context, q loki.Query, w loki.Window) ([]slotCount, error) {
	by := c.by
	if !slices.Contains(by, levelLabel) {
		by = append(slices.Clone(by), levelLabel)
	}
	if c.levelless {
		by = c.by
	}
	c.cost.LokiRequests++
	buckets, err := c.logs.Buckets(ctx, q, w, c.rd.width, by)
	if tooManySeries(err) && !c.levelless && len(c.by) > 0 {
		// Each level of a group is a series, and Loki bounds them.
		c.levelless = true
		return c.countQuery(ctx, q, w)
	}
	if err != nil {
		return nil, err
	}
	at := map[int64]int{}
	var out []slotCount
	for _, b := range buckets {
		i, ok := at[b.End]
		if !ok {
			i = len(out)
			at[b.End] = i
			out = append(out, slotCount{end: b.End, groups: map[int]groupCount{}})
		}
		g, err := c.rd.group(c.by, b.Labels, nil)
		if err != nil {
			return nil, err
		}
		s, n := &out[i], out[i].groups[g]
		s.total += b.Lines
		n.total += b.Lines
		if failureLevel(b.Labels[levelLabel]) {
			s.failures += b.Lines
			n.failures += b.Lines
		}
		s.groups[g] = n
	}
	slices.SortFunc(out, func(a, b slotCount) int { return int(min(1, max(-1, a.end-b.end))) })
	return out, nil
}

// group returns the number of the group that labels belong to; more override labels.
func (r *reading) group(by []string, labels, more map[string]string) (int, error) {
	values := make([]string, len(by))
	for i, name := range by {
		v, ok := more[name]
		if !ok {
			v = labels[name]
		}
		values[i] = v
	}
	key := strings.Join(values, "\x00")
	r.mu.Lock()
	defer r.mu.Unlock()
	g, ok := r.byGroup[key]
	if ok {
		return g, nil
	}
	if len(r.groups) >= maxKnownGroups {
		return 0, tooManyGroups(by)
	}
	r.byGroup[key] = len(r.groups)
	r.groups = append(r.groups, readGroup{values: values})
	return len(r.groups) - 1, nil
}

// stream returns the number of a stream.
func (r *reading) stream(s *loki.Stream) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.byName[s.Key]
	if !ok {
		i = len(r.streams)
		r.byName[s.Key] = i
		r.streams = append(r.streams, s.Labels)
	}
	return i
}

// missing returns the counts of the slots that must be read: those that are not known
// or hold another number of lines than when they were read. A count that is not fresh
// may be less than what is known by then. A baseline may have been sampled in a way
// that does not do for a window.
func (r *reading) missing(counts []slotCount, fresh, baseline bool) []slotCount {
	var out []slotCount
	for _, n := range counts {
		s, ok := r.slots[n.end]
		if ok && (s.total == n.total || !fresh && s.total > n.total) && (baseline || !s.baseline) {
			continue
		}
		out = append(out, n)
	}
	return out
}

// vanish forgets the slots of a window that have no lines any more.
func (r *reading) vanish(w loki.Window, counts []slotCount) {
	there := make(map[int64]bool, len(counts))
	for _, n := range counts {
		there[n.end] = true
	}
	maps.DeleteFunc(r.slots, func(end int64, _ *slot) bool {
		return end > w.Start.UnixNano() && end <= w.End.UnixNano() && !there[end]
	})
}

// tooManySeries reports whether Loki refused to count so many combinations of labels.
func tooManySeries(err error) bool {
	var e *loki.Error
	return errors.As(err, &e) && strings.Contains(e.Detail, "maximum number of series")
}

func total(counts []slotCount) (lines, failures int64) {
	for _, n := range counts {
		lines += n.total
		failures += n.failures
	}
	return lines, failures
}
