package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Comparison is two runs, case by case.
type Comparison struct {
	A        string       `json:"a"`
	B        string       `json:"b"`
	Paired   score.Paired `json:"paired"`
	Families []Shift      `json:"families"`
	// Lost are the cases that A has right and B wrong, Won those the other way round, and Moved
	// those that are right or wrong with both but got another severity. By id.
	Lost  []Change `json:"lost"`
	Won   []Change `json:"won"`
	Moved []Change `json:"moved"`
}

// A Shift counts a family's common cases and how many of them changed.
type Shift struct {
	Family string `json:"family"`
	Cases  int    `json:"cases"`
	Lost   int    `json:"lost"`
	Won    int    `json:"won"`
	Moved  int    `json:"moved"`
}

// A Change is one case that the two runs judged differently.
type Change struct {
	Case     string           `json:"case"`
	Family   string           `json:"family"`
	Expected verdict.Severity `json:"expected"`
	A        verdict.Severity `json:"a"`
	B        verdict.Severity `json:"b"`
}

// Compare holds run B against run A. Of a split if one is named, else of all cases.
func Compare(a, b score.Run, split golden.Split, boot score.Bootstrap) *Comparison {
	if split != "" {
		a, b = a.Split(split), b.Split(split)
	}
	c := &Comparison{A: plainName(a.Name()), B: plainName(b.Name()), Paired: score.Compare(a, b, boot), Lost: []Change{}, Won: []Change{}, Moved: []Change{}}
	families := map[string]*Shift{}
	for _, pair := range score.Pairs(&a, &b) {
		if !pair.Same() {
			continue
		}
		f := families[pair.B.Family]
		if f == nil {
			f = &Shift{Family: pair.B.Family}
			families[f.Family] = f
		}
		f.Cases++
		change := Change{pair.B.Case, pair.B.Family, pair.B.Expected.Severity, pair.A.Severity, pair.B.Severity}
		switch right, now := score.Right(pair.A), score.Right(pair.B); {
		case right && !now:
			c.Lost = append(c.Lost, change)
			f.Lost++
		case now && !right:
			c.Won = append(c.Won, change)
			f.Won++
		case pair.A.Severity != pair.B.Severity:
			c.Moved = append(c.Moved, change)
			f.Moved++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		c.Families = append(c.Families, *families[name])
	}
	return c
}

// Markdown writes the comparison with at most limit cases of each kind; 0 is all.
func (c *Comparison) Markdown(limit int) string {
	var b strings.Builder
	p := c.Paired
	fmt.Fprintf(&b, "# %s against %s\n\n", c.B, c.A)
	if p.Delta == nil {
		b.WriteString("No case is common to both.\n")
	} else {
		fmt.Fprintf(&b, "%s points of macro-F1 on %d common cases, McNemar p %s. Right now and wrong before: %d. Wrong now and right before: %d. Another severity all the same: %d.\n", points(*p.Delta), p.Cases, pValue(p.McNemar), len(c.Won), len(c.Lost), len(c.Moved))
	}
	if n := p.OnlyA + p.OnlyB + p.Differ; n > 0 {
		fmt.Fprintf(&b, "\nNot compared: %d only A judged, %d only B, %d that are not the same case any more.\n", p.OnlyA, p.OnlyB, p.Differ)
	}
	if len(c.Lost)+len(c.Won)+len(c.Moved) > 0 {
		b.WriteString("\n## Families\n\n")
		t := newTable(&b, "family", "cases", "won", "lost", "moved")
		for _, f := range c.Families {
			if f.Lost+f.Won+f.Moved > 0 {
				t.row(cell(f.Family), fmt.Sprint(f.Cases), fmt.Sprint(f.Won), fmt.Sprint(f.Lost), fmt.Sprint(f.Moved))
			}
		}
	}
	changes(&b, "Right before, wrong now", c.Lost, limit)
	changes(&b, "Wrong before, right now", c.Won, limit)
	changes(&b, "Other severity", c.Moved, limit)
	return b.String()
}

func changes(b *strings.Builder, title string, list []Change, limit int) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n## %s: %d\n\n", title, len(list))
	shown := list
	if limit > 0 {
		shown = list[:min(limit, len(list))]
	}
	t := newTable(b, "case", "family", "right is", "A", "B")
	for _, c := range shown {
		t.row(cell(c.Case), cell(c.Family), c.Expected.String(), c.A.String(), c.B.String())
	}
	if len(shown) < len(list) {
		fmt.Fprintf(b, "\nand %d more\n", len(list)-len(shown))
	}
}
