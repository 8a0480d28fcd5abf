package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/redact"
)

// maxDictionary is how many patterns a model is shown at most of one window: with
// some 25 tokens each it is what a desktop CPU reads in about half a minute. The rest
// is told as a summary.
const maxDictionary = 60

// maxTemplate bounds one pattern's text in the dictionary, in bytes, maxSeriesState what
// is said of a series.
const (
	maxTemplate    = 240
	maxSeriesState = 400
)

// A definition is one line of a dictionary.
type definition struct{ id, text string }

// An entry is a pattern or series of the window that the dictionary defines.
type entry struct {
	definition
	index int // of the group's patterns or series
	rank  int // 0 is the most telling
	count int
	// size is how often it occurs, as one of sizeNames; change what became of it. series
	// is the state of a metric series instead.
	size   int
	change patterns.Change
	// benign says that a user's rule calls it normal.
	benign bool
	series string
}

// identity names a pattern independent of its id, for the ledger. Long templates
// are cut, so two can have the same text; their states tell most of those apart.
func (e entry) identity() string { return e.text + "\x00" + e.state() }

// state renders what the tail says of the entry.
func (e entry) state() string {
	if e.series != "" {
		return e.series
	}
	state := sizeName(e.size) + " " + e.change.String()
	if e.benign {
		state += " " + stateBenign
	}
	return state
}

// stateBenign is what the tail says of patterns that a user's rule calls normal.
const stateBenign = "normal-here"

// idOf is the id of the i-th pattern or series of a group: p1, p2, …
func idOf(i int) string { return "p" + strconv.Itoa(i+1) }

// A writer writes text from logs as a prompt shows it, masked and inert, in at most limit
// bytes.
type writer func(s string, limit int) string

func masked(red *redact.Redactor) writer {
	return func(s string, limit int) string { return inert(red.Mask(s), limit) }
}

// members chooses what the model is shown of a group, the most telling first.
func members(g *Group, write writer, size int) []entry {
	if len(g.Series) > 0 {
		return seriesMembers(g, write, size)
	}
	order := patterns.Rank(g.Patterns)
	out := make([]entry, min(len(order), size))
	for rank := range out {
		i := order[rank]
		p := &g.Patterns[i]
		out[rank] = entry{definition: definition{text: describe(p, g, write)}, index: i, rank: rank, count: p.Count, size: sizeOf(p.Count), change: p.Change, benign: g.benign(i)}
	}
	return out
}

// describe renders a pattern for the dictionary: its level and where it comes from,
// which hardly ever change, and its template.
func describe(p *patterns.Pattern, g *Group, write writer) string {
	var head []string
	if l := p.Level(); l != patterns.LevelUnknown {
		head = append(head, l.String())
	}
	if names := services(p, g); names != "" {
		head = append(head, write(names, 80))
	}
	text := write(p.Template, maxTemplate)
	if len(head) == 0 {
		return text
	}
	return strings.Join(head, " ") + ": " + text
}

// seriesMembers chooses the series that move most.
func seriesMembers(g *Group, write writer, size int) []entry {
	order := rankSeries(g.Series)
	out := make([]entry, min(len(order), size))
	for rank := range out {
		i := order[rank]
		labels := labelText(g.Series[i].Labels)
		out[rank] = entry{definition: definition{text: write(labels, maxTemplate)}, index: i, rank: rank,
			series: inert(strings.TrimPrefix(g.Series[i].Text(), labels+" "), maxSeriesState)}
	}
	return out
}

// How often a pattern occurs is told in steps of eight, so that small movements leave
// the text, and with it the ledger's key and the server's prefix, as it was.
const (
	sizeBase  = 4
	sizeSteps = 3 // as a power of two
	// stickiness is how far beyond its step a pattern's count must move, as a factor,
	// before another step is told.
	stickiness = 1.5
)

// sizeOf returns the step of a count: 0 for none, 1 below 4, 2 below 32, and so on.
func sizeOf(n int) int {
	if n <= 0 {
		return 0
	}
	size := 1
	for limit := sizeBase; n >= limit && size < 12; limit <<= sizeSteps {
		size++
	}
	return size
}

// sizeBounds returns the smallest count of a step and the smallest of the next.
func sizeBounds(size int) (from, to int) {
	switch size {
	case 0:
		return 0, 1
	case 1:
		return 1, sizeBase
	}
	from = sizeBase << (sizeSteps * (size - 2))
	return from, from << sizeSteps
}

// sticky returns the step to tell of a count whose step was told as before.
func sticky(before, n int) int {
	from, to := sizeBounds(before)
	if before > 0 && n > 0 && float64(n)*stickiness >= float64(from) && float64(n) < float64(to)*stickiness {
		return before
	}
	return sizeOf(n)
}

func sizeName(size int) string {
	from, _ := sizeBounds(size)
	return strconv.Itoa(from) + "+"
}

// writeStates writes the tail: for each step the ids, the most frequent first because
// those change least, and then what changed against the baseline; again turns all of
// that round.
func writeStates(b *strings.Builder, entries []entry, again bool) {
	bySize, byChange := map[int][]string{}, map[patterns.Change][]string{}
	var series, sizes, changes, benign []string
	for _, e := range entries {
		if e.series != "" {
			series = append(series, e.id+" "+e.series)
			continue
		}
		if e.change != patterns.ChangeGone {
			bySize[e.size] = append(bySize[e.size], e.id)
		}
		byChange[e.change] = append(byChange[e.change], e.id)
		if e.benign {
			benign = append(benign, e.id)
		}
	}
	for _, s := range slices.Backward(slices.Sorted(maps.Keys(bySize))) {
		sizes = append(sizes, sizeName(s)+" "+strings.Join(bySize[s], " "))
	}
	for _, c := range []patterns.Change{patterns.ChangeGone, patterns.ChangeFallen, patterns.ChangeRisen, patterns.ChangeNew} {
		if ids := byChange[c]; len(ids) > 0 {
			changes = append(changes, c.String()+" "+strings.Join(ids, " "))
		}
	}
	if len(benign) > 0 {
		changes = append(changes, stateBenign+" "+strings.Join(benign, " "))
	}
	lines := slices.Concat(series, sizes, changes)
	if again {
		slices.Reverse(lines)
	}
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
}

// omitted is what is told of the patterns that are not shown.
type omitted struct {
	n      int
	levels map[patterns.Level]int // patterns by their level
}

func omit(g *Group, shown []entry) omitted {
	known := map[int]bool{}
	for _, e := range shown {
		known[e.index] = true
	}
	o := omitted{levels: map[patterns.Level]int{}}
	for i := range max(len(g.Patterns), len(g.Series)) {
		if known[i] {
			continue
		}
		o.n++
		if i < len(g.Patterns) {
			o.levels[g.Patterns[i].Level()]++
		}
	}
	return o
}

func (o omitted) text() string {
	if o.n == 0 {
		return ""
	}
	var parts []string
	for l := patterns.LevelFatal; ; l-- {
		if n := o.levels[l]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", sizeName(sizeOf(n)), l))
		}
		if l == patterns.LevelUnknown {
			break
		}
	}
	text := sizeName(sizeOf(o.n)) + " further patterns of lower rank are not shown"
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, ", ")
	}
	return text + "\n"
}

// serviceLabels are the labels that name who wrote a line, the best first.
func serviceLabels() []string {
	return []string{"service_name", "app", "container", "job", "unit", "pod"}
}

func services(p *patterns.Pattern, g *Group) string {
	var names []string
	for _, s := range p.Streams {
		if s >= len(g.Streams) {
			continue
		}
		for _, l := range serviceLabels() {
			if v := g.Streams[s][l]; v != "" {
				if !slices.Contains(names, v) {
					names = append(names, v)
				}
				break
			}
		}
	}
	slices.Sort(names)
	if len(names) > 3 {
		names = append(names[:3], "…")
	}
	return strings.Join(names, ",")
}

// Render returns all patterns or series of the group with their states as a model
// would be shown them, without the bounds of a prompt: for measuring what a bound
// leaves out.
func (g *Group) Render(red *redact.Redactor) string {
	_, entries := (&epoch{}).number(members(g, masked(red), max(len(g.Patterns), len(g.Series))))
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(e.id + " " + e.text + "\n")
	}
	writeStates(&b, entries, false)
	return b.String()
}
