package plugin

import (
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

type groupRow = *analysis.Group

func groupRows(res *analysis.Result) []groupRow {
	rows := make([]groupRow, len(res.Groups))
	for i := range res.Groups {
		rows[i] = &res.Groups[i]
	}
	return rows
}

// groupColumns adds one column per group label.
func groupColumns(t *table[groupRow], res *analysis.Result) {
	for i, name := range res.GroupBy {
		column(t, name, nil, func(g groupRow) string { return g.Values[i] })
	}
}

// verdictTable has one row a group with all that is known of its verdict.
func verdictTable(res *analysis.Result, o frameOptions) *data.Frame {
	t := newTable("verdict", groupRows(res))
	groupColumns(t, res)
	column(t, "verdict", nil, func(g groupRow) string { return g.Verdict.Severity.Word() })
	column(t, "severity", severityConfig(), func(g groupRow) float64 { return float64(g.Verdict.Severity) })
	column(t, "probability", shareConfig("rules only"), func(g groupRow) float64 { return g.Verdict.Probability })
	column(t, "category", nil, func(g groupRow) string { return string(g.Verdict.Category) })
	column(t, "summary", nil, func(g groupRow) string { return g.Verdict.Summary })
	column(t, "root_cause", nil, func(g groupRow) string { return g.Verdict.RootCause })
	column(t, "next_step", nil, func(g groupRow) string { return g.Verdict.NextStep })
	column(t, "rules_severity", severityConfig(), func(g groupRow) float64 { return float64(g.Verdict.RulesSeverity) })
	column(t, "contested", nil, func(g groupRow) bool { return g.Verdict.Contested })
	column(t, "source", nil, func(g groupRow) string { return string(g.Verdict.Source) })
	column(t, "cached", nil, func(g groupRow) bool { return g.Verdict.Cached })
	column(t, "age", unit("s"), func(g groupRow) float64 { return age(res, g, o.now) })
	column(t, "model_age", ageConfig(), func(g groupRow) float64 { return modelAge(res, g, o.now) })
	column(t, "held", nil, func(g groupRow) bool { return g.Verdict.Held })
	column(t, "suspected_injection", nil, func(g groupRow) bool { return g.Verdict.SuspectedInjection })
	column(t, "overruled", nil, func(g groupRow) string { return g.Verdict.Overruled })
	column(t, "prompt", nil, func(groupRow) string { return res.Prompt.ID + "@" + res.Prompt.Version })
	column(t, "model", nil, func(g groupRow) string { return g.Verdict.Model })
	column(t, "lines_total", unit("short"), func(g groupRow) int64 { return g.LinesTotal })
	column(t, "lines_read", unit("short"), func(g groupRow) int64 { return g.LinesRead })
	for _, f := range res.Prompt.Fields {
		fieldColumn(t, f)
	}
	return t.frame
}

// fieldColumn adds a prompt's own field, null where the rules alone judged.
func fieldColumn(t *table[groupRow], f verdict.Field) {
	config := &data.FieldConfig{Description: f.Description}
	switch f.Type {
	case verdict.FieldInteger:
		column(t, f.Name, config, func(g groupRow) *int64 { return field[int64](g, f.Name) })
	case verdict.FieldBoolean:
		column(t, f.Name, config, func(g groupRow) *bool { return field[bool](g, f.Name) })
	default:
		column(t, f.Name, config, func(g groupRow) *string { return field[string](g, f.Name) })
	}
}

func field[T any](g groupRow, name string) *T {
	if v, ok := g.Verdict.Fields[name].(T); ok {
		return &v
	}
	return nil
}

// verdictFrames shapes what an alert rule reads: numeric-long 0.1 with the group
// labels and the prompt as labels and exactly one numeric column, at least one
// row, never null and never NaN, which a rule would read as healthy.
func verdictFrames(res *analysis.Result, o frameOptions) (framesOut, error) {
	value, config, err := valueOf(res, o)
	if err != nil {
		return nil, err
	}
	t := newTable("verdict", groupRows(res))
	t.frame.Meta.Type = data.FrameTypeNumericLong
	t.frame.Meta.TypeVersion = data.FrameTypeVersion{0, 1}
	groupColumns(t, res)
	id, _, _ := strings.Cut(o.query.promptID, "@")
	column(t, "prompt", nil, func(groupRow) string { return id })
	column(t, strings.TrimPrefix(o.query.value, "field:"), config, value)
	return finish(framesOut{t.frame}, res), nil
}

// valueOf returns the number that a verdict query asks for.
func valueOf(res *analysis.Result, o frameOptions) (func(groupRow) float64, *data.FieldConfig, error) {
	name, isField := strings.CutPrefix(o.query.value, "field:")
	if isField {
		f, err := numericField(res.Prompt, name)
		return func(g groupRow) float64 { return number(g.Verdict.Fields[name]) }, &data.FieldConfig{Description: f.Description}, err
	}
	switch name {
	case "severity":
		return func(g groupRow) float64 { return float64(g.Verdict.Severity) }, severityConfig(), nil
	case "rules_severity":
		return func(g groupRow) float64 { return float64(g.Verdict.RulesSeverity) }, severityConfig(), nil
	case "probability":
		return func(g groupRow) float64 { return g.Verdict.Probability }, shareConfig("rules only"), nil
	case "age":
		return func(g groupRow) float64 { return age(res, g, o.now) }, unit("s"), nil
	case "coverage":
		return coverage, shareConfig("not looked"), nil
	case "contested":
		return func(g groupRow) float64 { return zeroOrOne(g.Verdict.Contested) }, nil, nil
	case "degraded":
		return func(g groupRow) float64 { return zeroOrOne(g.Verdict.Degraded) }, nil, nil
	}
	return nil, nil, inputError("unknown value %q; use %s or field:<name>", name, strings.Join(values(), ", "))
}

// numericField returns a prompt's field that a rule can compare.
func numericField(p *prompts.Prompt, name string) (verdict.Field, error) {
	for _, f := range p.Fields {
		if f.Name == name && f.Type != verdict.FieldString {
			return f, nil
		}
	}
	return verdict.Field{}, inputError("prompt %q has no number or boolean field %q", p.ID, name)
}

// number reads a field's value; -1 where the rules alone judged, so that "no
// answer" is never the same as 0.
func number(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case bool:
		return zeroOrOne(v)
	}
	return -1
}

func zeroOrOne(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
