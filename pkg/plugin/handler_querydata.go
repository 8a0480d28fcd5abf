package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"

	"github.com/lokalyst/lokalyst/pkg/analysis"
)

// fromAlertHeader is set by Grafana's alerting on evaluations. It comes without
// the http_ prefix of forwarded headers, and any client can send it.
const fromAlertHeader = "FromAlert"

// deadlineMargin is left of the caller's deadline for shaping and sending the
// answer: an answer that arrives late is an error to the caller.
const deadlineMargin = 2 * time.Second

// QueryData implements backend.QueryDataHandler. Each query is answered on its
// own: one that fails harms no other.
func (d *datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	fromAlert := req.Headers[fromAlertHeader] == "true"
	return concurrent.QueryData(ctx, req, func(ctx context.Context, q concurrent.Query) backend.DataResponse {
		frames, err := d.answer(ctx, q, fromAlert)
		if err != nil {
			backend.Logger.FromContext(ctx).Debug("Query failed", "refId", q.DataQuery.RefID, "error", err)
			return response(err)
		}
		return backend.DataResponse{Status: backend.StatusOK, Frames: frames}
	}, d.settings.concurrencyLimit())
}

func (s settings) concurrencyLimit() int { return orDefault(s.concurrency, defaultConcurrency, 10) }

// answer runs one query.
func (d *datasource) answer(ctx context.Context, q concurrent.Query, fromAlert bool) (framesOut, error) {
	if d.setupErr != nil {
		return nil, fmt.Errorf("%w: %w", errSettings, d.setupErr)
	}
	parsed, err := loadQuery(q.DataQuery, d.settings, fromAlert)
	if err != nil {
		return nil, err
	}
	if err := d.checkPrompt(parsed); err != nil {
		return nil, err
	}
	request := analysis.Request{
		Logs: d.logs, Owner: d.owner(q.PluginContext, q.Headers), Pseudonyms: d.pseudonyms, Expr: parsed.expr, Window: parsed.window,
		PromptID: parsed.promptID, PromptVars: parsed.promptVars, GroupBy: parsed.groupBy, MaxGroups: parsed.maxGroups,
		MaxLines: parsed.maxLines, Baseline: parsed.baseline, OnlyNovel: parsed.onlyNovel, Events: parsed.events,
	}
	if d.model != nil {
		request.Model = d.model
	}
	if fromAlert {
		request.Wait, request.Reserve = d.settings.alertWait, deadlineMargin
	}
	if parsed.queryType == typePatterns {
		result, err := d.host.engine.Patterns(ctx, request)
		if err != nil {
			return nil, err
		}
		return patternFrames(result, d.frameOptions(parsed)), nil
	}
	result, err := d.host.engine.Analyse(ctx, request)
	if err != nil {
		return nil, err
	}
	for _, text := range parsed.notices {
		result.Notices = append(result.Notices, analysis.Notice{Text: text})
	}
	if d.modelErr != nil {
		result.Notices = append(result.Notices, analysis.Notice{Warning: true, Text: d.modelErr.Error()})
	}
	if parsed.queryType == typeVerdict {
		return verdictFrames(result, d.frameOptions(parsed))
	}
	return analysisFrames(result, d.frameOptions(parsed)), nil
}

// checkPrompt refuses what does not fit the prompt's fields before anything is
// read: a rule would try it three times.
func (d *datasource) checkPrompt(q query) error {
	if q.queryType == typePatterns {
		return nil
	}
	prompt, err := d.host.engine.Prompts.Get(q.promptID)
	if err != nil {
		return err
	}
	for _, f := range prompt.Fields {
		if slices.Contains(q.groupBy, f.Name) {
			return inputError("groupBy %q is also a field of prompt %q; rename the label with label_format", f.Name, prompt.ID)
		}
	}
	if name, ok := strings.CutPrefix(q.value, "field:"); ok && q.queryType == typeVerdict {
		_, err = numericField(prompt, name)
	}
	return err
}

func (d *datasource) frameOptions(q query) frameOptions {
	return frameOptions{query: q, lokiUID: d.settings.lokiUID, now: d.host.now(), mask: d.host.engine.Redactor.WithKey(d.pseudonyms).Mask}
}
