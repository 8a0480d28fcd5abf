package testenv

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/config"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/datasourcetest"
)

// PluginContext returns what Grafana sends with each request for one data source: organisation 1, the Loki URL as the
// data source's own, jsonData encoded from any value, and decrypted secrets. Two calls with the same values mean the
// same instance of the data source.
func PluginContext(uid, url string, jsonData any, secrets map[string]string) (backend.PluginContext, error) {
	encoded, err := json.Marshal(jsonData)
	if err != nil {
		return backend.PluginContext{}, fmt.Errorf("testenv: jsonData: %w", err)
	}
	const id = "lokalyst-aianalysis-datasource"
	return backend.PluginContext{
		OrgID:         1,
		Namespace:     "default",
		PluginID:      id,
		User:          &backend.User{Login: "tester", Name: "Tester", Email: "tester@example.com", Role: "Admin"},
		GrafanaConfig: config.NewGrafanaCfg(map[string]string{}),
		DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{
			ID: 1, UID: uid, Type: id, Name: uid, URL: url, JSONData: encoded, DecryptedSecureJSONData: secrets,
			// The SDK makes a new instance whenever this changes.
			Updated: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
		},
	}, nil
}

// InProcess is the plugin's code in this process behind a real gRPC connection with all of the SDK's middlewares: what
// a call of the handlers leaves out, without a build, and visible to the race detector.
type InProcess struct {
	// Client has QueryData, CheckHealth and CallResource with the SDK's types.
	Client *datasourcetest.TestPluginClient

	plugin datasourcetest.TestPlugin
}

// StartInProcess serves the data source that factory makes on a free port of 127.0.0.1 until Close.
func StartInProcess(factory datasource.InstanceFactoryFunc) (*InProcess, error) {
	ports, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	plugin, err := datasourcetest.Manage(factory, datasourcetest.ManageOpts{Address: fmt.Sprintf("127.0.0.1:%d", ports[0])})
	if err != nil {
		return nil, fmt.Errorf("testenv: plugin in process: %w", err)
	}
	return &InProcess{Client: plugin.Client, plugin: plugin}, nil
}

// Close stops serving.
func (p *InProcess) Close() error { return p.plugin.Shutdown() }
