package plugin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// scripted answers queries by their refId; a test changes what it says.
type scripted struct {
	answers map[string]backend.DataResponse
	asked   int
}

func (s *scripted) QueryData(_ context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	s.asked++
	out := backend.NewQueryDataResponse()
	for _, q := range req.Queries {
		if a, ok := s.answers[q.RefID]; ok {
			out.Responses[q.RefID] = a
		}
	}
	return out, nil
}

// rowsOf is a numeric-long frame with a row for each service.
func rowsOf(text string, values map[string]float64) backend.DataResponse {
	f := data.NewFrame("", data.NewField("service", nil, []string{}), data.NewField("severity", nil, []float64{}))
	if text != "" {
		f.Fields = append(f.Fields, data.NewField("summary", nil, []string{}))
	}
	f.Meta = &data.FrameMeta{Type: data.FrameTypeNumericLong, TypeVersion: data.FrameTypeVersion{0, 1}}
	for name, v := range values {
		row := []any{name, v}
		if text != "" {
			row = append(row, text)
		}
		f.AppendRow(row...)
	}
	return backend.DataResponse{Frames: data.Frames{f}}
}

// TestEvaluatorDoesAsGrafana: the cases that were measured in a real one.
func TestEvaluatorDoesAsGrafana(t *testing.T) {
	failure := backend.DataResponse{Error: errors.New("boom")}
	api3, both := rowsOf("", map[string]float64{"api": 3}), rowsOf("", map[string]float64{"api": 3, "db": 3})
	text := rowsOf("why", map[string]float64{"api": 3, "db": 3})
	untyped := rowsOf("", map[string]float64{"api": 3})
	untyped.Frames[0].Meta = nil
	none := rowsOf("", nil)
	for name, tc := range map[string]struct {
		a, b     []backend.DataResponse // by evaluation; the last one goes on
		state    string                 // NoDataState and ExecErrState
		n        int
		want     map[string]string
		asked    int
		resolved int
	}{
		"fires":                             {a: []backend.DataResponse{both}, n: 1, asked: 2, want: map[string]string{"api": "Alerting", "db": "Alerting"}},
		"missed once":                       {a: []backend.DataResponse{both, api3, both}, n: 3, asked: 6, want: map[string]string{"api": "Alerting", "db": "Alerting"}},
		"missed twice":                      {a: []backend.DataResponse{both, api3}, n: 3, asked: 6, want: map[string]string{"api": "Alerting"}, resolved: 1},
		"an error is tried three times":     {a: []backend.DataResponse{failure}, n: 1, asked: 6, want: map[string]string{"": "Error"}},
		"two errors resolve":                {a: []backend.DataResponse{api3, failure}, n: 3, asked: 14, want: map[string]string{"": "Error"}, resolved: 1},
		"errors with KeepLast do not":       {a: []backend.DataResponse{api3, failure}, state: keepLast, n: 3, asked: 14, want: map[string]string{"api": "Alerting (Error, KeepLast)"}},
		"errors with OK resolve at once":    {a: []backend.DataResponse{api3, failure}, state: "OK", n: 2, asked: 8, want: map[string]string{"api": "Normal (Error)"}, resolved: 1},
		"no rows":                           {a: []backend.DataResponse{api3, none}, n: 3, asked: 6, want: map[string]string{"": "NoData"}, resolved: 1},
		"no rows with KeepLast":             {a: []backend.DataResponse{api3, none}, state: keepLast, n: 3, asked: 6, want: map[string]string{"api": "Alerting (NoData, KeepLast)"}},
		"an untyped frame":                  {a: []backend.DataResponse{untyped}, n: 1, asked: 2, want: map[string]string{"": "Error"}},
		"a failing second query":            {a: []backend.DataResponse{both}, b: []backend.DataResponse{failure}, n: 1, asked: 2, want: map[string]string{"": "NoData"}},
		"an empty second query":             {a: []backend.DataResponse{both}, b: []backend.DataResponse{none}, n: 1, asked: 2, want: map[string]string{"": "NoData"}},
		"a second query that fails later":   {a: []backend.DataResponse{both}, b: []backend.DataResponse{text, failure}, n: 3, asked: 6, want: map[string]string{"": "NoData"}, resolved: 2},
		"a second query without all labels": {a: []backend.DataResponse{both}, b: []backend.DataResponse{rowsOf("why", map[string]float64{"api": 3})}, n: 1, asked: 2, want: map[string]string{"api": "Alerting", "db": "Alerting"}},
	} {
		t.Run(name, func(t *testing.T) {
			rule := incidentRule(nil)
			rule.NoDataState, rule.ExecErrState = tc.state, tc.state
			rule.Annotations = map[string]string{"summary": `{{ $labels.service }} {{ $values.A.Value }} {{ $values.B.Labels.summary }}`}
			plugin := &scripted{answers: map[string]backend.DataResponse{}}
			e := newEvaluator(t, plugin, backend.PluginContext{OrgID: 1}, rule)
			e.hurry = time.Hour
			if tc.b == nil {
				tc.b = []backend.DataResponse{text}
			}
			for i := range tc.n {
				plugin.answers["A"], plugin.answers["B"] = tc.a[min(i, len(tc.a)-1)], tc.b[min(i, len(tc.b)-1)]
				e.evaluate(time.Unix(int64(60*i), 0))
			}
			require.Equal(t, tc.want, e.alerts.states("service"))
			require.Equal(t, tc.asked, plugin.asked)
			require.Len(t, e.alerts.resolved, tc.resolved)
			if s := e.alerts.find("service", "api"); s != nil && s.annotations != nil {
				require.Equal(t, "api 3 why", s.annotations["summary"])
			}
		})
	}
}

// TestEvaluatorWaitsForTheCondition to hold as long as the rule says.
func TestEvaluatorWaitsForTheCondition(t *testing.T) {
	rule := incidentRule(nil)
	rule.For = 2 * time.Minute
	plugin := &scripted{answers: map[string]backend.DataResponse{"B": rowsOf("why", map[string]float64{"api": 3})}}
	e := newEvaluator(t, plugin, backend.PluginContext{OrgID: 1}, rule)
	var got []string
	for i, v := range []float64{3, 3, 0, 3, 3, 3} {
		plugin.answers["A"] = rowsOf("", map[string]float64{"api": v})
		e.evaluate(time.Unix(int64(60*i), 0))
		got = append(got, e.alerts.states("service")["api"])
	}
	require.Equal(t, []string{"Pending", "Pending", "Normal", "Pending", "Pending", "Alerting"}, got)
}
