package plugin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/plugin"
)

// qualityRules are the rules that ask Prometheus.
func qualityRules(t *testing.T) map[string]provisionedRule {
	t.Helper()
	raw, err := os.ReadFile("../../provisioning/alerting/drift.yaml")
	require.NoError(t, err)
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var file provisionedFile
	require.NoError(t, dec.Decode(&file))
	require.Len(t, file.Groups, 1)
	out := map[string]provisionedRule{}
	for _, r := range file.Groups[0].Rules {
		require.Len(t, r.Data, 2)
		require.Equal(t, "prometheus", r.Data[0].Datasource)
		require.Equal(t, true, r.Data[0].Model["instant"], "a threshold reads one number a series")
		require.Equal(t, r.Condition, r.Data[1].RefID)
		require.Equal(t, r.Data[0].RefID, r.Data[1].Model["expression"])
		out[r.UID] = r
	}
	require.Len(t, out, 2)
	return out
}

const (
	scrapes = time.Minute
	week    = 7 * 24 * time.Hour
)

// A rate is the judgements an hour of one outcome, first over the week and then over its last
// six hours.
type rate struct{ before, now float64 }

// counters returns the series of a prompt's judgements over a week.
func counters(prompt string, outcomes map[string]rate) (out []storage.Series) {
	for outcome, r := range outcomes {
		sum := 0.0
		out = append(out, series(labels.FromStrings("__name__", "lokalyst_judgements_compared_total", "prompt", prompt, "outcome", outcome), func(at time.Duration) float64 {
			perHour := r.before
			if at > week-6*time.Hour {
				perHour = r.now
			}
			sum += perHour * scrapes.Hours()
			return sum
		}))
	}
	return out
}

// score returns the series of a golden run's figure over a week.
func score(name, prompt string, value float64) storage.Series {
	return series(labels.FromStrings("__name__", name, "job", "log_ai_eval", "prompt_id", prompt, "prompt_version", "1.0.0", "model", "m", "dataset_version", "1"), func(time.Duration) float64 { return value })
}

func series(l labels.Labels, value func(time.Duration) float64) storage.Series {
	var samples []chunks.Sample
	for at := time.Duration(0); at <= week; at += scrapes {
		samples = append(samples, sample{at.Milliseconds(), value(at)})
	}
	return storage.NewListSeries(l, samples)
}

// sample is one float of a series.
type sample struct {
	at    int64
	value float64
}

func (s sample) T() int64                    { return s.at }
func (s sample) F() float64                  { return s.value }
func (sample) ST() int64                     { return 0 }
func (sample) H() *histogram.Histogram       { return nil }
func (sample) FH() *histogram.FloatHistogram { return nil }
func (sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample         { return s }

// stored is what a Prometheus has scraped.
type stored []storage.Series

func (s stored) Querier(int64, int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		found := &seriesSet{at: -1}
		for _, one := range s {
			l := one.Labels()
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(l.Get(m.Name)) }) {
				found.series = append(found.series, one)
			}
		}
		return found
	}}, nil
}

type seriesSet struct {
	series []storage.Series
	at     int
}

func (s *seriesSet) Next() bool                      { s.at++; return s.at < len(s.series) }
func (s *seriesSet) At() storage.Series              { return s.series[s.at] }
func (*seriesSet) Err() error                        { return nil }
func (*seriesSet) Warnings() annotations.Annotations { return nil }

// TestQualityRules evaluates the rules with Prometheus's own engine, at the end of a week.
func TestQualityRules(t *testing.T) {
	const drift, gate = "lokalyst-drift", "lokalyst-golden"
	steady := map[string]rate{"agree": {90, 90}, "model_higher": {4, 4}, "model_lower": {6, 6}, "abstained": {50, 50}}
	fresh := []storage.Series{score("log_ai_eval_last_run_timestamp_seconds", "a", week.Seconds()-3600), score("log_ai_eval_gate_passed", "a", 1)}
	for name, tc := range map[string]struct {
		stored stored
		rule   string
		want   []string
	}{
		"a tenth as ever":                 {counters("a", steady), drift, nil},
		"no judgement at all":             {nil, drift, nil},
		"three times as many":             {counters("a", map[string]rate{"agree": {90, 60}, "model_higher": {5, 5}, "model_lower": {5, 35}}), drift, []string{"Prompt a: model and rules disagree in a share of 0.40 of the judgements, more than three times as often as in the week."}},
		"one prompt of two":               {append(counters("calm", steady), counters("b", map[string]rate{"agree": {90, 60}, "model_higher": {10, 40}})...), drift, []string{"Prompt b: model and rules disagree in a share of 0.40 of the judgements, more than three times as often as in the week."}},
		"twice as many":                   {counters("a", map[string]rate{"agree": {90, 80}, "model_higher": {10, 20}}), drift, nil},
		"from hardly any to a few":        {counters("a", map[string]rate{"agree": {99.9, 92}, "model_higher": {0.1, 8}}), drift, nil},
		"too few judgements":              {counters("a", map[string]rate{"agree": {4, 2}, "model_higher": {0.1, 2}}), drift, nil},
		"abstentions are no disagreement": {counters("a", map[string]rate{"agree": {90, 20}, "model_higher": {2, 0}, "abstained": {0, 80}}), drift, nil},

		"the gate passed":              {fresh, gate, nil},
		"no scores":                    {counters("a", steady), gate, []string{"Golden runs: no run has pushed its scores."}},
		"the last run is old":          {stored{score("log_ai_eval_last_run_timestamp_seconds", "a", week.Seconds()-3*86400), score("log_ai_eval_gate_passed", "a", 1)}, gate, []string{"Golden runs: the last run is older than two days."}},
		"the gate failed":              {append(stored{score("log_ai_eval_last_run_timestamp_seconds", "b", week.Seconds()-60), score("log_ai_eval_gate_passed", "b", 0)}, fresh...), gate, []string{"Golden runs: the gate failed."}},
		"an old prompt's gate failed":  {append(stored{score("log_ai_eval_last_run_timestamp_seconds", "b", week.Seconds()-3*86400), score("log_ai_eval_gate_passed", "b", 0)}, fresh...), gate, nil},
		"one is old, another is fresh": {append(stored{score("log_ai_eval_last_run_timestamp_seconds", "b", 0), score("log_ai_eval_gate_passed", "b", 1)}, fresh...), gate, nil},
	} {
		t.Run(name, func(t *testing.T) {
			rule := qualityRules(t)[tc.rule]
			var got []string
			for _, s := range evaluateInstant(t, tc.stored, rule.Data[0].Model["expr"].(string)) {
				require.True(t, threshold(t, rule.Data[1].Model)(s.F), "the query answers with what fires and nothing else")
				l := data.Labels(s.Metric.Map())
				values := map[string]captured{"A": {Labels: l, Value: s.F}}
				got = append(got, expand(rule.Annotations["summary"], l, values))
				require.NotContains(t, expand(rule.Annotations["description"], l, values), "error calling")
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func evaluateInstant(t *testing.T, from stored, expr string) promql.Vector {
	t.Helper()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e7, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	defer func() { require.NoError(t, engine.Close()) }()
	q, err := engine.NewInstantQuery(t.Context(), from, nil, expr, time.UnixMilli(week.Milliseconds()))
	require.NoError(t, err)
	defer q.Close()
	v, err := q.Exec(t.Context()).Vector()
	require.NoError(t, err)
	return v
}

// TestQualityRulesAreComplete: what Grafana does where nothing is to be told, and where its
// links lead.
func TestQualityRulesAreComplete(t *testing.T) {
	panels := map[int]string{}
	for _, p := range readDashboard(t, "golden.json").Panels {
		panels[p.ID] = p.Title
	}
	titles := map[string]string{"lokalyst-drift": "Disagreement by prompt", "lokalyst-golden": "Gate"}
	for uid, r := range qualityRules(t) {
		require.Equal(t, "OK", r.NoDataState, uid)
		require.Equal(t, "KeepLast", r.ExecErrState, uid)
		require.Positive(t, r.For, uid)
		require.Equal(t, "lokalyst-quality", r.DashboardUID, uid)
		require.Equal(t, titles[uid], panels[r.PanelID], uid)
		require.NotContains(t, r.Labels["severity"], "$")
	}
}

// dashboard is what the tests look at of one.
type dashboard struct {
	UID        string
	Templating struct {
		List []struct {
			Name, Type string
			Datasource provisionedSource
			Query      any
		}
	}
	Panels []struct {
		ID         int
		Title      string
		Type       string
		Datasource provisionedSource
		GridPos    struct{ H, W, X, Y int }
		Targets    []struct {
			RefID      string
			Datasource provisionedSource
			Expr       string
		}
	}
}

type provisionedSource struct{ Type, UID string }

func readDashboard(t *testing.T, name string) (d dashboard) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../provisioning/dashboards", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &d), name)
	return d
}

// TestDashboards: ids are unique, panels do not overlap, and each refers to a data source that
// is provisioned or chosen by a variable.
func TestDashboards(t *testing.T) {
	raw, err := os.ReadFile("../../provisioning/datasources/lokalyst.yaml")
	require.NoError(t, err)
	var sources struct {
		Datasources []provisionedSource
	}
	require.NoError(t, yaml.Unmarshal(raw, &sources))
	files, err := filepath.Glob("../../provisioning/dashboards/*.json")
	require.NoError(t, err)
	require.Len(t, files, 2)
	uids := map[string]bool{}
	for _, file := range files {
		d := readDashboard(t, filepath.Base(file))
		require.False(t, uids[d.UID], d.UID)
		uids[d.UID] = true
		known := slices.Clone(sources.Datasources)
		for _, v := range d.Templating.List {
			if v.Type == "datasource" {
				known = append(known, provisionedSource{Type: v.Query.(string), UID: "${" + v.Name + "}"})
			}
		}
		ids, cells := map[int]bool{}, map[[2]int]string{}
		for _, p := range d.Panels {
			require.False(t, ids[p.ID], "%s: panel %d", d.UID, p.ID)
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					require.Less(t, x, 24, p.Title)
					require.Empty(t, cells[[2]int{x, y}], "%q lies over it", p.Title)
					cells[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			require.Contains(t, known, p.Datasource, p.Title)
			require.NotEmpty(t, p.Targets, p.Title)
			for _, target := range p.Targets {
				require.Equal(t, p.Datasource, target.Datasource, p.Title)
			}
		}
	}
}

// TestQualityQueries: the dashboard's queries and those of the rules are PromQL, and name
// metrics that the plugin has or golden runs push.
func TestQualityQueries(t *testing.T) {
	var queries []string
	for _, p := range readDashboard(t, "golden.json").Panels {
		for _, target := range p.Targets {
			queries = append(queries, strings.NewReplacer("$prompt", "a|b", "$dataset", "1").Replace(target.Expr))
		}
	}
	for _, r := range qualityRules(t) {
		queries = append(queries, r.Data[0].Model["expr"].(string))
	}
	own := plugin.MetricNames(t)
	scores := regexp.MustCompile(`^log_ai_eval_[a-z0-9_]+$`)
	seen := map[string]bool{}
	for _, q := range queries {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(q)
		require.NoError(t, err, q)
		parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
			if s, ok := n.(*parser.VectorSelector); ok {
				require.True(t, slices.Contains(own, s.Name) || scores.MatchString(s.Name), "%s: nobody has the metric %s", q, s.Name)
				seen[s.Name] = true
			}
			return nil
		})
	}
	for _, want := range []string{"lokalyst_judgements_compared_total", "lokalyst_contested_total", "lokalyst_evidence_rejected_total", "log_ai_eval_macro_f1", "log_ai_eval_gate_passed"} {
		require.True(t, seen[want], want)
	}
}
