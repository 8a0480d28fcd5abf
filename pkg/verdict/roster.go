package verdict

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// Bounds of a [Roster].
const (
	// seriesFor is how long a series is remembered after its last evaluation. A group
	// that did not show in a day is not missed any more.
	seriesFor = 24 * time.Hour
	// maxSeriesOfQuery bounds the groups of one query, maxSeries all of them: with some
	// 1.5 KiB each that is 30 MiB.
	maxSeriesOfQuery = 500
	maxSeries        = 20_000
)

// A Roster remembers the series of every query, so that each known one is served at
// every evaluation. It is owned by the process, bounded, and safe for concurrent use.
type Roster struct {
	mu      sync.Mutex
	queries *simplelru.LRU[Key, map[string]*member]
	n       int
}

type member struct {
	values []string
	series Series
}

// NewRoster returns an empty roster.
func NewRoster() *Roster {
	r := &Roster{}
	r.queries = newLRU(maxSeries, func(_ Key, q map[string]*member) { r.n -= len(q) })
	return r
}

func seriesName(values []string) string { return strings.Join(values, "\x00") }

// Known returns the group values of the series of a query that were evaluated in the
// 24 h before end, in their order.
func (r *Roster) Known(query Key, end time.Time) [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, _ := r.queries.Get(query)
	var out [][]string
	for _, name := range slices.Sorted(maps.Keys(q)) {
		m := q[name]
		if end.Sub(m.series.End) > seriesFor {
			delete(q, name)
			r.n--
			continue
		}
		out = append(out, m.values)
	}
	return out
}

// Served returns the severity that a series was served with last, at the end of a window
// before end; ok is false where it was not evaluated in the 24 h before.
func (r *Roster) Served(query Key, values []string, end time.Time) (s Severity, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, _ := r.queries.Get(query)
	m := q[seriesName(values)]
	if m == nil || m.series.End.IsZero() || end.Sub(m.series.End) > seriesFor {
		return Inconclusive, false
	}
	return m.series.Served, true
}

// Evaluate is [Series.Evaluate] of a series, which becomes known by it. It also returns
// what is remembered of the series then.
func (r *Roster) Evaluate(query Key, values []string, e Evaluation) (Verdict, Series) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.member(query, values)
	v := m.series.Evaluate(e)
	r.trim(query)
	return v, m.series
}

// Learn takes a model's verdict on the window that ends at v.End into a series that is
// known, if none on a later window is there: it came after that window's evaluation and
// counts from the next one on.
func (r *Roster) Learn(query Key, values []string, v Verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q, _ := r.queries.Get(query)
	if m := q[seriesName(values)]; m != nil {
		m.series.learn(v)
	}
}

// Restore makes a series known as it was, unless a later evaluation is known.
func (r *Roster) Restore(query Key, values []string, s Series) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.member(query, values); s.End.After(m.series.End) {
		m.series = s
	}
	r.trim(query)
}

// member returns the series of a query, a new one where it is not known. The caller
// holds r.mu.
func (r *Roster) member(query Key, values []string) *member {
	q, ok := r.queries.Get(query)
	if !ok {
		q = map[string]*member{}
		r.queries.Add(query, q)
	}
	name := seriesName(values)
	m, ok := q[name]
	if !ok {
		m = &member{values: slices.Clone(values)}
		q[name] = m
		r.n++
	}
	return m
}

// trim keeps the roster in its bounds; what was evaluated longest ago goes first. The
// caller holds r.mu.
func (r *Roster) trim(query Key) {
	q, _ := r.queries.Get(query)
	if over := len(q) - maxSeriesOfQuery; over > 0 {
		names := slices.SortedFunc(maps.Keys(q), func(a, b string) int { return q[a].series.End.Compare(q[b].series.End) })
		for _, name := range names[:over] {
			delete(q, name)
			r.n--
		}
	}
	for r.n > maxSeries && r.queries.Len() > 1 {
		r.queries.RemoveOldest()
	}
}
