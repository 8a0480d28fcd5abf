package plugin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/concurrent"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
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
		out := backend.DataResponse{Status: backend.StatusOK}
		frames, err := d.answer(ctx, q.DataQuery, who)
		if err != nil {
			backend.Logger.FromContext(ctx).Debug("Query failed", "refId", q.DataQuery.RefID, "error", err)
			out = response(err)
		} else {
			out.Frames = frames
		}
		d.host.metrics.query(who.lane(), out)
		return out
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

// lane names how the asker is served, for the metrics.
func (a asker) lane() string {
	if a.fromAlert {
		return "alert"
	}
	return "interactive"
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
		result, err := d.host.engine.Patterns(ctx, d.request(ctx, q, who))
		if err != nil {
			return nil, err
		}
		return patternFrames(result, d.frameOptions(q)), nil
	case q.queryType == typeHistory:
		return d.showHistory(ctx, q)
	case who.fromAlert && q.queryType == typeVerdict:
		result, err := d.evaluate(ctx, q, who)
		if err != nil {
			return nil, err
		}
		return d.frames(result, q)
	case q.async:
		return d.follow(ctx, q, who)
	}
	result, err := d.analyse(ctx, d.request(ctx, q, who))
	if err != nil {
		return nil, err
	}
	return d.frames(result, q)
}

// analyse runs an analysis and counts what came of it.
func (d *datasource) analyse(ctx context.Context, r analysis.Request) (*analysis.Result, error) {
	d.warm(ctx)
	if d.kept != nil {
		r.Record = d.kept.recorder.record
	}
	result, err := d.host.engine.Analyse(ctx, r)
	if err == nil {
		d.host.metrics.result(result, d.host.now())
	}
	return result, err
}

// request is what the analysis is asked for a query.
func (d *datasource) request(ctx context.Context, q query, who asker) analysis.Request {
	r := analysis.Request{
		Signatures: d.signatures(ctx, who.context.OrgID),
		Logs:       d.logs, Owner: d.owner(who.context, who.headers), Pseudonyms: d.pseudonyms, Expr: q.expr, Window: q.window,
		PromptID: q.promptID, PromptVars: q.promptVars, GroupBy: q.groupBy, MaxGroups: q.maxGroups,
		Class: llm.ClassInteractive, Org: strconv.FormatInt(who.context.OrgID, 10),
		MaxLines: q.maxLines, Baseline: q.baseline, OnlyNovel: q.onlyNovel, Events: q.events, MaxAge: q.maxAge,
	}
	if d.pool != nil {
		r.Models = func(affinity string) analysis.Model { return d.pool.Pick(affinity) }
	}
	if who.fromAlert {
		r.Alert, r.Class, r.Wait, r.Reserve = true, llm.ClassAlert, d.settings.alertWait, deadlineMargin
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
	for _, err := range []error{d.modelErr, d.keptErr} {
		if err != nil {
			shown.Notices = append(shown.Notices, analysis.Notice{Warning: true, Text: strings.ReplaceAll(err.Error(), "\n", "; ")})
		}
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
	return frameOptions{query: q, lokiUID: d.settings.lokiUID, datasourceUID: d.settings.datasourceUID, now: d.host.now(), mask: d.host.engine.Redactor.WithKey(d.pseudonyms).Mask}
}
