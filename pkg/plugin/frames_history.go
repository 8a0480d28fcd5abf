package plugin

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A track is the lines of one series of the history, the oldest first.
type track struct {
	labels data.Labels
	lines  []historyLine
}

// tracks divides lines by group, prompt and whether they are signed.
func tracks(lines []historyLine) []*track {
	byName := map[string]*track{}
	for _, l := range slices.Backward(lines) {
		labels := data.Labels{}
		maps.Copy(labels, l.Labels)
		id, _, _ := strings.Cut(l.Prompt, "@")
		labels["prompt"] = id
		if !l.signed {
			labels["signed"] = "false" // shown, never believed
		}
		t := byName[labels.String()]
		if t == nil {
			t = &track{labels: labels}
			byName[labels.String()] = t
		}
		t.lines = append(t.lines, l)
	}
	out := make([]*track, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// historyFrames shapes a history: a time series for each group, or annotations.
func historyFrames(lines []historyLine, q query) framesOut {
	all := tracks(lines)
	var out framesOut
	if q.format == formatAnnotations {
		out = framesOut{annotations(all)}
	} else {
		for _, t := range all {
			out = append(out, t.series(q.value))
		}
		if len(out) == 0 {
			f := data.NewFrame("")
			f.Meta = &data.FrameMeta{Type: data.FrameTypeTimeSeriesMulti, TypeVersion: data.FrameTypeVersion{0, 1}, PreferredVisualization: data.VisTypeGraph}
			out = framesOut{f}
		}
	}
	if len(lines) == maxHistory {
		out[0].AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: fmt.Sprintf("Only the newest %d verdicts are shown. Narrow the time range to see the others.", maxHistory)})
	}
	if n := len(slices.DeleteFunc(slices.Clone(lines), func(l historyLine) bool { return l.signed })); n > 0 {
		out[0].AppendNotices(data.Notice{Severity: data.NoticeSeverityWarning, Text: fmt.Sprintf("%d verdicts are not signed with this data source's key: anybody may have written them, and nothing believes them.", n)})
	}
	return out
}

// series is a time series of the number that a query asks for.
func (t *track) series(value string) *data.Frame {
	times, values := make([]time.Time, len(t.lines)), make([]float64, len(t.lines))
	for i := range t.lines {
		times[i], values[i] = t.lines[i].TS, historyValue(&t.lines[i].Line, value)
	}
	name := cmp.Or(value, "severity")
	field := data.NewField(name, t.labels, values)
	if name == "severity" || name == "rules_severity" {
		field.Config = severityConfig()
	}
	f := data.NewFrame("", data.NewField("time", nil, times), field)
	f.Meta = &data.FrameMeta{Type: data.FrameTypeTimeSeriesMulti, TypeVersion: data.FrameTypeVersion{0, 1}, PreferredVisualization: data.VisTypeGraph}
	return f
}

// historyValue returns a number of a line; what lines do not have is the severity.
func historyValue(l *verdict.Line, value string) float64 {
	switch value {
	case "probability":
		return l.Probability
	case "rules_severity":
		return float64(l.RulesSeverity)
	case "contested":
		return zeroOrOne(l.Contested)
	case "degraded":
		return zeroOrOne(l.Degraded)
	case "age":
		return max(0, l.TS.Sub(l.End).Seconds())
	case "coverage":
		if l.LinesTotal == 0 {
			return -1
		}
		return min(1, float64(l.LinesRead)/float64(l.LinesTotal))
	}
	if name, ok := strings.CutPrefix(value, "field:"); ok {
		return number(l.Fields[name])
	}
	return float64(l.Severity)
}

// An annotation is a time in which a series had one severity.
type annotation struct {
	from, to time.Time
	line     *verdict.Line
	labels   data.Labels
}

// annotations marks the times in which something was suspicious.
func annotations(all []*track) *data.Frame {
	var rows []annotation
	for _, t := range all {
		last := -1
		for i := range t.lines {
			l := &t.lines[i].Line
			if last >= 0 {
				rows[last].to = l.TS
			}
			if last >= 0 && rows[last].line.Severity == l.Severity {
				continue
			}
			if last = -1; l.Severity > verdict.Healthy {
				last = len(rows)
				rows = append(rows, annotation{from: l.TS, to: l.TS, line: l, labels: t.labels})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b annotation) int { return a.from.Compare(b.from) })
	t := newTable("annotations", rows)
	column(t, "time", nil, func(a annotation) time.Time { return a.from })
	column(t, "timeEnd", nil, func(a annotation) time.Time { return a.to })
	column(t, "title", nil, func(a annotation) string {
		return cmp.Or(strings.TrimPrefix(a.line.Severity.Word()+": "+groupOf(a.labels), ": "), "verdict")
	})
	column(t, "text", nil, func(a annotation) string { return a.line.Summary })
	column(t, "tags", nil, func(a annotation) string {
		tags := []string{a.line.Severity.String(), string(a.line.Category), a.labels["prompt"]}
		if a.labels["signed"] == "false" {
			tags = append(tags, "not signed")
		}
		return strings.Join(tags, ",")
	})
	return t.frame
}

// groupOf renders the group labels of a series.
func groupOf(labels data.Labels) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if name != "prompt" && name != "signed" {
			parts = append(parts, name+"="+labels[name])
		}
	}
	return strings.Join(parts, ", ")
}
