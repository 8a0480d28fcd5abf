package record

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

// frozen answers as a Loki that has a case's lines and nothing else; it implements
// [analysis.Logs]. The query is not run: the lines are what it gave.
type frozen struct{ lines []frozenLine }

type frozenLine struct {
	at     int64
	stream *loki.Stream
	text   []byte
	id     string
}

func newFrozen(c *golden.Case) *frozen {
	f := &frozen{}
	start := c.Query.Start.UnixNano()
	for i := range c.Streams {
		s := &c.Streams[i]
		stream := &loki.Stream{Labels: s.Labels, Key: streamKey(s.Labels)}
		for j := range s.Lines {
			f.lines = append(f.lines, frozenLine{at: start + s.Lines[j].Offset, stream: stream, text: []byte(s.Lines[j].Text), id: cmp.Or(s.Lines[j].ID, golden.LineID(i, j))})
		}
	}
	slices.SortStableFunc(f.lines, func(a, b frozenLine) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.stream.Key, b.stream.Key), bytes.Compare(a.text, b.text))
	})
	return f
}

func streamKey(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&b, "%s=%q,", name, labels[name])
	}
	return b.String()
}

// between returns the lines of (start, end].
func (f *frozen) between(start, end int64) []frozenLine {
	behind := func(t int64) int { return sort.Search(len(f.lines), func(i int) bool { return f.lines[i].at > t }) }
	from := behind(start)
	return f.lines[from:max(from, behind(end))]
}

// Buckets implements [analysis.Logs].
func (f *frozen) Buckets(_ context.Context, _ loki.Query, w loki.Window, step time.Duration, _ []string) (out []loki.Bucket, err error) {
	n := step.Nanoseconds()
	for _, l := range f.between(w.Start.UnixNano(), w.End.UnixNano()) {
		end := l.at + (n-l.at%n)%n
		if len(out) == 0 || out[len(out)-1].End != end {
			out = append(out, loki.Bucket{End: end})
		}
		out[len(out)-1].Lines++
	}
	return out, nil
}

// Read implements [analysis.Logs]. It reads parts whole: whoever asks allows all lines.
func (f *frozen) Read(_ context.Context, _ loki.Query, parts []loki.Part, _ loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error) {
	out := make([]loki.PartRead, len(parts))
	for i, p := range parts {
		for _, l := range f.between(p.Start, p.End) {
			sink(i, loki.Entry{Time: l.at, Stream: l.stream, Line: l.text})
			out[i].Lines++
		}
	}
	return out, nil
}

// Series implements [analysis.Logs]; a case has none.
func (f *frozen) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, nil
}

// Streams implements [analysis.Logs]. There are none to leave out: they were left out when
// the case was recorded.
func (f *frozen) Streams(context.Context, loki.Query, loki.Window, ...string) ([]map[string]string, error) {
	return nil, nil
}
