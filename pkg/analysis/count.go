package analysis

import (
	"context"
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
func (c *collector) count(ctx context.Context, asked, w loki.Window) ([]slotCount, error) {
	if k := c.rd.counted; k.asked == asked && k.window == w && c.now().Sub(k.at) < min(c.rd.width, maxRecount) {
		return k.counts, nil
	}
	counts, err := c.countQuery(ctx, c.query, w)
	if err == nil {
		c.rd.counted = counted{asked: asked, window: w, at: c.now(), counts: counts}
	}
	return counts, err
}

// maxRecount bounds how long a count is believed.
const maxRecount = 10 * time.Second

func (c *collector) countQuery(ctx context.Context, q loki.Query, w loki.Window) ([]slotCount, error) {
	by := c.by
	if !slices.Contains(by, levelLabel) {
		by = append(slices.Clone(by), levelLabel)
	}
	c.cost.LokiRequests++
	buckets, err := c.logs.Buckets(ctx, q, w, c.rd.width, by)
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
	if len(r.groups) >= maxAllGroups {
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
// or hold another number of lines than when they were read.
func (r *reading) missing(counts []slotCount) []slotCount {
	var out []slotCount
	for _, n := range counts {
		if s, ok := r.slots[n.end]; !ok || s.total != n.total {
			out = append(out, n)
		}
	}
	return out
}

func total(counts []slotCount) (lines, failures int64) {
	for _, n := range counts {
		lines += n.total
		failures += n.failures
	}
	return lines, failures
}
