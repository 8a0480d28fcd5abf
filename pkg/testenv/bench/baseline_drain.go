package main

import "github.com/grafana/loki/v3/pkg/pattern/drain"

// lokiDrainGroups groups lines with the miner of Loki's pattern ingester, in its default configuration but without a
// limit of clusters. A line that it refuses forms a group with the lines of the same text. groups holds each line's
// group; templates and counts hold each group's template and number of lines.
func lokiDrainGroups(lines []string) (groups []int, templates []string, counts []int) {
	config := drain.DefaultConfig()
	config.MaxClusters = 0
	miner := drain.New("bench", config, nil, drain.FormatUnknown, nil)
	clusters, refused := map[*drain.LogCluster]int{}, map[string]int{}
	groups = make([]int, len(lines))
	for i, line := range lines {
		c := miner.Train(line, int64(i))
		n, ok := clusters[c]
		if c == nil {
			n, ok = refused[line]
		}
		if !ok {
			n = len(counts)
			counts = append(counts, 0)
			if c == nil {
				refused[line] = n
			} else {
				clusters[c] = n
			}
		}
		groups[i] = n
		counts[n]++
	}
	templates = make([]string, len(counts))
	for c, n := range clusters {
		templates[n] = c.String()
	}
	for line, n := range refused {
		templates[n] = line
	}
	return groups, templates, counts
}
