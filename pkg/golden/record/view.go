package record

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of what is shown.
const (
	// shownRows are the patterns that are shown by rank; those that the rules cite come
	// besides, up to maxRows, for which there are keys.
	shownRows = 15
	maxRows   = 32
	// maxLineIDs is how many lines of a pattern are named as evidence: one is enough to
	// find the pattern by.
	maxLineIDs = 100
	// maxCompeting is how many patterns a line is compared with to find the one it fits
	// best.
	maxCompeting = 300
)

// A View is a recorded window as the one who judges it sees it.
type View struct {
	Case *golden.Case
	// Rows are patterns by rank, numbered from 1 as p1, p2; More counts those not shown.
	Rows []Row
	More int
	// Suggested is the rules verdict as a judgement, Summary and Reasons why.
	Suggested Label
	Summary   string
	Reasons   []Reason

	lines *frozen
	group *analysis.Group
	exprs map[int]*regexp.Regexp
}

// A Row is a pattern of the window.
type Row struct {
	Template      string
	Count, Before int
	Change        patterns.Change
	Level         patterns.Level
	index         int // of the group's patterns
}

// A Reason is a finding of the rules and the rows that it cites.
type Reason struct {
	Category verdict.Category
	Text     string
	Rows     []int
}

// NewView condenses a case and asks the rules about it. signatures may be nil for the
// engine's.
func NewView(ctx context.Context, engine *analysis.Engine, signatures *rules.Set, c *golden.Case) (*View, error) {
	lines := newFrozen(c)
	back, err := c.Query.Back()
	if err != nil {
		return nil, err
	}
	res, err := engine.Patterns(ctx, analysis.Request{
		Logs: lines, Owner: "record " + c.ID, Expr: c.Query.LogQL, Signatures: signatures, Window: loki.Window{Start: c.Query.Start, End: c.Query.End},
		Baseline: back, MaxLines: max(1, len(lines.lines)), MaxGroups: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("the recorded lines cannot be condensed: %w", err)
	}
	v := &View{Case: c, lines: lines, group: &res.Groups[0], exprs: map[int]*regexp.Regexp{}}
	v.rank()
	v.suggest()
	return v, nil
}

// rank chooses the rows.
func (v *View) rank() {
	ps := v.group.Patterns
	cited := map[int]bool{}
	for _, f := range v.group.Rules.Findings {
		for _, i := range f.Patterns {
			cited[i] = true
		}
	}
	for n, i := range patterns.Rank(ps) {
		if len(v.Rows) == maxRows || (n >= shownRows && !cited[i]) {
			v.More++
			continue
		}
		p := &ps[i]
		v.Rows = append(v.Rows, Row{Template: p.Template, Count: p.Count, Before: p.BaselineCount, Change: p.Change, Level: p.Level(), index: i})
	}
}

// suggest turns the rules verdict into a judgement.
func (v *View) suggest() {
	r := v.group.Rules
	v.Summary = r.Summary
	v.Suggested = Label{Severity: r.Severity, Category: r.Category}
	if v.Suggested.Category == "" {
		v.Suggested.Category = verdict.CategoryNone
	}
	for _, f := range r.Findings {
		rows := v.rowsOf(f.Patterns)
		v.Reasons = append(v.Reasons, Reason{Category: f.Category, Text: f.Reason, Rows: rows})
		for _, n := range rows {
			if !slices.Contains(v.Suggested.Evidence, n) {
				v.Suggested.Evidence = append(v.Suggested.Evidence, n)
			}
		}
	}
	slices.Sort(v.Suggested.Evidence)
}

// rowsOf returns the numbers of the rows that show patterns.
func (v *View) rowsOf(indexes []int) (out []int) {
	for n := range v.Rows {
		if slices.Contains(indexes, v.Rows[n].index) {
			out = append(out, n+1)
		}
	}
	return out
}

// Lines returns how many lines the window and the baseline have.
func (v *View) Lines() (window, baseline int) { return v.Case.Lines() }

// LineIDs returns the ids of lines of rows, up to a hundred of each row.
func (v *View) LineIDs(rows []int) (out []string) {
	for _, n := range rows {
		for _, id := range v.lineIDs(v.Rows[n-1].index) {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// lineIDs returns the ids of lines of a pattern: of its sample, and of those that its
// expression matches and that of no pattern with more constant text does.
func (v *View) lineIDs(index int) (out []string) {
	p := &v.group.Patterns[index]
	start := v.Case.Query.Start.UnixNano()
	expr := v.expr(index)
	for _, l := range v.lines.lines {
		if (l.at > start) != (p.Count > 0) { // of a pattern that is gone the lines are the baseline's
			continue
		}
		sample := l.at == p.SampleTime && strings.HasPrefix(string(l.text), strings.TrimSuffix(p.Sample, "…"))
		if sample || (len(out) < maxLineIDs && expr != nil && expr.Match(l.text) && !v.fitsBetter(index, l.text)) {
			out = append(out, l.id)
		}
	}
	return out
}

// expr returns the expression that matches the lines of a pattern, nil where there is none.
func (v *View) expr(index int) *regexp.Regexp {
	if e, ok := v.exprs[index]; ok {
		return e
	}
	var e *regexp.Regexp
	if text := v.group.Patterns[index].Regex(); text != "" {
		e, _ = regexp.Compile(text) // one that RE2 refuses finds only the sample
	}
	v.exprs[index] = e
	return e
}

// fitsBetter reports whether a line fits a pattern with more constant text.
func (v *View) fitsBetter(index int, line []byte) bool {
	own := constant(v.group.Patterns[index].Template)
	for i := range v.group.Patterns[:min(len(v.group.Patterns), maxCompeting)] {
		if i == index || constant(v.group.Patterns[i].Template) <= own {
			continue
		}
		if e := v.expr(i); e != nil && e.Match(line) {
			return true
		}
	}
	return false
}

var placeholders = regexp.MustCompile(`<[^<>\s]*>`)

// constant is how much of a template no placeholder stands for.
func constant(template string) int { return len(placeholders.ReplaceAllString(template, "")) }

// span shows when the window was.
func (v *View) span() string {
	q := v.Case.Query
	layout := time.DateTime
	if q.Start.Format(time.DateOnly) == q.End.Format(time.DateOnly) {
		layout = time.TimeOnly
	}
	return q.Start.Format(time.DateTime) + " – " + q.End.Format(layout) + " UTC"
}
