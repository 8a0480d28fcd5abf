package rules_test

import (
	"testing"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

func BenchmarkAssess(b *testing.B) {
	book := patterns.NewBook(patterns.Config{})
	c := book.Counter()
	c.Begin(0, 5000)
	for i, l := range corpus.Lines(5000, 1) {
		c.Add(patterns.Line{Time: int64(i), Text: []byte(l)})
	}
	in := rules.Input{Patterns: book.Patterns([]*patterns.Tally{c.End(1)}, nil, 0, 5000), Lines: 5000}
	s, err := rules.BuiltIn()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(in.Patterns)), "patterns")
	for b.Loop() {
		s.Assess(in)
	}
}
