// Package push writes golden cases into a Loki with the present's timestamps, so that the
// whole way from Loki to a verdict can be tried with them.
//
// All lines of a run have the label eval_run, and each has its case's id as the structured
// metadata eval_case: one run is one more label, however many cases it has.
package push

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

// The names under which a run and its cases are found.
const (
	RunLabel  = "eval_run"
	CaseLabel = "eval_case"
)

// maxLineBytes is how long a line is pushed: Loki's default limit is 256 KiB with the
// structured metadata.
const maxLineBytes = 255 << 10

// A Layout says when the cases of a run lie.
type Layout struct {
	// Run names the run.
	Run string
	// End is where the last window ends.
	End time.Time
	// Together puts all windows at the same time, so that they mix into one; otherwise they
	// follow one another without a gap, in the order of the cases.
	Together bool
	// MaxLines bounds the lines of all cases, which are held in memory.
	MaxLines int
}

// A Plan is what a run pushes. The same cases with the same layout always give the same
// one, to the nanosecond.
type Plan struct {
	Layout Layout
	Cases  []Placed
	// Notes tell what is pushed differently from how the cases have it.
	Notes []string
	// Oldest is the time of the first line.
	Oldest time.Time

	streams []map[string]string
	entries []entry
	hash    string
}

// A Placed is a case and where its window lies.
type Placed struct {
	ID       string
	Expected golden.Expected
	Window   loki.Window
	Baseline time.Duration
	// LogQL selects the case's lines in the run.
	LogQL string
	Lines int
}

// An entry is a line that is to be pushed.
type entry struct {
	at           int64
	stream, from int32 // indexes of Plan.streams and Plan.Cases
	text         string
}

// Lines is how many lines the plan has.
func (p *Plan) Lines() int { return len(p.entries) }

// Streams is how many streams they are in.
func (p *Plan) Streams() int { return len(p.streams) }

// NewPlan lays out cases. It fails where there are none, or more lines than the layout
// allows.
func NewPlan(cases []*golden.Case, l Layout) (*Plan, error) {
	if len(cases) == 0 {
		return nil, errors.New("no case was chosen: check --cases, --families and --split")
	}
	p := &Plan{Layout: l}
	h := sha256.New()
	fmt.Fprintf(h, "1\n%q %d %t\n", l.Run, l.End.UnixNano(), l.Together)
	ends := ends(cases, l)
	b := builder{plan: p, index: map[string]int32{}}
	for i, c := range cases {
		if err := b.add(c, ends[i]); err != nil {
			return nil, err
		}
		fmt.Fprintf(h, "%q %s\n", c.ID, c.Hash())
	}
	p.hash = hex.EncodeToString(h.Sum(nil))
	b.finish()
	return p, nil
}

// ends returns where the windows end.
func ends(cases []*golden.Case, l Layout) []time.Time {
	out := make([]time.Time, len(cases))
	end := l.End
	for i, c := range slices.Backward(cases) {
		out[i] = end
		if !l.Together {
			end = end.Add(-c.Query.End.Sub(c.Query.Start))
		}
	}
	return out
}

// A builder fills a plan.
type builder struct {
	plan  *Plan
	index map[string]int32 // of streams, by their labels
	cut   int
	// renamed and dropped are labels that Loki does not take as they are.
	renamed, dropped map[string]bool
}

// add appends the lines of a case whose window ends at end.
func (b *builder) add(c *golden.Case, end time.Time) error {
	p := b.plan
	length := c.Query.End.Sub(c.Query.Start)
	back, err := c.Query.Back()
	if err != nil {
		return err
	}
	start := end.Add(-length)
	placed := Placed{ID: c.ID, Expected: c.Expected, Window: loki.Window{Start: start, End: end}, Baseline: back, LogQL: selects(c, p.Layout.Run)}
	at := int32(len(p.Cases)) //nolint:gosec // a case has a line at least, and those are bounded
	for i := range c.Streams {
		s := &c.Streams[i]
		placed.Lines += len(s.Lines)
		if len(p.entries)+len(s.Lines) > p.Layout.MaxLines {
			return fmt.Errorf("the cases have more than %d lines; push fewer with --cases, --families or --limit, or raise --max-lines", p.Layout.MaxLines)
		}
		stream := b.stream(s.Labels)
		for j, t := range times(s.Lines, start.UnixNano(), int64(length)) {
			p.entries = append(p.entries, entry{at: t, stream: stream, from: at, text: b.text(s.Lines[j].Text)})
		}
	}
	p.Cases = append(p.Cases, placed)
	return nil
}

// times returns when the lines of a stream are stored: at their offsets, and lines of the
// same nanosecond one after another. Loki keeps one of equal lines at one time, and gives
// others back in no certain order. None leaves the window or the baseline for that.
func times(lines []golden.Line, start, length int64) []int64 {
	out := make([]int64, len(lines))
	border := 0 // the first line of the window
	for i := range lines {
		out[i] = lines[i].Offset
		if lines[i].Offset <= 0 {
			border = i + 1
		}
	}
	spread(out[:border], 0)
	spread(out[border:], length)
	for i := border; i < len(out); i++ { // so many at the beginning that they left it
		least := int64(1)
		if i > border {
			least = out[i-1] + 1
		}
		out[i] = max(out[i], least)
	}
	for i := range out {
		out[i] += start
	}
	return out
}

// spread moves times that are equal apart, to before the last of them, and none behind end.
func spread(at []int64, end int64) {
	for i := len(at) - 1; i >= 0; i-- {
		at[i] = min(at[i], end)
		end = at[i] - 1
	}
}

// text returns a line as Loki takes it.
func (b *builder) text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxLineBytes {
		return s
	}
	b.cut++
	n := maxLineBytes
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// stream returns the number of a stream.
func (b *builder) stream(labels map[string]string) int32 {
	valid := b.labels(labels)
	valid[RunLabel] = b.plan.Layout.Run
	key := labelKey(valid)
	n, ok := b.index[key]
	if !ok {
		n = int32(len(b.plan.streams)) //nolint:gosec // no more than lines, which are bounded
		b.index[key] = n
		b.plan.streams = append(b.plan.streams, valid)
	}
	return n
}

// finish puts the lines of all cases into the order of time. Equal lines of several cases
// that meet in a stream at the same nanosecond are kept apart by their structured metadata.
func (b *builder) finish() {
	p := b.plan
	slices.SortStableFunc(p.entries, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	if len(p.entries) > 0 {
		p.Oldest = time.Unix(0, p.entries[0].at).UTC()
	}
	b.notes()
}

func (b *builder) notes() {
	p := b.plan
	if b.cut > 0 {
		p.Notes = append(p.Notes, strconv.Itoa(b.cut)+" lines are cut to 255 KiB, which Loki takes by default.")
	}
	if len(b.renamed) > 0 {
		p.Notes = append(p.Notes, "Labels with names or values that Loki does not take are changed: "+join(b.renamed)+".")
	}
	if len(b.dropped) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("Labels are left out, because Loki takes %d by default: %s.", maxLabels, join(b.dropped)))
	}
}

// selects returns the LogQL for a case's lines in a run. What a frozen query gave is
// selected as it is: its stages have run.
func selects(c *golden.Case, run string) string {
	all := fmt.Sprintf("{%s=%q} | %s=%q", RunLabel, run, CaseLabel, c.ID)
	if c.Query.Frozen {
		return all
	}
	q, err := loki.Parse(c.Query.LogQL)
	if err != nil || q.Kind != loki.KindLogs {
		return all
	}
	narrowed, err := q.Exclude(fmt.Sprintf("%s=%q and %s=%q", RunLabel, run, CaseLabel, c.ID))
	if err != nil {
		return all
	}
	return narrowed.Text
}
