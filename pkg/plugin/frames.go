package plugin

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

type framesOut = data.Frames

// frameOptions are what frames depend on besides the result.
type frameOptions struct {
	query   query
	lokiUID string
	// datasourceUID is the data source's own, for links to its resources; empty for none.
	datasourceUID string
	now           time.Time
	// mask hides secrets in raw text outside the evidence frame.
	mask func(string) string
}

// analysisFrames shapes an analysis: verdict, findings and evidence, or the one
// that the query's format names. A panel draws every numeric field of all frames,
// so it wants one frame; Explore shows each frame in its place.
func analysisFrames(res *analysis.Result, o frameOptions) framesOut {
	var out framesOut
	for _, f := range []struct {
		name  string
		build func(*analysis.Result, frameOptions) *data.Frame
	}{{"verdict", verdictTable}, {"findings", findingsTable}, {"evidence", evidenceLogs}} {
		if o.query.format == "" || o.query.format == f.name {
			out = append(out, f.build(res, o))
		}
	}
	return finish(out, res)
}

// finish puts on every frame what every answer says of itself.
func finish(frames framesOut, res *analysis.Result) framesOut {
	for _, f := range frames {
		if f.Meta == nil {
			f.Meta = &data.FrameMeta{}
		}
		f.Meta.ExecutedQueryString = res.Executed.Text
		f.Meta.Stats = stats(res.Cost)
		f.Meta.Custom = custom(res)
	}
	// Grafana joins the notices of all frames of a query, so one carries them.
	for _, n := range res.Notices {
		severity := data.NoticeSeverityInfo
		if n.Warning {
			severity = data.NoticeSeverityWarning
		}
		frames[0].AppendNotices(data.Notice{Severity: severity, Text: n.Text})
	}
	return frames
}

func stats(c analysis.Cost) []data.QueryStat {
	stat := func(name, unit string, v float64) data.QueryStat {
		return data.QueryStat{FieldConfig: data.FieldConfig{DisplayName: name, Unit: unit}, Value: v}
	}
	out := []data.QueryStat{
		stat("Lines read", "short", float64(c.Lines)), // what was known already is not read again
		stat("Requests to Loki", "short", float64(c.LokiRequests)),
		stat("Patterns", "short", float64(c.Patterns)),
		stat("Model calls", "short", float64(c.ModelCalls)),
		stat("Model calls avoided", "short", float64(c.CallsAvoided)),
		stat("Prompt tokens", "short", float64(c.PromptTokens)),
		stat("Prompt tokens reused", "short", float64(c.CachedTokens)),
		stat("Answer tokens", "short", float64(c.AnswerTokens)),
	}
	steps := make([]string, 0, len(c.Millis))
	for s := range c.Millis {
		steps = append(steps, s)
	}
	slices.Sort(steps)
	for _, s := range steps {
		out = append(out, stat("Time to "+s, "ms", c.Millis[s]))
	}
	return out
}

// frameCustom is Meta.Custom of every frame.
type frameCustom struct {
	PromptID      string `json:"promptId,omitempty"`
	PromptVersion string `json:"promptVersion,omitempty"`
	PromptHash    string `json:"promptHash,omitempty"`
	WindowStart   int64  `json:"windowStart"` // Unix milliseconds
	WindowEnd     int64  `json:"windowEnd"`
	// LinesTotal is the exact number of lines in the window, Coverage the share of them
	// that the answer rests on; -1 where there are none.
	LinesTotal int64   `json:"linesTotal"`
	Coverage   float64 `json:"coverage"`
	// QueryID, Status and Progress are of a query that is followed, see
	// @grafana/plugin-ui's DatasourceWithAsyncBackend.
	QueryID  string `json:"queryID,omitempty"`
	Status   string `json:"status,omitempty"`
	Progress string `json:"progress,omitempty"`
	// Calibrated says that golden cases corrected the probabilities.
	Calibrated bool `json:"calibrated,omitempty"`
	// Events are the Kubernetes events that the model was told of.
	Events []string `json:"events,omitempty"`
}

func custom(res *analysis.Result) frameCustom {
	c := frameCustom{WindowStart: res.Window.Start.UnixMilli(), WindowEnd: res.Window.End.UnixMilli()}
	all := analysis.Group{}
	for i := range res.Groups {
		g := &res.Groups[i]
		all.LinesTotal += g.LinesTotal
		all.LinesRead += g.LinesRead
		all.Series = append(all.Series, g.Series...)
		c.Calibrated = c.Calibrated || g.Verdict.Calibrated
		for _, e := range g.Events {
			if text := e.Text(); !slices.Contains(c.Events, text) {
				c.Events = append(c.Events, text)
			}
		}
	}
	c.LinesTotal, c.Coverage = all.LinesTotal, coverage(&all)
	if p := res.Prompt; p != nil {
		c.PromptID, c.PromptVersion, c.PromptHash = p.ID, p.Version, p.Hash()
	}
	return c
}

// severityConfig colours a severity wherever it is shown.
func severityConfig() *data.FieldConfig {
	mappings := data.ValueMapper{}
	for _, s := range []struct {
		severity verdict.Severity
		color    string
	}{{verdict.Inconclusive, "text"}, {verdict.Healthy, "green"}, {verdict.Notice, "blue"}, {verdict.Warning, "orange"}, {verdict.Critical, "red"}} {
		mappings[fmt.Sprint(int(s.severity))] = data.ValueMappingResult{Text: s.severity.String(), Color: s.color, Index: int(s.severity) + 1}
	}
	return &data.FieldConfig{Mappings: data.ValueMappings{mappings}}
}

// shareConfig shows a share in per cent, and -1 as the word for "none".
func shareConfig(none string) *data.FieldConfig {
	return &data.FieldConfig{Unit: "percentunit", Mappings: data.ValueMappings{data.ValueMapper{"-1": {Text: none}}}}
}

// ageConfig shows seconds, and -1 as the word for "never".
func ageConfig() *data.FieldConfig {
	return &data.FieldConfig{Unit: "s", Mappings: data.ValueMappings{data.ValueMapper{"-1": {Text: "never"}}}}
}

func unit(u string) *data.FieldConfig { return &data.FieldConfig{Unit: u} }

// A table builds a frame column by column from rows.
type table[R any] struct {
	frame *data.Frame
	rows  []R
}

func newTable[R any](name string, rows []R) *table[R] {
	f := data.NewFrame(name)
	f.Meta = &data.FrameMeta{PreferredVisualization: data.VisTypeTable}
	return &table[R]{frame: f, rows: rows}
}

func column[R, T any](t *table[R], name string, config *data.FieldConfig, value func(R) T) *data.Field {
	values := make([]T, len(t.rows))
	for i, r := range t.rows {
		values[i] = value(r)
	}
	field := data.NewField(name, nil, values)
	field.Config = config
	t.frame.Fields = append(t.frame.Fields, field)
	return field
}

// age is the time in seconds from the end of the last window that the verdict describes
// to now.
func age(res *analysis.Result, g *analysis.Group, now time.Time) float64 {
	end := g.Verdict.End
	if end.IsZero() {
		end = res.Window.End
	}
	return max(0, now.Sub(end).Seconds())
}

// modelAge is the same for the model's last verdict on the series; -1 where there is
// none.
func modelAge(res *analysis.Result, g *analysis.Group, now time.Time) float64 {
	switch {
	case !g.Verdict.ModelEnd.IsZero():
		return max(0, now.Sub(g.Verdict.ModelEnd).Seconds())
	case g.Verdict.Source == verdict.SourceModel:
		return age(res, g, now)
	}
	return -1
}

// coverage is the share of the window's lines that was read; -1 where there were
// none, for nothing was looked at.
func coverage(g *analysis.Group) float64 {
	if len(g.Series) > 0 {
		return 1
	}
	if g.LinesTotal == 0 {
		return -1
	}
	return float64(g.LinesRead) / float64(g.LinesTotal)
}

func jsonLabels(labels map[string]string) json.RawMessage {
	raw, err := json.Marshal(labels)
	if err != nil { // a map of strings always marshals
		return json.RawMessage("{}")
	}
	return raw
}
