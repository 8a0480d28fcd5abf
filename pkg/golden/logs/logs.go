// Package logs answers the queries of an analysis from the lines of a golden case, as Loki
// answers them from its own.
package logs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

// page is how many lines a piece of a sampled part gives at most, as of Loki.
const page = 5000

// Logs answers queries from the lines of a case as a [loki.Client] would from a Loki that
// took them in: with the levels and the service names that Loki adds, without repeated
// lines, through Loki's own pipeline of stages. Lines that share a timestamp with more
// than a page of others are not lost, unlike there. A frozen case is what its query gave:
// its matchers and stages are not run again, only those that a query has beside them, and
// its repeated lines stay, which masking may have made so. Each line that is read carries
// its mark ([loki.Entry]), from which patterns tell which lines they took. Logs holds 24
// bytes a line beside the case, which must not change meanwhile, and is safe for concurrent
// use.
type Logs struct {
	golden  *golden.Case
	own     []string // the stages of a frozen case's query
	streams []stream
	refs    []ref // in the order of time, stream key and text
	levels  []string
	mu      sync.Mutex
	queries map[string]*query
}

var _ analysis.Logs = (*Logs)(nil)

type stream struct {
	*loki.Stream
	set   labels.Labels
	lines []golden.Line
}

// A ref is one line.
type ref struct {
	time         int64
	stream, line int32
	level        int32 // index of the level's name
	mark         int32 // its place in the order, from 1
}

// New returns the logs of a checked case.
func New(c *golden.Case) (*Logs, error) {
	l := &Logs{golden: c, levels: []string{"unknown"}, queries: map[string]*query{}}
	if c.Query.Frozen {
		own, err := stages(c.Query.LogQL)
		if err != nil {
			return nil, fmt.Errorf("case %q: %w", c.ID, err)
		}
		l.own = own
	}
	levels := map[string]int32{"unknown": 0}
	for i, s := range c.Streams {
		known := s.Labels
		if !c.Query.Frozen && known["service_name"] == "" {
			known = maps.Clone(s.Labels)
			known["service_name"] = loki.ServiceName(s.Labels)
		}
		l.streams = append(l.streams, stream{Stream: loki.NewStream(known), set: labels.FromMap(known), lines: s.Lines})
		for j := range s.Lines {
			line := &s.Lines[j]
			l.refs = append(l.refs, ref{
				time: l.time(line), stream: int32(i), line: int32(j), level: l.level(levels, loki.DetectLevel(known, line.Text)),
			})
		}
	}
	l.sort()
	return l, nil
}

// level returns the number of a level.
func (l *Logs) level(known map[string]int32, name string) int32 {
	i, ok := known[name]
	if !ok {
		i = int32(len(l.levels)) //nolint:gosec // no more than streams and a few
		known[name], l.levels = i, append(l.levels, name)
	}
	return i
}

// time returns when a line was written, in nanoseconds.
func (l *Logs) time(line *golden.Line) int64 { return l.golden.Query.Start.UnixNano() + line.Offset }

// sort orders the lines, drops those that Loki would keep once, and marks the others.
func (l *Logs) sort() {
	slices.SortFunc(l.refs, func(a, b ref) int {
		if c := l.compare(a, b); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.line, b.line))
	})
	if !l.golden.Query.Frozen {
		l.refs = slices.CompactFunc(l.refs, func(a, b ref) bool { return l.compare(a, b) == 0 })
	}
	for i := range l.refs {
		l.refs[i].mark = int32(i + 1)
	}
}

// compare orders lines as they are read; those that are equal are the same to Loki.
func (l *Logs) compare(a, b ref) int {
	if c := cmp.Compare(a.time, b.time); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(l.streams[a.stream].Key, l.streams[b.stream].Key), strings.Compare(l.text(a), l.text(b)))
}

func (l *Logs) text(r ref) string { return l.streams[r.stream].lines[r.line].Text }

// Marks returns the marks of the lines with these ids, ascending. Lines that stand twice in
// a stream at the same time have one mark.
func (l *Logs) Marks(ids []string) []int {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	var out []int
	for i := range l.streams {
		if len(out) >= len(wanted) {
			break
		}
		for j := range l.streams[i].lines {
			if !wanted[l.golden.LineID(i, j)] {
				continue
			}
			r := ref{time: l.time(&l.streams[i].lines[j]), stream: int32(i), line: int32(j)}
			at, _ := slices.BinarySearchFunc(l.refs, r, l.compare)
			out = append(out, int(l.refs[at].mark))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Line returns the line with a mark, with its id.
func (l *Logs) Line(mark int) golden.Line {
	r := l.refs[mark-1]
	line := l.streams[r.stream].lines[r.line]
	line.ID = l.golden.LineID(int(r.stream), int(r.line))
	return line
}

// between returns the lines of [start, end).
func (l *Logs) between(start, end int64) []ref {
	at := func(t int64) int {
		i, _ := slices.BinarySearchFunc(l.refs, t, func(r ref, t int64) int { return cmp.Compare(r.time, t) })
		return i
	}
	return l.refs[at(start):at(max(start, end))]
}

// Buckets implements [analysis.Logs] as [loki.Client.Buckets].
func (l *Logs) Buckets(ctx context.Context, q loki.Query, w loki.Window, step time.Duration, by []string) ([]loki.Bucket, error) {
	start, end := w.Start.UnixNano(), w.End.UnixNano()
	switch {
	case q.Kind != loki.KindLogs:
		return nil, errors.New("lines can be counted of a log query only")
	case step < time.Millisecond || step%time.Millisecond != 0:
		return nil, fmt.Errorf("a step of %s cannot be counted: use whole milliseconds", step)
	case start%int64(step) != 0 || end%int64(step) != 0 || end < start:
		return nil, fmt.Errorf("the window from %s to %s does not consist of steps of %s", w.Start.UTC(), w.End.UTC(), step)
	}
	return l.buckets(ctx, q, start, end, step, by)
}

func (l *Logs) buckets(ctx context.Context, q loki.Query, start, end int64, step time.Duration, by []string) ([]loki.Bucket, error) {
	width := int64(step)
	var series []*count
	known := map[string]*count{}
	var key []byte
	err := l.each(ctx, q, start+1, end+1, false, func(e *entry) bool {
		key = key[:0]
		for _, name := range by {
			key = append(append(key, e.label(name)...), 0)
		}
		s := known[string(key)]
		if s == nil {
			s = newCount(e, by)
			known[string(key)] = s
			series = append(series, s)
		}
		slot := (e.time + width - 1) / width * width
		if n := len(s.buckets); n > 0 && s.buckets[n-1].End == slot {
			s.buckets[n-1].Lines++
		} else {
			s.buckets = append(s.buckets, loki.Bucket{End: slot, Labels: s.labels, Lines: 1})
		}
		return true
	})
	var out []loki.Bucket
	for _, s := range series {
		out = append(out, s.buckets...)
	}
	return out, err
}

// A count is the buckets of one combination of labels.
type count struct {
	labels  map[string]string
	buckets []loki.Bucket
}

func newCount(e *entry, by []string) *count {
	s := &count{labels: map[string]string{}}
	for _, name := range by {
		if v := e.label(name); v != "" {
			s.labels[name] = v
		}
	}
	return s
}

// Read implements [analysis.Logs] as [loki.Client.Read], one part after the other.
func (l *Logs) Read(ctx context.Context, q loki.Query, parts []loki.Part, o loki.ReadOptions, sink func(part int, e loki.Entry)) ([]loki.PartRead, error) {
	if q.Kind != loki.KindLogs {
		return nil, errors.New("lines can be read of a log query only")
	}
	out := make([]loki.PartRead, len(parts))
	for i, p := range parts {
		r := partReader{logs: l, query: q, wanted: o.Labels, read: &out[i], pass: func(e loki.Entry) { sink(i, e) }}
		if err := r.part(ctx, p); err != nil {
			return out, err
		}
	}
	return out, nil
}

type partReader struct {
	logs   *Logs
	query  loki.Query
	wanted []string
	read   *loki.PartRead
	pass   func(loki.Entry)
}

func (r *partReader) part(ctx context.Context, p loki.Part) error {
	switch {
	case p.End <= p.Start || p.Share <= 0 && p.Lines > 0:
		r.read.Sampled = p.Lines > 0
		return nil
	case p.Share < p.Lines:
		r.read.Sampled = true
		return loki.Sampler{
			Page: func() int64 { return page },
			Count: func(ctx context.Context, start, end int64, step time.Duration) ([]loki.Bucket, error) {
				r.read.Requests++
				return r.logs.buckets(ctx, r.query, start, end, step, nil)
			},
			Forward: r.forward,
		}.Part(ctx, p)
	}
	return r.forward(ctx, p.Start+1, p.End+1, p.Share+page)
}

// forward passes the first limit lines of [start, end) on.
func (r *partReader) forward(ctx context.Context, start, end, limit int64) error {
	r.read.Requests++
	return r.logs.each(ctx, r.query, start, end, true, func(e *entry) bool {
		if limit == 0 {
			r.read.Sampled = true
			return false
		}
		limit--
		r.read.Lines++
		r.pass(e.loki(r.wanted))
		return true
	})
}

// Series implements [analysis.Logs]; it is refused, because a case holds lines.
func (l *Logs) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, errors.New("golden cases hold log lines, so their query must be a log query; this one is a metric query")
}

// Streams implements [analysis.Logs] as [loki.Client.Streams], of the streams with lines in
// the window.
func (l *Logs) Streams(_ context.Context, q loki.Query, w loki.Window, matchers ...string) ([]map[string]string, error) {
	sets, err := l.selectors(q, matchers)
	if err != nil {
		return nil, err
	}
	seen := make([]bool, len(l.streams))
	var out []map[string]string
	for _, r := range l.between(w.Start.UnixNano(), w.End.UnixNano()+1) {
		if seen[r.stream] {
			continue
		}
		seen[r.stream] = true
		s := &l.streams[r.stream]
		if slices.ContainsFunc(sets, func(ms []*labels.Matcher) bool { return matches(ms, s.set) }) {
			out = append(out, s.Labels)
		}
	}
	return out, nil
}

// selectors returns the matchers of each selector of a query together with more.
func (l *Logs) selectors(q loki.Query, more []string) (sets [][]*labels.Matcher, err error) {
	expr, err := syntax.ParseExpr(q.Text)
	if err != nil {
		return nil, &loki.QueryError{Reason: err.Error()}
	}
	var added []*labels.Matcher
	if len(more) > 0 {
		if added, err = syntax.ParseMatchers("{"+strings.Join(more, ",")+"}", false); err != nil {
			return nil, &loki.QueryError{Reason: err.Error()}
		}
	}
	expr.Walk(func(e syntax.Expr) bool {
		if m, ok := e.(*syntax.MatchersExpr); ok {
			if l.golden.Query.Frozen {
				sets = append(sets, added)
			} else {
				sets = append(sets, slices.Concat(m.Mts, added))
			}
		}
		return true
	})
	return sets, nil
}

func matches(ms []*labels.Matcher, set labels.Labels) bool {
	return !slices.ContainsFunc(ms, func(m *labels.Matcher) bool { return !m.Matches(set.Get(m.Name)) })
}

// order compares entries of the same time.
func (e *entry) order(o *entry) int {
	return cmp.Or(strings.Compare(e.stream.Key, o.stream.Key), bytes.Compare(e.line, o.line))
}
