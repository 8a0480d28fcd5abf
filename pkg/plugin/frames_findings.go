package plugin

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// findingRow is one pattern that a finding cites.
type findingRow struct {
	group   *analysis.Group
	finding verdict.Finding
	index   int
}

func (r findingRow) pattern() *patterns.Pattern {
	if len(r.group.Series) > 0 {
		return seriesPattern(r.group.Series[r.index])
	}
	return &r.group.Patterns[r.index]
}

// seriesPattern shows a series in the columns of a pattern.
func seriesPattern(s analysis.SeriesStats) *patterns.Pattern {
	return &patterns.Pattern{Template: s.Text(), Count: s.Points, First: s.FirstTime.UnixNano(), Last: s.LastTime.UnixNano()}
}

func findingRows(res *analysis.Result) []findingRow {
	var rows []findingRow
	for i := range res.Groups {
		g := &res.Groups[i]
		for _, f := range g.Verdict.Findings {
			for _, id := range f.Patterns {
				if k, ok := g.Pattern(id); ok {
					rows = append(rows, findingRow{group: g, finding: f, index: k})
				}
			}
		}
	}
	return rows
}

// findingsTable has one row for each pattern that a finding cites, with the LogQL
// that selects exactly its lines.
func findingsTable(res *analysis.Result, o frameOptions) *data.Frame {
	narrow := func(string) string { return res.Executed.Text }
	if res.Query.Kind == loki.KindLogs {
		narrow = loki.Narrow(res.Executed)
	}
	t := newTable("findings", findingRows(res))
	for i, name := range res.GroupBy {
		column(t, name, nil, func(r findingRow) string { return r.group.Values[i] })
	}
	column(t, "category", nil, func(r findingRow) string { return string(r.finding.Category) })
	pattern := column(t, "pattern", nil, func(r findingRow) string { return r.pattern().Template })
	column(t, "count", unit("short"), func(r findingRow) int64 { return int64(r.pattern().Count) })
	column(t, "change", nil, func(r findingRow) string { return r.pattern().Change.String() })
	column(t, "first_seen", nil, func(r findingRow) time.Time { return time.Unix(0, r.pattern().First).UTC() })
	column(t, "last_seen", nil, func(r findingRow) time.Time { return time.Unix(0, r.pattern().Last).UTC() })
	column(t, "sample", nil, func(r findingRow) string { return o.mask(r.pattern().Sample) })
	column(t, "reason", nil, func(r findingRow) string { return r.finding.Reason })
	column(t, "logql", &data.FieldConfig{Custom: map[string]any{"hideFrom": map[string]bool{"viz": true}}}, func(r findingRow) string { return narrow(r.pattern().Regex()) })
	if links := findingLinks(res, o); len(links) > 0 {
		pattern.Config = &data.FieldConfig{Links: links}
	}
	return t.frame
}

// findingLinks lead from a finding to its lines, and to the command that keeps the window
// as a golden case. There are none where no lines were read.
func findingLinks(res *analysis.Result, o frameOptions) (links []data.DataLink) {
	if res.Query.Kind != loki.KindLogs {
		return nil
	}
	if o.lokiUID != "" {
		links = append(links, data.DataLink{
			Title: "Show these lines",
			Internal: &data.InternalDataLink{
				DatasourceUID: o.lokiUID,
				Query:         map[string]any{"refId": "A", "queryType": "range", "expr": "${__data.fields.logql}"},
			},
		})
	}
	if o.datasourceUID != "" && len(res.Query.Text) <= maxGoldenExpr {
		links = append(links, data.DataLink{Title: "Save as golden case", URL: goldenLink(res, o), TargetBlank: true})
	}
	return links
}

// maxEvidence bounds the raw lines of an answer.
const maxEvidence = 200

// evidenceLogs holds raw lines: the sample of each cited pattern and then of the
// other patterns by rank. Raw lines exist nowhere else in an answer.
func evidenceLogs(res *analysis.Result, _ frameOptions) *data.Frame {
	type line struct {
		group *analysis.Group
		p     *patterns.Pattern
	}
	var lines []line
	taken := map[*patterns.Pattern]bool{}
	add := func(g *analysis.Group, i int) {
		if p := &g.Patterns[i]; len(lines) < maxEvidence && !taken[p] && p.Sample != "" {
			taken[p] = true
			lines = append(lines, line{g, p})
		}
	}
	for _, r := range findingRows(res) {
		if len(r.group.Series) == 0 {
			add(r.group, r.index)
		}
	}
	for i := range res.Groups {
		g := &res.Groups[i]
		for _, k := range patterns.Rank(g.Patterns) {
			add(g, k)
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int {
		return cmp.Compare(b.p.SampleTime, a.p.SampleTime) // newest first, as Explore shows logs
	})
	t := newTable("evidence", lines)
	t.frame.Meta = &data.FrameMeta{Type: data.FrameTypeLogLines, PreferredVisualization: data.VisTypeLogs}
	column(t, "timestamp", nil, func(l line) time.Time { return time.Unix(0, l.p.SampleTime).UTC() })
	column(t, "body", nil, func(l line) string { return l.p.Sample })
	column(t, "severity", nil, func(l line) string { return l.p.Worst().String() })
	ids := map[string]int{}
	column(t, "id", nil, func(l line) string {
		id := strconv.FormatInt(l.p.SampleTime, 10) + "_" + verdict.KeyOf(l.p.Template, string(jsonLabels(streamOf(l.group, l.p)))).String()[:8]
		if ids[id]++; ids[id] > 1 {
			id += "_" + strconv.Itoa(ids[id]-1)
		}
		return id
	})
	column(t, "labels", nil, func(l line) json.RawMessage {
		labels := map[string]string{"pattern": l.p.Template}
		maps.Copy(labels, streamOf(l.group, l.p))
		return jsonLabels(labels)
	})
	return t.frame
}

func streamOf(g *analysis.Group, p *patterns.Pattern) map[string]string {
	if p.SampleStream < len(g.Streams) {
		return g.Streams[p.SampleStream]
	}
	return nil
}
