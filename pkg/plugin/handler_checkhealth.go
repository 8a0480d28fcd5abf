package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// CheckHealth implements backend.CheckHealthHandler. It asks Loki and the model
// server separately, says which of them does not answer, and never runs the
// model. A model server that is missing or down is an error here, although
// queries survive it: Save & test is where a user wants to know. Prompts from
// Kubernetes have a part where they are enabled; it is an error only when not one
// could be read.
func (d *datasource) CheckHealth(ctx context.Context, _ *backend.CheckHealthRequest) (*backend.CheckHealthResult, error) {
	lokiText, lokiErr := d.checkLoki(ctx)
	modelText, modelErr := d.checkModel(ctx)
	verbose := "Loki: " + lokiText + "\nModel server: " + modelText
	parts := map[string]any{
		"loki": map[string]any{"ok": lokiErr == nil, "message": lokiText},
		"llm":  map[string]any{"ok": modelErr == nil, "message": modelText},
	}
	if d.cluster != nil {
		verbose += "\nKubernetes: " + d.cluster.String()
		parts["kubernetes"] = map[string]any{"ok": len(d.cluster.problems) == 0, "message": d.cluster.String()}
	}
	if d.settings.historyEnabled {
		text := "verdicts are recorded"
		if d.keptErr != nil {
			text = d.keptErr.Error()
		}
		verbose += "\nHistory: " + text
		parts["history"] = map[string]any{"ok": d.keptErr == nil, "message": text}
	}
	parts["verboseMessage"] = verbose
	details, err := json.Marshal(parts)
	if err != nil {
		return nil, err
	}
	out := &backend.CheckHealthResult{Status: backend.HealthStatusError, JSONDetails: details}
	switch {
	case lokiErr != nil && modelErr != nil:
		out.Message = "Neither Loki nor the model server can be used. " + capital(lokiText) + ". " + capital(modelText) + "."
	case lokiErr != nil:
		out.Message = "The model server answers; Loki cannot be used. " + capital(lokiText) + "."
	case modelErr != nil:
		out.Message = "Loki answers; the model server cannot be used, so the rules alone judge. " + capital(modelText) + "."
	default:
		out.Message = "Loki answers (" + lokiText + "); the model server is ready (" + modelText + ")."
		out.Status = backend.HealthStatusOk
	}
	if d.keptErr != nil {
		out.Message += " No history is kept. " + capital(d.keptErr.Error()) + "."
		out.Status = backend.HealthStatusError
	}
	if d.cluster != nil && d.cluster.unread {
		out.Message += " No prompt could be read from Kubernetes. " + capital(d.cluster.problems[0]) + "."
		out.Status = backend.HealthStatusError
	}
	return out, nil
}

func (d *datasource) checkLoki(ctx context.Context) (string, error) {
	if d.setupErr != nil {
		return d.setupErr.Error(), d.setupErr
	}
	version, err := d.logs.Health(ctx)
	if err != nil {
		return err.Error(), err
	}
	return "version " + cmp.Or(version, "not shown"), nil
}

// checkModel asks each model server; one that does not answer is an error, for the
// others have its work to do.
func (d *datasource) checkModel(ctx context.Context) (string, error) {
	if d.modelErr != nil {
		return d.modelErr.Error(), d.modelErr
	}
	if d.pool == nil {
		return errNoModel.Error(), errNoModel
	}
	var texts []string
	var failed error
	for _, server := range d.pool.Servers() {
		caps, err := server.Refresh(ctx)
		if err != nil {
			failed = errors.Join(failed, err)
			texts = append(texts, err.Error())
			continue
		}
		text := fmt.Sprintf("model %s, %d slots", cmp.Or(caps.Model, "not named"), caps.Slots)
		if caps.Context > 0 {
			text += fmt.Sprintf(", %d tokens of context each", caps.Context)
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; "), failed
}

var errNoModel = fmt.Errorf("%w: no URL of a model server is set; enter it in the settings, for example http://llama:8080", errSettings)

// capital makes an error's text the beginning of a sentence.
func capital(s string) string {
	return strings.TrimSuffix(strings.ToUpper(s[:min(1, len(s))])+s[min(1, len(s)):], ".")
}
