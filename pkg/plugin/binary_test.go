package plugin_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/plugin"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// TestBuiltBinary queries the delivered program as Grafana does, with an empty
// environment: it alone proves the plugin id, the wiring and the handshake.
func TestBuiltBinary(t *testing.T) {
	r := newRig(t, parts{streams: testenv.Incident(time.Now(), 3)})
	bin, err := testenv.BuildPlugin(t.Context(), t.Logf)
	require.NoError(t, err)
	p, err := testenv.StartPlugin(t.Context(), bin)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })

	health, err := p.CheckHealth(t.Context(), &backend.CheckHealthRequest{PluginContext: r.pc})
	require.NoError(t, err)
	require.Equal(t, backend.HealthStatusOk, health.Status, health.Message)

	raw, err := json.Marshal(map[string]any{"queryType": "verdict", "expr": selector})
	require.NoError(t, err)
	res, err := p.QueryData(t.Context(), &backend.QueryDataRequest{PluginContext: r.pc, Queries: []backend.DataQuery{{
		RefID: "A", JSON: raw, TimeRange: backend.TimeRange{From: r.end.Add(-r.length), To: r.end.Add(time.Second)},
	}}})
	require.NoError(t, err)
	f := frame(t, res.Responses["A"], "verdict")
	require.Equal(t, 3.0, value(t, f, "severity", 0))

	metrics, err := p.CollectMetrics(t.Context(), &backend.CollectMetricsRequest{PluginContext: r.pc})
	require.NoError(t, err)
	require.Contains(t, string(metrics.PrometheusMetrics), "go_goroutines")
}

// TestPluginJSON: the front end, the Go build and Grafana read the same file.
func TestPluginJSON(t *testing.T) {
	root, err := os.ReadFile("../../plugin.json")
	require.NoError(t, err)
	front, err := os.ReadFile("../../src/plugin.json")
	require.NoError(t, err)
	require.True(t, bytes.Equal(root, front))
	var wire struct {
		ID, Type, Executable string
		Backend, Alerting    bool
	}
	require.NoError(t, json.Unmarshal(root, &wire))
	require.Equal(t, plugin.ID, wire.ID)
	require.Equal(t, "datasource", wire.Type)
	require.Regexp(t, "^gpx_", wire.Executable)
	require.True(t, wire.Backend && wire.Alerting)
}
