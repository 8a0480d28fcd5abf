package plugin_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/plugin"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// A rig is the plugin in this process, behind gRPC and all of the SDK's
// middlewares, with real servers unless a test names others.
type rig struct {
	t      *testing.T
	pc     backend.PluginContext
	end    time.Time
	length time.Duration
	tenant string
	header map[string]string
}

// parts names the servers of a rig; empty ones are the real ones.
type parts struct {
	lokiURL, llmURL, key string
	// tenant is one that another rig has filled; empty for one of its own.
	tenant   string
	streams  []testenv.Stream
	noLLM    bool
	settings map[string]any
}

func newRig(t *testing.T, p parts) *rig {
	t.Helper()
	r := &rig{t: t, end: time.Now().UTC().Truncate(time.Second), length: testenv.IncidentLength}
	r.tenant = fmt.Sprintf("plugin-%d", time.Now().UnixNano())
	uid := "uid-" + r.tenant
	if p.tenant != "" {
		r.tenant = p.tenant
	}
	if p.lokiURL == "" {
		loki, err := testenv.SharedLoki(t.Context(), t.Logf)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, loki.Close()) })
		if p.streams != nil {
			require.NoError(t, loki.Push(t.Context(), r.tenant, p.streams))
		}
		p.lokiURL = loki.URL
	}
	if p.llmURL == "" && !p.noLLM {
		llama, err := testenv.SharedLlama(t.Context(), t.Logf)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, llama.Close()) })
		p.llmURL = llama.URL
	}
	settings := map[string]any{"lokiTenant": r.tenant, "timeout": 60, "llmServers": []map[string]any{{"url": p.llmURL}}}
	maps.Copy(settings, p.settings)
	var err error
	r.pc, err = testenv.PluginContext(uid, p.lokiURL, settings, map[string]string{"llmApiKey": p.key})
	require.NoError(t, err)
	return r
}

// ask sends queries in one request, by refId.
func (r *rig) ask(queries map[string]map[string]any) backend.Responses {
	r.t.Helper()
	req := &backend.QueryDataRequest{PluginContext: r.pc, Headers: r.header}
	for ref, q := range queries {
		raw, err := json.Marshal(q)
		require.NoError(r.t, err)
		req.Queries = append(req.Queries, backend.DataQuery{RefID: ref, JSON: raw, TimeRange: backend.TimeRange{From: r.end.Add(-r.length), To: r.end.Add(time.Second)}})
	}
	res, err := plugin.InProcess.Client.QueryData(r.t.Context(), req)
	require.NoError(r.t, err)
	return res.Responses
}

func (r *rig) one(q map[string]any) backend.DataResponse {
	return r.ask(map[string]map[string]any{"A": q})["A"]
}

func (r *rig) health() *backend.CheckHealthResult {
	res, err := plugin.InProcess.Client.CheckHealth(r.t.Context(), &backend.CheckHealthRequest{PluginContext: r.pc})
	require.NoError(r.t, err)
	return res
}

func frame(t *testing.T, res backend.DataResponse, name string) *data.Frame {
	t.Helper()
	require.NoError(t, res.Error)
	for _, f := range res.Frames {
		if f.Name == name {
			return f
		}
	}
	require.Fail(t, "no frame "+name)
	return nil
}

func value(t *testing.T, f *data.Frame, column string, row int) any {
	t.Helper()
	field, _ := f.FieldByName(column)
	require.NotNil(t, field, column)
	v, _ := field.ConcreteAt(row)
	return v
}

func notices(res backend.DataResponse) string {
	var texts []string
	for _, f := range res.Frames {
		for _, n := range f.Meta.Notices {
			texts = append(texts, n.Text)
		}
	}
	return strings.Join(texts, "\n")
}

const selector = `{namespace="shop"}`

func TestIncident(t *testing.T) {
	r := newRig(t, parts{streams: testenv.Incident(time.Now(), 3)})
	res := r.one(map[string]any{"queryType": "analysis", "expr": selector, "promptId": "incident-triage"})
	v := frame(t, res, "verdict")
	require.Equal(t, 1, v.Rows())
	require.Equal(t, "incident", value(t, v, "verdict", 0))
	require.Equal(t, 3.0, value(t, v, "severity", 0))
	require.Equal(t, "memory", value(t, v, "category", 0))
	require.Equal(t, "model", value(t, v, "source", 0))
	require.Equal(t, testenv.TestModelAlias, value(t, v, "model", 0))
	require.Greater(t, value(t, v, "probability", 0), 0.5)
	require.Equal(t, value(t, v, "lines_total", 0), value(t, v, "lines_read", 0))
	require.Equal(t, "incident-triage@1.0.0", value(t, v, "prompt", 0))

	f := frame(t, res, "findings")
	require.Positive(t, f.Rows())
	require.Contains(t, value(t, f, "pattern", 0), "out of memory")
	e := frame(t, res, "evidence")
	require.Positive(t, e.Rows())
	require.LessOrEqual(t, e.Rows(), 200)
	require.Equal(t, data.FrameTypeLogLines, e.Meta.Type)
	for _, f := range res.Frames {
		require.NotEmpty(t, f.Meta.PreferredVisualization, f.Name)
		require.Equal(t, selector, f.Meta.ExecutedQueryString)
		require.NotEmpty(t, f.Meta.Stats)
	}

	// A finding's LogQL selects exactly the lines that were counted.
	p := r.one(map[string]any{"queryType": "patterns", "expr": value(t, f, "logql", 0)})
	sum := int64(0)
	for i := range frame(t, p, "patterns").Rows() {
		sum += value(t, frame(t, p, "patterns"), "count", i).(int64)
	}
	require.Equal(t, value(t, f, "count", 0), sum)

	// The same question again costs no call.
	again := frame(t, r.one(map[string]any{"queryType": "analysis", "expr": selector, "promptId": "incident-triage"}), "verdict")
	require.Equal(t, true, value(t, again, "cached", 0))
	require.Equal(t, 3.0, value(t, again, "severity", 0))
}

func TestVerdictByGroup(t *testing.T) {
	r := newRig(t, parts{streams: testenv.Incident(time.Now(), 3)})
	f := frame(t, r.one(map[string]any{"queryType": "verdict", "expr": selector, "promptId": "error-summary", "groupBy": []string{"service_name"}}), "verdict")
	got := map[string]float64{}
	for i := range f.Rows() {
		got[value(t, f, "service_name", i).(string)] = value(t, f, "severity", i).(float64)
	}
	require.Len(t, got, 7)
	require.Equal(t, 3.0, got["kernel"], "a fatal signature wakes someone up whatever the model says")
	require.Equal(t, data.FrameTypeNumericLong, f.Meta.Type)
}

// TestGroupByParsedLabels: the labels of parser stages and structured metadata are
// not the stream's, and still they group.
func TestGroupByParsedLabels(t *testing.T) {
	now := time.Now().Add(-time.Minute)
	st := testenv.Stream{Labels: map[string]string{"namespace": "shop"}}
	for i := range 10 {
		st.Entries = append(st.Entries, testenv.Entry{
			Time: now.Add(time.Duration(i) * time.Second), Line: fmt.Sprintf(`{"team":"t%d","msg":"ERROR connection refused"}`, i%2), Metadata: map[string]string{"zone": fmt.Sprint(i % 5)},
		})
	}
	st.Entries = append(st.Entries, testenv.Entry{Time: now.Add(20 * time.Second), Line: "plain text without JSON"})
	r := newRig(t, parts{streams: []testenv.Stream{st}, noLLM: true})
	for _, tc := range []struct {
		expr, label string
		want        map[string]int64
	}{
		{selector + ` | json`, "team", map[string]int64{"t0": 5, "t1": 5, "": 1}},
		{selector, "zone", map[string]int64{"0": 2, "1": 2, "2": 2, "3": 2, "4": 2, "": 1}},
		{selector, "detected_level", map[string]int64{"error": 10, "unknown": 1}},
	} {
		f := frame(t, r.one(map[string]any{"expr": tc.expr, "groupBy": []string{tc.label}}), "verdict")
		got := map[string]int64{}
		for i := range f.Rows() {
			got[value(t, f, tc.label, i).(string)] = value(t, f, "lines_read", i).(int64)
			require.Equal(t, value(t, f, "lines_total", i), value(t, f, "lines_read", i))
		}
		require.Equal(t, tc.want, got, tc.label)
	}
}

func TestHealthy(t *testing.T) {
	r := newRig(t, parts{streams: testenv.Healthy(time.Now(), time.Hour, 5)})
	v := frame(t, r.one(map[string]any{"expr": selector}), "verdict")
	require.Equal(t, "healthy", value(t, v, "verdict", 0))
	require.Equal(t, 0.0, value(t, v, "severity", 0))
	require.Less(t, value(t, v, "probability", 0), 0.5)
}

func TestNoLinesIsNotHealthy(t *testing.T) {
	r := newRig(t, parts{})
	res := r.one(map[string]any{"expr": selector})
	v := frame(t, res, "verdict")
	require.Equal(t, "inconclusive", value(t, v, "verdict", 0))
	require.Equal(t, -1.0, value(t, v, "severity", 0))
	require.Contains(t, notices(res), "not the same as healthy")
	alert := frame(t, r.one(map[string]any{"queryType": "verdict", "expr": selector}), "verdict")
	require.Equal(t, 1, alert.Rows(), "an empty answer would be NoData for the whole rule")
	require.Equal(t, -1.0, value(t, alert, "severity", 0))
}

func TestMetricQuery(t *testing.T) {
	r := newRig(t, parts{streams: testenv.Incident(time.Now(), 3)})
	expr := `sum by (service_name) (count_over_time(` + selector + `[5m]))`
	v := frame(t, r.one(map[string]any{"expr": expr}), "verdict")
	require.Equal(t, "model", value(t, v, "source", 0))
	require.Equal(t, -1.0, value(t, v, "rules_severity", 0), "rules do not judge numbers")
	p := frame(t, r.one(map[string]any{"queryType": "patterns", "expr": expr}), "patterns")
	require.Equal(t, 7, p.Rows())
}
