package plugin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"

	"github.com/lokalyst/lokalyst/pkg/analysis"
)

// fromAlertHeader is set by Grafana's alerting on evaluations. It comes without
// the http_ prefix of forwarded headers, and any client can send it.
const fromAlertHeader = "FromAlert"

// ruleHeader names the alert rule that is evaluated; a preview has none.
const ruleHeader = "X-Rule-Uid"

// QueryData implements backend.QueryDataHandler. Each query is answered on its
// own: one that fails harms no other.
func (d *datasource) QueryData(ctx context.Context, req *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	who := asker{context: req.PluginContext, fromAlert: req.Headers[fromAlertHeader] == "true", rule: req.GetHTTPHeader(ruleHeader)}
	return concurrent.QueryData(ctx, req, func(ctx context.Context, q concurrent.Query) backend.DataResponse {
		who := who
		who.headers = q.Headers
		frames, err := d.answer(ctx, q.DataQuery, who)
		if err != nil {
			backend.Logger.FromContext(ctx).Debug("Query failed", "refId", q.DataQuery.RefID, "error", err)
			return response(err)
		}
		return backend.DataResponse{Status: backend.StatusOK, Frames: frames}
	}, d.settings.concurrencyLimit())
}

func (s settings) concurrencyLimit() int { return orDefault(s.concurrency, defaultConcurrency, 10) }

// asker is who sent a request and how.
type asker struct {
	context   backend.PluginContext
	headers   http.Header
	fromAlert bool
	// rule is the uid of the alert rule, empty in a preview.
	rule string
}

// answer runs one query.
func (d *datasource) answer(ctx context.Context, data backend.DataQuery, who asker) (framesOut, error) {
	if d.setupErr != nil {
		return nil, fmt.Errorf("%w: %w", errSettings, d.setupErr)
	}
	q, err := loadQuery(data, d.settings, who.fromAlert)
	if err == nil && q.queryType != typeHistory {
		err = d.checkPrompt(q)
	}
	if q.queryType == typeNotification {
		return d.notify(ctx, q, who, err), nil
	}
	if err != nil {
		return nil, err
	}
	switch {
	case q.queryType == typePatterns:
		result, err := d.host.engine.Patterns(ctx, d.request(q, who))
		if err != nil {
			return nil, err
		}
		return patternFrames(result, d.frameOptions(q)), nil
	case q.queryType == typeHistory:
		return d.history(ctx, q, who)
	case who.fromAlert && q.queryType == typeVerdict:
		result, err := d.evaluate(ctx, q, who)
		if err != nil {
			return nil, err
		}
		return d.frames(result, q)
	case q.async:
		return d.follow(ctx, q, who)
	}
	result, err := d.host.engine.Analyse(ctx, d.request(q, who))
	if err != nil {
		return nil, err
	}
	return d.frames(result, q)
}

// request is what the analysis is asked for a query.
func (d *datasource) request(q query, who asker) analysis.Request {
	r := analysis.Request{
		Logs: d.logs, Owner: d.owner(who.context, who.headers), Pseudonyms: d.pseudonyms, Expr: q.expr, Window: q.window,
		PromptID: q.promptID, PromptVars: q.promptVars, GroupBy: q.groupBy, MaxGroups: q.maxGroups,
		MaxLines: q.maxLines, Baseline: q.baseline, OnlyNovel: q.onlyNovel, Events: q.events, MaxAge: q.maxAge,
	}
	if d.model != nil {
		r.Model = d.model
	}
	if who.fromAlert {
		r.Alert, r.Wait, r.Reserve = true, d.settings.alertWait, deadlineMargin
	}
	return r
}

// frames shapes a result as its query asks.
func (d *datasource) frames(result *analysis.Result, q query) (framesOut, error) {
	shown := *result
	shown.Notices = slices.Clone(result.Notices)
	for _, text := range q.notices {
		shown.Notices = append(shown.Notices, analysis.Notice{Text: text})
	}
	if d.modelErr != nil {
		shown.Notices = append(shown.Notices, analysis.Notice{Warning: true, Text: d.modelErr.Error()})
	}
	if q.queryType == typeVerdict {
		return verdictFrames(&shown, d.frameOptions(q))
	}
	return analysisFrames(&shown, d.frameOptions(q)), nil
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
