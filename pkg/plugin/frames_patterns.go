package plugin

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// patternRow is one pattern, in the order of its rank within its group.
type patternRow struct {
	group *analysis.Group
	p     *patterns.Pattern
}

// patternFrames shapes the patterns query: a table, the most telling rows first.
func patternFrames(res *analysis.Result, o frameOptions) framesOut {
	if len(res.Groups) > 0 && len(res.Groups[0].Series) > 0 {
		return finish(framesOut{seriesTable(res)}, res)
	}
	var rows []patternRow
	for i := range res.Groups {
		g := &res.Groups[i]
		for _, k := range patterns.Rank(g.Patterns) {
			rows = append(rows, patternRow{g, &g.Patterns[k]})
		}
	}
	t := newTable("patterns", rows)
	for i, name := range res.GroupBy {
		column(t, name, nil, func(r patternRow) string { return r.group.Values[i] })
	}
	column(t, "pattern", nil, func(r patternRow) string { return r.p.Template })
	column(t, "count", unit("short"), func(r patternRow) int64 { return int64(r.p.Count) })
	column(t, "share", unit("percentunit"), func(r patternRow) float64 { return float64(r.p.Count) / float64(max(1, r.group.EventCount())) })
	column(t, "level", nil, func(r patternRow) string { return r.p.Level().String() })
	column(t, "change", nil, func(r patternRow) string { return r.p.Change.String() })
	column(t, "first_seen", nil, func(r patternRow) time.Time { return time.Unix(0, r.p.First).UTC() })
	column(t, "last_seen", nil, func(r patternRow) time.Time { return time.Unix(0, r.p.Last).UTC() })
	column(t, "trend", nil, func(r patternRow) string { return sparkline(r.p.Trend[:]) })
	column(t, "variable", nil, func(r patternRow) string { return o.mask(r.p.Variable) })
	column(t, "streams", nil, func(r patternRow) json.RawMessage { return streamsOf(r.group, r.p) })
	column(t, "sample", nil, func(r patternRow) string { return o.mask(r.p.Sample) })
	return finish(framesOut{t.frame}, res)
}

// sparkline draws counts as characters, the highest as a full block.
func sparkline(counts []int) string {
	levels := []rune("▁▂▃▄▅▆▇█")
	highest := slices.Max(counts)
	out := make([]rune, len(counts))
	for i, n := range counts {
		out[i] = ' '
		if n > 0 {
			out[i] = levels[(n*len(levels)-1)/highest]
		}
	}
	return string(out)
}

func streamsOf(g *analysis.Group, p *patterns.Pattern) json.RawMessage {
	labels := make([]map[string]string, len(p.Streams))
	for i, s := range p.Streams {
		labels[i] = g.Streams[s]
	}
	raw, err := json.Marshal(labels)
	if err != nil { // maps of strings always marshal
		return json.RawMessage("[]")
	}
	return raw
}

// seriesTable shows what a metric query was condensed to.
func seriesTable(res *analysis.Result) *data.Frame {
	type row struct {
		group *analysis.Group
		s     *analysis.SeriesStats
	}
	var rows []row
	for i := range res.Groups {
		g := &res.Groups[i]
		for k := range g.Series {
			rows = append(rows, row{g, &g.Series[k]})
		}
	}
	t := newTable("patterns", rows)
	for i, name := range res.GroupBy {
		column(t, name, nil, func(r row) string { return r.group.Values[i] })
	}
	column(t, "series", nil, func(r row) string { return string(jsonLabels(r.s.Labels)) })
	column(t, "points", unit("short"), func(r row) int64 { return int64(r.s.Points) })
	for _, c := range []struct {
		name  string
		value func(*analysis.SeriesStats) float64
	}{
		{"first", func(s *analysis.SeriesStats) float64 { return s.First }},
		{"last", func(s *analysis.SeriesStats) float64 { return s.Last }},
		{"min", func(s *analysis.SeriesStats) float64 { return s.Min }},
		{"max", func(s *analysis.SeriesStats) float64 { return s.Max }},
		{"mean", func(s *analysis.SeriesStats) float64 { return s.Mean }},
		{"slope_per_hour", func(s *analysis.SeriesStats) float64 { return s.Slope }},
	} {
		column(t, c.name, nil, func(r row) float64 { return c.value(r.s) })
	}
	column(t, "missing", unit("short"), func(r row) int64 { return int64(r.s.Missing) })
	column(t, "summary", nil, func(r row) string { return r.s.Text() })
	return t.frame
}
