package record

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/logs"
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

	logs  *logs.Logs
	group *analysis.Group
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
	lines, err := logs.New(c)
	if err != nil {
		return nil, err
	}
	back, err := c.Query.Back()
	if err != nil {
		return nil, err
	}
	window, baseline := c.Lines()
	res, err := engine.Patterns(ctx, analysis.Request{
		Logs: lines, Owner: "record " + c.ID, Expr: c.Query.LogQL, Signatures: signatures, Window: loki.Window{Start: c.Query.Start, End: c.Query.End},
		Baseline: back, MaxLines: max(1, window+baseline), MaxGroups: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("the recorded lines cannot be condensed: %w", err)
	}
	v := &View{Case: c, logs: lines, group: &res.Groups[0]}
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
		out = append(out, v.lineIDs(v.Rows[n-1].index)...)
	}
	return out
}

// lineIDs returns the ids of lines of a pattern, the first: of the window, or of the
// baseline where it has none in the window.
func (v *View) lineIDs(index int) (out []string) {
	p := &v.group.Patterns[index]
	for _, m := range p.Marks {
		if len(out) == maxLineIDs {
			break
		}
		if l := v.logs.Line(m); (l.Offset > 0) == (p.Count > 0) {
			out = append(out, l.ID)
		}
	}
	return out
}

// span shows when the window was.
func (v *View) span() string {
	q := v.Case.Query
	layout := time.DateTime
	if q.Start.Format(time.DateOnly) == q.End.Format(time.DateOnly) {
		layout = time.TimeOnly
	}
	return q.Start.Format(time.DateTime) + " – " + q.End.Format(layout) + " UTC"
}
