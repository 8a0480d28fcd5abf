package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/resource/httpadapter"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/rules"
)

// CallResource implements backend.CallResourceHandler.
func (d *datasource) CallResource(ctx context.Context, req *backend.CallResourceRequest, sender backend.CallResourceResponseSender) error {
	return d.resource.CallResource(ctx, req, sender)
}

func (d *datasource) resources() backend.CallResourceHandler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /prompts", func(w http.ResponseWriter, _ *http.Request) { listPrompts(w, d.host.engine.Prompts) })
	mux.HandleFunc("POST /cancel", d.cancel)
	mux.HandleFunc("POST /overrule", d.postOverrule)
	mux.HandleFunc("GET /"+goldenPath, d.goldenCommand)
	return httpadapter.New(mux)
}

// maxBody bounds the body of a request for a resource.
const maxBody = 64 << 10

// cancel stops an analysis that the caller follows. One that is not the caller's or has
// ended is no error: there is nothing to stop.
func (d *datasource) cancel(w http.ResponseWriter, r *http.Request) {
	var body struct {
		QueryID string `json:"queryId"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&body); err != nil {
		http.Error(w, `the body must be {"queryId": "..."}`, http.StatusBadRequest)
		return
	}
	if x := d.host.jobs.find(body.QueryID, d.follower(backend.PluginConfigFromContext(r.Context()))); x != nil {
		d.host.jobs.drop(x)
	}
	w.WriteHeader(http.StatusNoContent)
}

type promptJSON struct {
	ID          string `json:"id"`
	Version     string `json:"version"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Origin      string `json:"origin"`
	// Variables are what the prompt's instructions can be given.
	Variables []prompts.Variable `json:"variables,omitempty"`
}

// listPrompts answers with the newest version of each prompt, ordered by id.
func listPrompts(w http.ResponseWriter, registry *prompts.Registry) {
	out := struct {
		Prompts []promptJSON `json:"prompts"`
	}{Prompts: []promptJSON{}}
	for _, p := range registry.List() {
		out.Prompts = append(out.Prompts, promptJSON{
			ID: p.ID, Version: p.Version, Title: p.Title, Description: p.Description, Origin: p.Origin, Variables: p.Variables,
		})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // the caller left
}

// postOverrule keeps what a user says of lines that a verdict rests on: a rule as in
// ConfigMaps labelled lokalyst.io/rules. It answers with the rule and where it is kept:
// in the history, or in the memory of this process where no history is kept.
func (d *datasource) postOverrule(w http.ResponseWriter, r *http.Request) {
	var rule rules.Rule
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&rule); err != nil {
		http.Error(w, "the body must be a rule in JSON: template or pattern, streams, benign or category and severity, reason, expires ("+err.Error()+")", http.StatusBadRequest)
		return
	}
	rule, kept, err := d.overrule(r.Context(), backend.PluginConfigFromContext(r.Context()), rule)
	var input *analysis.InputError
	switch {
	case errors.Is(err, errForbidden):
		http.Error(w, err.Error(), http.StatusForbidden)
	case errors.As(err, &input):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadGateway)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"rule": rule, "kept": kept}) // the caller left
	}
}
