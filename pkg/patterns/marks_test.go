package patterns_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// TestMarks: each mark is told of the pattern that really took its line, also where lines
// are joined to one event, and where the book was reduced.
func TestMarks(t *testing.T) {
	b := patterns.NewBook(patterns.Config{})
	c := b.Counter()
	slot := func(start int64, lines ...patterns.Line) *patterns.Tally {
		c.Begin(start, start+100)
		for i, l := range lines {
			l.Time = start + int64(i) + 1
			c.Add(l)
		}
		return c.End(1)
	}
	line := func(stream, mark int, text string) patterns.Line {
		return patterns.Line{Stream: stream, Mark: mark, Text: []byte(text)}
	}
	before := slot(0, line(0, 1, "connection 1 refused"), line(1, 0, "all is well"))
	window := slot(100,
		line(0, 2, "connection 2 refused"),
		line(1, 3, "panic: nil map"),
		line(0, 0, "all is well"),
		line(1, 4, "goroutine 1 [running]:"),
		line(1, 5, "main.main()"),
		line(5000, 6, "all is well"), // of so many streams none is joined
		line(1, 0, "all is well"),
	)
	last := slot(200, line(1, 7, "main.main()"), line(0, 8, "connection 3 refused"))
	got := map[string][]int{}
	for _, p := range b.Patterns([]*patterns.Tally{window, last}, []*patterns.Tally{before}, 100, 300) {
		got[strings.Fields(p.Template)[0]] = p.Marks
	}
	require.Equal(t, map[string][]int{"connection": {1, 2, 8}, "panic:": {3, 4, 5}, "all": {6}, "main.main()": {7}}, got)
}
