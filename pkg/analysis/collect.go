package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// maxAllGroups bounds the groups of one query: beyond it a label such as a pod
// or trace id was chosen, and no reader wants that many verdicts.
const maxAllGroups = 500

// A collector gives each group of lines its own miner.
type collector struct {
	by     []string
	window loki.Window
	redact func(string) string
	groups map[string]*collected
	// known remembers the group of each stream of one read.
	known map[*loki.Stream]*streamGroup
	err   error
}

type collected struct {
	values      []string
	miner       *patterns.Miner
	streams     []map[string]string
	read        int64
	total       int64
	baseRead    int64
	baseTotal   int64
	streamIndex map[string]int
}

type streamGroup struct {
	group *collected
	index int
}

// collectLines reads the baseline and the window and mines them together, so
// that both have the same templates.
func collectLines(ctx context.Context, r *Request, res *Result, redact func(string) string) error {
	if err := loki.CheckGroupBy(r.GroupBy); err != nil {
		return err
	}
	c := &collector{by: r.GroupBy, window: r.Window, redact: redact, groups: map[string]*collected{}}
	limits := loki.Limits{Lines: r.MaxLines}
	if r.Baseline > 0 {
		r.progress("collect", "reading the baseline %s earlier", r.Baseline)
		base, err := c.readBaseline(ctx, r, res.Query, limits)
		res.Cost.LokiRequests += base.Requests
		res.Cost.Lines += int64(base.Lines)
		switch {
		case ctx.Err() != nil || errors.Is(err, loki.ErrUnavailable):
			return cmp.Or(err, ctx.Err()) // the window cannot be read either
		case err != nil:
			c.groups, c.err = map[string]*collected{}, nil
			r.Baseline = 0
			res.notice(true, "The baseline could not be read, so nothing is known to be new: %s", err.Error())
		case base.Total == 0:
			r.Baseline = 0
			res.notice(false, "The baseline window has no lines, so nothing is known to be new.")
		}
	}
	r.progress("collect", "reading the window")
	read, err := c.read(ctx, r.Logs, res.Query, r.Window, limits, false)
	res.Cost.LokiRequests += read.Requests
	res.Cost.Lines += int64(read.Lines)
	if err != nil {
		return err
	}
	if read.Sampled {
		res.notice(true, "%d of %d lines were read, spread over the window. Counts are of the lines read. Narrow the query or raise maxLines to read all.", read.Lines, read.Total)
	}
	if read.Unpageable > 0 {
		res.notice(true, "%d timestamps carry more lines than Loki returns at once; not all of them could be read.", read.Unpageable)
	}
	if read.Total == 0 {
		res.notice(true, "Loki has no lines for this query in the window. That is not the same as healthy: check the selector and whether the logs still arrive.")
	}
	return c.finish(res, r.Baseline > 0)
}

// baselineShare is the part of the time left that reading the baseline may take,
// and baselineLimit the bound where the caller has none: yesterday's logs may lie
// in a slow object store, and an answer without a baseline is better than none.
const (
	baselineShare = 3
	baselineLimit = 20 * time.Second
)

func (c *collector) readBaseline(ctx context.Context, r *Request, q loki.Query, limits loki.Limits) (loki.Read, error) {
	limit := baselineLimit
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/baselineShare)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.read(ctx, r.Logs, q, r.Window.Shift(-r.Baseline), limits, true)
}

func (c *collector) read(ctx context.Context, logs Logs, q loki.Query, w loki.Window, limits loki.Limits, baseline bool) (loki.Read, error) {
	c.known = map[*loki.Stream]*streamGroup{}
	read, err := logs.Lines(ctx, q, w, c.by, limits, func(e loki.Entry) { c.line(e, baseline) })
	if err != nil {
		return read, err
	}
	for _, t := range read.Totals {
		g := c.group(t.Labels)
		if g == nil {
			break
		}
		if baseline {
			g.baseTotal += t.Lines
		} else {
			g.total += t.Lines
		}
	}
	return read, c.err
}

func (c *collector) line(e loki.Entry, baseline bool) {
	sg := c.groupOf(e)
	if sg == nil {
		return
	}
	if baseline {
		sg.group.baseRead++
	} else {
		sg.group.read++
	}
	sg.group.miner.Add(patterns.Line{
		Time: e.Time, Stream: sg.index, Level: patterns.ParseLevel(e.Level), Text: e.Line, Baseline: baseline,
	})
}

// groupOf returns the group of an entry, nil beyond maxAllGroups. Labels from
// structured metadata or a parser stage differ from line to line; those of the
// stream are looked up once.
func (c *collector) groupOf(e loki.Entry) *streamGroup {
	if sg, ok := c.known[e.Stream]; ok && e.Labels == nil {
		return sg
	}
	labels := e.Stream.Labels
	if e.Labels != nil {
		labels = maps.Clone(labels)
		maps.Copy(labels, e.Labels)
	}
	g := c.group(labels)
	if g == nil {
		return nil
	}
	sg := &streamGroup{group: g, index: g.stream(e.Stream)}
	if e.Labels == nil {
		c.known[e.Stream] = sg
	}
	return sg
}

func (g *collected) stream(s *loki.Stream) int {
	i, ok := g.streamIndex[s.Key]
	if !ok {
		i = len(g.streams)
		g.streamIndex[s.Key] = i
		g.streams = append(g.streams, s.Labels)
	}
	return i
}

// group returns the group that labels belong to, nil beyond maxAllGroups.
func (c *collector) group(labels map[string]string) *collected {
	values := make([]string, len(c.by))
	for i, name := range c.by {
		values[i] = labels[name]
	}
	key := strings.Join(values, "\x00")
	g, ok := c.groups[key]
	if ok {
		return g
	}
	if len(c.groups) >= maxAllGroups {
		c.err = &InputError{Reason: fmt.Sprintf("grouping by %s gives more than %d groups; group by labels with fewer values", strings.Join(c.by, ", "), maxAllGroups)}
		return nil
	}
	g = &collected{
		values: values, streamIndex: map[string]int{},
		miner: patterns.NewMiner(patterns.Config{Start: c.window.Start.UnixNano(), End: c.window.End.UnixNano(), Redact: c.redact}),
	}
	c.groups[key] = g
	return g
}

// finish turns the miners into groups. Without any line there is one group, so
// that the answer is a row that says so rather than nothing.
func (c *collector) finish(res *Result, hasBaseline bool) error {
	if len(c.groups) == 0 {
		c.group(nil)
	}
	for _, g := range c.groups {
		ps := g.miner.Patterns()
		// A group of which sampling read nothing, now or before, cannot be compared.
		compared := hasBaseline && (g.read > 0 || g.total == 0) && (g.baseRead > 0 || g.baseTotal == 0)
		if compared {
			ps = patterns.Compare(ps, scale(g), g.baseRead >= g.baseTotal)
		} else {
			ps = slices.DeleteFunc(ps, func(p patterns.Pattern) bool { return p.Count == 0 })
		}
		res.Cost.Patterns += len(ps)
		res.Groups = append(res.Groups, Group{
			Values: g.values, Patterns: ps, Streams: g.streams, LinesTotal: max(g.total, g.read), LinesRead: g.read, Compared: compared,
		})
	}
	sortGroups(res.Groups)
	return nil
}

// scale converts a count of baseline lines that were read into the count expected
// among the window's lines that were read, when either was sampled.
func scale(g *collected) float64 {
	s := 1.0
	if g.baseRead > 0 && g.baseTotal > g.baseRead {
		s *= float64(g.baseTotal) / float64(g.baseRead)
	}
	if g.total > g.read && g.read > 0 {
		s *= float64(g.read) / float64(g.total)
	}
	return s
}

func sortGroups(groups []Group) {
	slices.SortFunc(groups, func(a, b Group) int { return slices.Compare(a.Values, b.Values) })
}

func (r *Request) progress(step, format string, args ...any) {
	if r.Progress != nil {
		r.Progress(step, fmt.Sprintf(format, args...))
	}
}
