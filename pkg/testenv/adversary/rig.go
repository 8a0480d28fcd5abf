package adversary

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/lokalyst/lokalyst/pkg/plugin"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// A rig is the plugin with a Loki and a model server of this process.
type rig struct {
	loki, llm *httptest.Server
	host      *plugin.Host
}

func newRig(logs, model http.Handler) (*rig, error) {
	log.DefaultLogger = log.NewNullLogger()
	backend.Logger = log.NewNullLogger()
	r := &rig{loki: httptest.NewServer(logs), llm: httptest.NewServer(model)}
	var err error
	if r.host, err = plugin.NewHost(plugin.HostOptions{Now: Now}); err != nil {
		r.loki.Close()
		r.llm.Close()
		return nil, err
	}
	return r, nil
}

func (r *rig) close() {
	r.host.Close()
	r.loki.Close()
	r.llm.Close()
}

// A tenant is one data source of the rig and who asks it.
type tenant struct {
	handler backend.QueryDataHandler
	context backend.PluginContext
}

// tenant returns a data source with these settings beside those of the servers.
func (r *rig) tenant(ctx context.Context, uid string, settings map[string]any) (tenant, error) {
	all := map[string]any{"llmServers": []map[string]any{{"url": r.llm.URL}}}
	maps.Copy(all, settings)
	pc, err := testenv.PluginContext(uid, r.loki.URL, all, nil)
	if err != nil {
		return tenant{}, err
	}
	return r.open(ctx, pc)
}

// open makes the data source of a plugin context.
func (r *rig) open(ctx context.Context, pc backend.PluginContext) (tenant, error) {
	instance, err := r.host.NewInstance(ctx, *pc.DataSourceInstanceSettings)
	if err != nil {
		return tenant{}, err
	}
	handler, ok := instance.(backend.QueryDataHandler)
	if !ok {
		return tenant{}, errors.New("the data source answers no queries")
	}
	return tenant{handler, pc}, nil
}

// A query is the wire form of one.
type query map[string]any

// ask sends one query about the window, with these headers.
func (t tenant) ask(ctx context.Context, q query, headers map[string]string) (backend.DataResponse, error) {
	raw, err := json.Marshal(q)
	if err != nil {
		return backend.DataResponse{}, err
	}
	res, err := t.handler.QueryData(ctx, &backend.QueryDataRequest{PluginContext: t.context, Headers: headers, Queries: []backend.DataQuery{{
		RefID: "A", JSON: raw, TimeRange: backend.TimeRange{From: Now().Add(-length), To: Now()},
	}}})
	if err != nil {
		return backend.DataResponse{}, err
	}
	out, ok := res.Responses["A"]
	if !ok {
		return out, fmt.Errorf("no response")
	}
	return out, nil
}

// asRule are the headers of an evaluation of an alert rule.
func asRule(rule string) map[string]string {
	return map[string]string{"FromAlert": "true", "http_X-Rule-Uid": rule}
}
