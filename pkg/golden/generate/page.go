package generate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A mark says what a line is to the expected judgement.
type mark uint8

const (
	unmarked mark = iota
	may
	must
)

// An entry is one line before its place in the case is known.
type entry struct {
	offset int64
	text   string
	role   golden.Role
	mark   mark
}

// A page collects the lines of a case, stream by stream.
type page struct {
	streams []*column
	byKey   map[string]*column
	lines   int
}

type column struct {
	key     string
	labels  map[string]string
	entries []entry
}

func newPage() *page { return &page{byKey: map[string]*column{}} }

// stream returns the stream with these labels. Loki names a service where the labels do not,
// so it is named here too.
func (p *page) stream(labels map[string]string) *column {
	if labels["service_name"] == "" {
		labels["service_name"] = cmp.Or(labels["app"], labels["container"], labels["job"], "unknown_service")
	}
	var key strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		key.WriteString(name + "\x00" + labels[name] + "\x00")
	}
	c, ok := p.byKey[key.String()]
	if !ok {
		c = &column{key: key.String(), labels: labels}
		p.byKey[c.key] = c
		p.streams = append(p.streams, c)
	}
	return c
}

func (p *page) add(c *column, e entry) {
	c.entries = append(c.entries, e)
	p.lines++
}

// finish puts streams and lines in their order, which says nothing about who printed them,
// and returns them with the ids of the lines that an answer must and may cite.
func (p *page) finish() (streams []golden.Stream, musts, mays []string) {
	slices.SortFunc(p.streams, func(a, b *column) int { return strings.Compare(a.key, b.key) })
	streams = []golden.Stream{}
	for _, c := range p.streams {
		if len(c.entries) == 0 {
			continue
		}
		slices.SortStableFunc(c.entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
		s := golden.Stream{Labels: c.labels, Lines: make([]golden.Line, len(c.entries))}
		for i, e := range c.entries {
			s.Lines[i] = golden.Line{Offset: e.offset, Text: e.text, Role: e.role}
			switch e.mark {
			case must:
				musts = append(musts, golden.LineID(len(streams), i))
			case may:
				mays = append(mays, golden.LineID(len(streams), i))
			}
		}
		streams = append(streams, s)
	}
	return streams, musts, mays
}
