package plugin

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var (
	windowEnd   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	windowStart = windowEnd.Add(-time.Hour)
)

// sampleResult is what the engine makes of two groups, through its real steps up
// to the rules verdict; the model's verdict on the first group is filled in.
func sampleResult(t *testing.T) *analysis.Result {
	t.Helper()
	prompt, err := prompts.Parse([]byte(`{id: sample, version: 1.0.0, title: Sample, instructions: Judge., fields: [{name: risk, type: integer}, {name: owner, type: string}, {name: paged, type: boolean}]}`))
	require.NoError(t, err)
	query, err := loki.Parse(`{namespace="shop"}`)
	require.NoError(t, err)
	signatures, err := rules.BuiltIn()
	require.NoError(t, err)
	group := func(value string, lines ...string) analysis.Group {
		start, end := windowStart.UnixNano(), windowEnd.UnixNano()
		b := patterns.NewBook(patterns.Config{})
		c := b.Counter()
		c.Begin(start, end)
		for i, l := range lines {
			c.Add(patterns.Line{Time: windowStart.Add(time.Duration(i) * time.Minute).UnixNano(), Text: []byte(l)})
		}
		g := analysis.Group{
			Values: []string{value}, Patterns: b.Patterns([]*patterns.Tally{c.End(1)}, nil, start, end), Streams: []map[string]string{{"app": value, "namespace": "shop"}},
			LinesTotal: int64(2 * len(lines)), LinesRead: int64(len(lines)),
		}
		g.Rules = signatures.Assess(rules.Input{Patterns: g.Patterns, Lines: len(lines)})
		return g
	}
	res := &analysis.Result{
		Query: query, Executed: query, Window: loki.Window{Start: windowStart, End: windowEnd}, Prompt: prompt, GroupBy: []string{"app"},
		Groups: []analysis.Group{
			group("checkout", "INFO cart 17 paid", "INFO cart 18 paid", `{"level":"error","msg":"password=hunter2 refused, OOMKilled"}`),
			group("orders", "INFO order 1 stored"),
		},
		Notices: []analysis.Notice{{Warning: true, Text: "Half of the lines were read."}, {Text: "For information."}},
		Cost:    analysis.Cost{Lines: 4, LokiRequests: 2, Patterns: 3, ModelCalls: 1, PromptTokens: 900, CachedTokens: 700, AnswerTokens: 60, CallsAvoided: 1, Millis: map[string]float64{"collect": 12.5, "infer": 800}},
	}
	res.Groups[0].Verdict = verdict.Verdict{
		Severity: verdict.Critical, Probability: 0.75, Category: "memory", Findings: []verdict.Finding{{Category: "memory", Patterns: []string{"p2"}, Reason: "A container was killed at its memory limit."}},
		Summary: "checkout runs out of memory", RootCause: "not shown", NextStep: "raise the limit", Fields: map[string]any{"risk": int64(7), "owner": "shop", "paged": true},
		RulesSeverity: verdict.Critical, Source: verdict.SourceModel, Cached: true, Model: "llama",
	}
	res.Groups[1].Verdict = verdict.Verdict{Severity: verdict.Healthy, Probability: verdict.ProbabilityUnknown, Category: verdict.CategoryNone, Summary: "No known failure, no unusual share of error lines.", Source: verdict.SourceRules}
	return res
}

func options(value, format string) frameOptions {
	return frameOptions{query: query{value: value, format: format, promptID: "sample@2.0.0", baseline: 24 * time.Hour}, lokiUID: "loki-uid", datasourceUID: "ai", now: windowEnd.Add(90 * time.Second), mask: redact.New().Mask}
}

// TestGoldenFrames holds the frames that users' dashboards and rules are built on.
// After an intended change: go test ./pkg/plugin -run Golden -update-golden.
func TestGoldenFrames(t *testing.T) {
	for name, build := range map[string]func(*analysis.Result) framesOut{
		"analysis": func(r *analysis.Result) framesOut { return analysisFrames(r, options("severity", "")) },
		"findings": func(r *analysis.Result) framesOut { return analysisFrames(r, options("severity", "findings")) },
		"patterns": func(r *analysis.Result) framesOut { return patternFrames(r, options("severity", "")) },
		"verdict": func(r *analysis.Result) framesOut {
			f, err := verdictFrames(r, options("severity", ""))
			require.NoError(t, err)
			return f
		},
		"notification": func(r *analysis.Result) framesOut { return notificationFrames(r, options("severity", "")) },
		"series": func(r *analysis.Result) framesOut {
			r.Groups = []analysis.Group{{Values: []string{"a"}, Series: []analysis.SeriesStats{{Labels: map[string]string{"app": "a"}, Points: 3, First: 1, Last: 4, Min: 1, Max: 4, Mean: 2.5, Slope: 9, Missing: 2, FirstTime: windowStart, LastTime: windowEnd}}}}
			return patternFrames(r, options("severity", ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			experimental.CheckGoldenJSONResponse(t, "testdata", name+".golden", &backend.DataResponse{Frames: build(sampleResult(t))}, *updateGolden)
		})
	}
}

// TestFramesSayWhatIsCalibrated in what goes with every frame.
func TestFramesSayWhatIsCalibrated(t *testing.T) {
	for _, calibrated := range []bool{false, true} {
		res := sampleResult(t)
		res.Groups[0].Verdict.Calibrated = calibrated
		for _, f := range analysisFrames(res, options("severity", "")) {
			raw, err := json.Marshal(f.Meta.Custom)
			require.NoError(t, err)
			require.Equal(t, calibrated, strings.Contains(string(raw), `"calibrated":true`), string(raw))
		}
	}
}

// TestVerdictFrameIsReadByAlerting uses the reader that Grafana's alerting uses.
func TestVerdictFrameIsReadByAlerting(t *testing.T) {
	for value, want := range map[string][]float64{
		"severity": {3, 0}, "probability": {0.75, -1}, "age": {90, 90}, "coverage": {0.5, 0.5}, "rules_severity": {3, 0},
		"contested": {0, 0}, "degraded": {0, 0}, "field:risk": {7, -1}, "field:paged": {1, -1},
	} {
		t.Run(value, func(t *testing.T) {
			frames, err := verdictFrames(sampleResult(t), options(value, ""))
			require.NoError(t, err)
			require.Len(t, frames, 1)
			reader, err := numeric.CollectionReaderFromFrames(frames)
			require.NoError(t, err)
			c, err := reader.GetCollection(false)
			require.NoError(t, err)
			require.NoError(t, c.Warning)
			require.Len(t, c.Refs, len(want), "one number a row")
			seen := map[string]bool{}
			for i, ref := range c.Refs {
				v, _, err := ref.NullableFloat64Value()
				require.NoError(t, err)
				require.NotNil(t, v)
				require.Equal(t, want[i], *v)
				labels := ref.GetLabels()
				require.Equal(t, "sample", labels["prompt"])
				require.Len(t, labels, 2, "the group label and the prompt, nothing that changes")
				require.False(t, seen[labels.String()], "unique labels")
				seen[labels.String()] = true
			}
		})
	}
	for _, bad := range []string{"nonsense", "field:nope", "field:owner"} {
		_, err := verdictFrames(sampleResult(t), options(bad, ""))
		var input *analysis.InputError
		require.ErrorAs(t, err, &input, bad)
	}
}

// TestNotificationMatchesItsVerdict: Grafana joins the second query of a rule to its
// alerts by their labels, and a notification without rows silences the rule.
func TestNotificationMatchesItsVerdict(t *testing.T) {
	o := options("severity", "")
	sample := sampleResult(t)
	sample.Groups[0].Verdict.Summary = "see https://evil.example/x \x1b[31m password=hunter2 " + strings.Repeat("long ", 100)
	sample.Groups[1].Verdict.Summary = ""
	rows := func(frames framesOut) (labels []data.Labels, values []float64) {
		reader, err := numeric.CollectionReaderFromFrames(frames)
		require.NoError(t, err)
		c, err := reader.GetCollection(false)
		require.NoError(t, err)
		for _, ref := range c.Refs {
			v, _, err := ref.NullableFloat64Value()
			require.NoError(t, err)
			labels, values = append(labels, ref.GetLabels()), append(values, *v)
		}
		return labels, values
	}
	verdicts, err := verdictFrames(sample, o)
	require.NoError(t, err)
	want, severities := rows(verdicts)
	got, same := rows(notificationFrames(sample, o))
	require.Equal(t, severities, same)
	for i, labels := range got {
		summary := labels["summary"]
		require.LessOrEqual(t, utf8.RuneCountInString(summary), 200)
		require.NotRegexp(t, "://|hunter2|[\\x00-\\x1f]", summary)
		delete(labels, "summary")
		require.Equal(t, want[i], labels)
		require.Equal(t, i == 1, summary == "n/a")
	}

	q := o.query
	q.groupBy, q.window = []string{"service"}, loki.Window{Start: windowStart, End: windowEnd}
	o.query = q
	o.query.value = "field:risk"
	got, values := rows(emptyNotification(q, [][]string{{"checkout"}, {"orders"}}, o, "Loki is down"))
	require.Equal(t, []data.Labels{{"service": "checkout", "prompt": "sample", "summary": "n/a"}, {"service": "orders", "prompt": "sample", "summary": "n/a"}}, got)
	require.Equal(t, []float64{-1, -1}, values)
	got, _ = rows(emptyNotification(q, nil, o, "Loki is down"))
	require.Len(t, got, 1)
}

func TestRawLinesStayInTheEvidence(t *testing.T) {
	for _, f := range analysisFrames(sampleResult(t), options("severity", "")) {
		raw, err := json.Marshal(f)
		require.NoError(t, err)
		if f.Name == "findings" {
			require.NotContains(t, string(raw), "hunter2")
		}
	}
}

func TestLoadQueryDefaults(t *testing.T) {
	s, err := loadSettings(backend.DataSourceInstanceSettings{})
	require.NoError(t, err)
	load := func(raw string, alert bool) (query, error) {
		return loadQuery(backend.DataQuery{JSON: []byte(raw), TimeRange: backend.TimeRange{From: windowStart, To: windowEnd}}, s, alert)
	}
	q, err := load(`{"expr":"{a=\"b\"}"}`, false)
	require.NoError(t, err)
	require.Equal(t, query{
		queryType: "analysis", expr: `{a="b"}`, promptID: "incident-triage", value: "severity", maxLines: 20_000, maxGroups: 20, maxAge: 15 * time.Minute,
		window: loki.Window{Start: windowStart, End: windowEnd},
	}, q)
	q, err = load(`{"expr":"x","groupBy":["a"," a ",""],"maxLines":900000000,"maxGroups":100}`, true)
	require.NoError(t, err)
	require.Equal(t, 24*time.Hour, q.baseline)
	require.True(t, q.onlyNovel)
	require.Equal(t, []string{"a"}, q.groupBy)
	require.Equal(t, 20_000, q.maxLines, "the setting is the limit")
	require.Equal(t, 20, q.maxGroups)
	q, err = load(`{"expr":"x","baseline":"none","ask":"always"}`, true)
	require.NoError(t, err)
	require.Zero(t, q.baseline)
	require.False(t, q.onlyNovel)

	q, err = load(`{"expr":"x","baseline":"5m"}`, false)
	require.NoError(t, err)
	require.Equal(t, time.Hour, q.baseline, "no nearer than the window is long")
	require.Len(t, q.notices, 1)

	for want, raw := range map[string]string{
		"JSON":               `{`,
		"unknown query type": `{"queryType":"x"}`,
		"of a history":       `{"queryType":"history","format":"findings"}`,
		"maxAge must be":     `{"maxAge":"2d"}`,
		"unknown format":     `{"format":"x"}`,
		"no label name":      `{"groupBy":["a b"]}`,
		"name of a column":   `{"groupBy":["severity"]}`,
		"no duration":        `{"baseline":"soon"}`,
		"is no duration":     `{"baseline":3600}`,
		"unknown value":      `{"value":"severty"}`,
		"unknown context":    `{"context":"weather"}`,
	} {
		_, err := load(raw, false)
		require.ErrorContains(t, err, want)
	}
}
