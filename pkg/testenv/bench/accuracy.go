package main

import (
	"context"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// benchLoghub measures how well the miner groups lines that people grouped by hand:
// the mean over all sets, without any setting, beside Loki's miner, and once more over
// copies in which words are renamed, numbers drawn anew and lines shuffled.
func benchLoghub(_ context.Context, report func(string, float64, string)) error {
	sets, err := loadLoghub(loghubDir())
	if err != nil {
		return err
	}
	var renamed []logSet
	for i, s := range sets {
		renamed = append(renamed, perturbed(s, uint64(i)))
	}
	for _, x := range []struct {
		suffix string
		sets   []logSet
		group  func([]string) []int
	}{
		{"", sets, mineGroups},
		{"_loki_drain", sets, func(lines []string) []int { g, _, _ := lokiDrainGroups(lines); return g }},
		{"_renamed", renamed, mineGroups},
		{"_renamed_loki_drain", renamed, func(lines []string) []int { g, _, _ := lokiDrainGroups(lines); return g }},
	} {
		var all, less struct{ ga, fga, n float64 }
		for _, s := range x.sets {
			ga, fga := score(x.group(s.contents), numbered(s.truth))
			all.ga, all.fga, all.n = all.ga+ga, all.fga+fga, all.n+1
			if s.name != "Proxifier" {
				less.ga, less.fga, less.n = less.ga+ga, less.fga+fga, less.n+1
			}
		}
		report("miner_grouping_accuracy"+x.suffix, all.ga/all.n, "ratio")
		report("miner_f1_grouping"+x.suffix, all.fga/all.n, "ratio")
		report("miner_grouping_accuracy_without_proxifier"+x.suffix, less.ga/less.n, "ratio")
		report("miner_f1_grouping_without_proxifier"+x.suffix, less.fga/less.n, "ratio")
	}
	return nil
}

// mineAll mines lines as slots of one line each, so that a pattern's slots are its
// lines.
func mineAll(lines []string) []patterns.Pattern {
	book := patterns.NewBook(patterns.Config{})
	c := book.Counter()
	tallies := make([]*patterns.Tally, len(lines))
	for i, l := range lines {
		c.Begin(int64(i), int64(i+1))
		c.Add(patterns.Line{Time: int64(i), Text: []byte(l)})
		tallies[i] = c.End(1)
	}
	return book.Patterns(tallies, nil, 0, int64(len(lines)))
}

func mineGroups(lines []string) []int {
	groups := make([]int, len(lines))
	for k, p := range mineAll(lines) {
		for _, i := range p.Slots {
			groups[i] = k
		}
	}
	return groups
}
