package plugin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

// The query types.
const (
	typeAnalysis     = "analysis"
	typeVerdict      = "verdict"
	typeNotification = "notification"
	typePatterns     = "patterns"
	typeHistory      = "history"
)

// defaultPrompt is used where a query names none.
const defaultPrompt = "incident-triage"

// query is a query as the rest of the package uses it.
type query struct {
	queryType  string
	expr       string
	promptID   string
	promptVars map[string]string
	groupBy    []string
	maxGroups  int
	maxLines   int
	baseline   time.Duration
	onlyNovel  bool
	events     bool
	value      string
	format     string
	maxAge     time.Duration
	window     loki.Window
	// async says that the asker polls: it takes a first answer at once and asks for more
	// with queryID, which is empty the first time.
	async   bool
	queryID string
	// notices tell what was read differently from what the query says.
	notices []string
}

// queryJSON is the wire form, the same names as in src/types.ts.
type queryJSON struct {
	QueryType  string            `json:"queryType"`
	Expr       string            `json:"expr"`
	PromptID   string            `json:"promptId"`
	PromptVars map[string]string `json:"promptVars"`
	GroupBy    []string          `json:"groupBy"`
	MaxGroups  int               `json:"maxGroups"`
	MaxLines   int               `json:"maxLines"`
	Baseline   *duration         `json:"baseline"`
	Ask        string            `json:"ask"`
	Context    string            `json:"context"`
	Value      string            `json:"value"`
	Format     string            `json:"format"`
	MaxAge     duration          `json:"maxAge"`
	// Meta and QueryID belong to the asynchronous queries of @grafana/plugin-ui.
	Meta struct {
		QueryFlow string `json:"queryFlow"`
	} `json:"meta"`
	QueryID string `json:"queryID"`
}

// A model's verdict counts for defaultMaxAge where a query does not say, and for
// maxMaxAge at most: what is known of a series lasts no longer.
const (
	defaultMaxAge = 15 * time.Minute
	maxMaxAge     = 24 * time.Hour
)

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// loadQuery reads a query and checks what can be checked without reading logs.
// fromAlert changes defaults only: a header that any client can send grants
// nothing. Errors are [*analysis.InputError].
func loadQuery(q backend.DataQuery, s settings, fromAlert bool) (query, error) {
	var wire queryJSON
	if err := json.Unmarshal(q.JSON, &wire); err != nil {
		return query{}, inputError("the query's JSON cannot be read: %s", err.Error())
	}
	out := query{
		queryType: cmp.Or(wire.QueryType, q.QueryType, typeAnalysis), expr: wire.Expr, promptID: cmp.Or(wire.PromptID, defaultPrompt),
		promptVars: wire.PromptVars, value: cmp.Or(wire.Value, "severity"), format: wire.Format,
		maxLines: min(orDefault(wire.MaxLines, s.maxLines, hardMaxLines), s.maxLines), maxGroups: min(orDefault(wire.MaxGroups, s.maxGroups, hardMaxGroups), s.maxGroups),
		onlyNovel: wire.Ask == "novel" || (wire.Ask == "" && fromAlert),
		events:    wire.Context == "events",
		maxAge:    cmp.Or(time.Duration(wire.MaxAge), defaultMaxAge),
		async:     wire.Meta.QueryFlow == "async" && !fromAlert, queryID: wire.QueryID,
		window: loki.Window{Start: q.TimeRange.From, End: q.TimeRange.To},
	}
	switch {
	case wire.Baseline != nil:
		out.baseline = time.Duration(*wire.Baseline)
	case fromAlert:
		out.baseline = 24 * time.Hour
	}
	if length := out.window.Length(); out.baseline > 0 && out.baseline < length {
		// A dashboard's or a rule's range can grow beyond a baseline that was right once.
		out.notices = append(out.notices, fmt.Sprintf("The baseline lies %s earlier instead of %s: nearer, it would overlap with the window.", length, out.baseline))
		out.baseline = length
	}
	if wire.Ask != "" && wire.Ask != "novel" && wire.Ask != "always" {
		return query{}, inputError("unknown ask %q; use novel or always", wire.Ask)
	}
	if wire.Context != "" && wire.Context != "events" {
		return query{}, inputError("unknown context %q; use events or nothing", wire.Context)
	}
	for _, name := range wire.GroupBy {
		name = strings.TrimSpace(name)
		if name != "" && !slices.Contains(out.groupBy, name) {
			out.groupBy = append(out.groupBy, name)
		}
	}
	return out, out.check()
}

func (q query) check() error {
	switch q.queryType {
	case typeAnalysis, typeVerdict, typePatterns, typeNotification, typeHistory:
	default:
		return inputError("unknown query type %q; use analysis, verdict, notification, patterns or history", q.queryType)
	}
	if err := q.checkFormat(); err != nil {
		return err
	}
	if q.maxAge < 0 || q.maxAge > maxMaxAge {
		return inputError("maxAge must be a duration between 0 and a day, such as 15m")
	}
	if !q.window.End.After(q.window.Start) {
		return inputError("the time range is empty: its end must lie after its start")
	}
	if !slices.Contains(values(), q.value) && !strings.HasPrefix(q.value, "field:") {
		return inputError("unknown value %q; use %s or field:<name>", q.value, strings.Join(values(), ", "))
	}
	if q.baseline < 0 || q.baseline > 365*24*time.Hour {
		return inputError("the baseline must be an offset between 0 and a year, such as 1h or 1d")
	}
	for _, name := range q.groupBy {
		if !labelName.MatchString(name) {
			return inputError("groupBy %q is no label name; labels have letters, digits and underscores", name)
		}
		if slices.Contains(reservedColumns(), name) {
			return inputError("groupBy %q is also the name of a column of the answer; group by another label, or rename it in LogQL with label_format", name)
		}
	}
	return nil
}

func (q query) checkFormat() error {
	if q.queryType == typeHistory {
		if q.format != "" && q.format != formatAnnotations {
			return inputError("unknown format %q of a history; use annotations, or nothing for time series", q.format)
		}
		return nil
	}
	if !slices.Contains([]string{"", "verdict", "findings", "evidence"}, q.format) {
		return inputError("unknown format %q; use verdict, findings, evidence, or nothing for all three", q.format)
	}
	return nil
}

// formatAnnotations asks for a history as annotations.
const formatAnnotations = "annotations"

// values are the numbers that a verdict query can ask for, besides a prompt's own
// fields.
func values() []string {
	return []string{"severity", "probability", "age", "coverage", "rules_severity", "contested", "degraded"}
}

// reservedColumns are the columns of all frames: a group label cannot share a name
// with one.
func reservedColumns() []string {
	return []string{"degraded", "coverage", "pattern", "count", "share", "level", "change", "first_seen", "last_seen", "sample", "trend", "variable", "streams", "reason", "logql", "series", "points", "missing",
		"verdict", "severity", "probability", "category", "summary", "root_cause", "next_step", "rules_severity", "contested", "source", "cached", "age", "model_age", "held", "suspected_injection", "overruled", "prompt", "model", "lines_total", "lines_read"}
}

// duration reads a Grafana duration such as "90s", "1h" or "1d". A bare number has
// no unit and is refused.
type duration time.Duration

func (d *duration) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "" || text == "null" || text == "none" {
		*d = 0
		return nil
	}
	_, bareNumber := strconv.ParseFloat(text, 64)
	parsed, err := gtime.ParseDuration(text)
	if err != nil || bareNumber == nil {
		return fmt.Errorf("%q is no duration; write one such as 15m, 1h or 1d", text)
	}
	*d = duration(parsed)
	return nil
}

func inputError(format string, args ...any) error {
	return &analysis.InputError{Reason: fmt.Sprintf(format, args...)}
}
