package logs

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/loki/v3/pkg/logql/log"
	"github.com/grafana/loki/v3/pkg/logql/syntax"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// levelLabel is the name under which Loki attaches the level that it detects.
const levelLabel = "detected_level"

// maxQueries bounds the compiled queries that are kept: sampling makes some of a query.
const maxQueries = 16

// A query is LogQL that is compiled for a case.
type query struct {
	matchers []*labels.Matcher
	expr     syntax.LogSelectorExpr
	// plain says that there is no stage: each line is what it is.
	plain bool
}

// compile returns a query for the case; a pipeline of it serves one reader at a time.
func (l *Logs) compile(text string) (*query, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q, ok := l.queries[text]; ok {
		return q, nil
	}
	written := text
	if l.golden.Query.Frozen {
		var err error
		if text, err = l.beside(text); err != nil {
			return nil, err
		}
	}
	expr, err := syntax.ParseLogSelector(text, !l.golden.Query.Frozen)
	if err != nil {
		return nil, &loki.QueryError{Reason: err.Error()}
	}
	q := &query{expr: expr}
	if !l.golden.Query.Frozen {
		q.matchers = expr.Matchers()
	}
	_, q.plain = expr.(*syntax.MatchersExpr)
	if len(l.queries) >= maxQueries {
		clear(l.queries)
	}
	l.queries[written] = q
	return q, nil
}

// beside returns the query that a frozen case answers: the stages of text which the case's
// own query does not have.
func (l *Logs) beside(text string) (string, error) {
	all, err := stages(text)
	if err != nil {
		return "", err
	}
	for i := 0; i+len(l.own) <= len(all); i++ {
		if slices.Equal(all[i:i+len(l.own)], l.own) {
			return `{frozen="true"} ` + strings.Join(slices.Concat(all[:i], all[i+len(l.own):]), " "), nil
		}
	}
	return "", &loki.QueryError{Reason: fmt.Sprintf("the case is frozen, and only its own query narrowed can be asked of it: %s", l.golden.Query.LogQL)}
}

// stages returns the stages of a log query one by one.
func stages(text string) (out []string, err error) {
	expr, err := syntax.ParseLogSelector(text, false)
	if err != nil {
		return nil, &loki.QueryError{Reason: err.Error()}
	}
	p, ok := expr.(*syntax.PipelineExpr)
	if !ok {
		return nil, nil
	}
	for _, s := range p.MultiStages {
		f, ok := s.(*syntax.LineFilterExpr)
		if !ok {
			out = append(out, s.String())
			continue
		}
		// The parser joins line filters that follow each other.
		var chain []string
		for ; f != nil; f = f.Left {
			one := *f
			one.Left = nil
			chain = append(chain, strings.TrimSpace(one.String()))
		}
		slices.Reverse(chain)
		out = append(out, chain...)
	}
	return out, nil
}

// An entry is a line behind the stages. It is valid during the call that it is passed to.
type entry struct {
	time   int64
	stream *loki.Stream
	from   int32 // the stream as it was
	line   []byte
	mark   int32
	// level is the detected one, labels what the stages left; nil for a plain query.
	level  string
	labels log.LabelsResult
}

// alike reports whether another entry of the same time is the same to Loki.
func (e *entry) alike(o entry) bool {
	return e.from == o.from && bytes.Equal(e.line, o.line) && e.labels.String() == o.labels.String()
}

// label returns the value of a label, wherever it comes from.
func (e *entry) label(name string) string {
	if e.labels == nil {
		if name == levelLabel {
			return e.level
		}
		return e.stream.Labels[name]
	}
	for _, set := range []labels.Labels{e.labels.Parsed(), e.labels.StructuredMetadata(), e.labels.Stream()} {
		if v := set.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// loki returns the entry as a client gives it, with the wanted labels that are not the
// stream's.
func (e *entry) loki(wanted []string) loki.Entry {
	out := loki.Entry{Time: e.time, Stream: e.stream, Line: e.line, Level: e.label(levelLabel), Mark: int(e.mark)}
	if out.Level == "unknown" {
		out.Level = ""
	}
	for _, name := range wanted {
		if _, ok := e.stream.Labels[name]; ok {
			continue
		}
		if v := e.label(name); v != "" {
			if out.Labels == nil {
				out.Labels = map[string]string{}
			}
			out.Labels[name] = v
		}
	}
	return out
}

// each calls f with the lines of [start, end) that a query selects, in order, until it
// returns false; with once, as they are read rather than counted.
func (l *Logs) each(ctx context.Context, q loki.Query, start, end int64, once bool, f func(*entry) bool) error {
	compiled, err := l.compile(q.Text)
	if err != nil {
		return err
	}
	r, err := newRunner(l, compiled)
	if err != nil {
		return err
	}
	r.once = once && !l.golden.Query.Frozen
	refs := l.between(start, end)
	for n := 0; len(refs) > 0; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		same := 1
		for same < len(refs) && refs[same].time == refs[0].time {
			same++
		}
		if !r.pass(refs[:same], f) {
			return nil
		}
		refs = refs[same:]
	}
	return nil
}

// A runner runs a query over lines.
type runner struct {
	logs    *Logs
	query   *query
	streams []log.StreamPipeline // nil where the stream does not match
	known   map[string]*loki.Stream
	levels  []labels.Labels
	buf     []byte
	one     entry
	held    []entry
	// once leaves out entries that are alike: Loki counts them and gives one. Those of a
	// frozen case it gave.
	once bool
}

func newRunner(l *Logs, q *query) (*runner, error) {
	r := &runner{logs: l, query: q, streams: make([]log.StreamPipeline, len(l.streams)), known: map[string]*loki.Stream{}}
	pipeline, err := q.expr.Pipeline()
	if err != nil {
		return nil, &loki.QueryError{Reason: err.Error()}
	}
	for i := range l.streams {
		if matches(q.matchers, l.streams[i].set) {
			r.streams[i] = pipeline.ForStream(l.streams[i].set)
			r.known[l.streams[i].Key] = l.streams[i].Stream
		}
	}
	for _, name := range l.levels {
		r.levels = append(r.levels, labels.FromStrings(levelLabel, name))
	}
	return r, nil
}

// pass calls f with what is left of lines of the same time.
func (r *runner) pass(refs []ref, f func(*entry) bool) bool {
	if r.query.plain || len(refs) == 1 {
		for _, x := range refs {
			var ok bool
			if r.one, ok = r.run(x); ok && !f(&r.one) {
				return false
			}
		}
		return true
	}
	// Stages can change what the lines of one time are ordered by, and make some alike.
	r.held = r.held[:0]
	for _, x := range refs {
		if e, ok := r.run(x); ok {
			e.line = slices.Clone(e.line)
			r.held = append(r.held, e)
		}
	}
	slices.SortStableFunc(r.held, func(a, b entry) int { return a.order(&b) })
	for i := range r.held {
		if r.once && slices.ContainsFunc(r.held[:i], r.held[i].alike) {
			continue
		}
		if !f(&r.held[i]) {
			return false
		}
	}
	return true
}

func (r *runner) run(x ref) (entry, bool) {
	p := r.streams[x.stream]
	if p == nil {
		return entry{}, false
	}
	e := entry{time: x.time, stream: r.logs.streams[x.stream].Stream, from: x.stream, mark: x.mark, level: r.logs.levels[x.level]}
	r.buf = append(r.buf[:0], r.logs.text(x)...)
	e.line = r.buf
	if r.query.plain {
		return e, true
	}
	line, result, ok := p.Process(x.time, r.buf, r.levels[x.level])
	if !ok {
		return e, false
	}
	e.line, e.labels = line, result
	if own := result.Stream(); !labels.Equal(own, r.logs.streams[x.stream].set) {
		e.stream = r.stream(own)
	}
	return e, true
}

// stream returns the stream with these labels.
func (r *runner) stream(set labels.Labels) *loki.Stream {
	s := loki.NewStream(set.Map())
	if known, ok := r.known[s.Key]; ok {
		return known
	}
	r.known[s.Key] = s
	return s
}
