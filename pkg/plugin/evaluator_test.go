package plugin_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/grafana/dataplane/sdata/numeric"
	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"
)

// What Grafana gives an evaluation: three attempts of 30 s, with these pauses between.
const (
	attempts     = 3
	evalDeadline = 30 * time.Second
)

func pauses() []time.Duration {
	return []time.Duration{time.Second, 1500 * time.Millisecond}
}

// An alertRule is a rule of Grafana's alerting, as far as the plugin can tell one from
// another.
type alertRule struct {
	UID, Title string
	// Queries are asked in this order; the first is the one that the condition reads.
	Queries []ruleQuery
	// Fires is the condition on one number of the first query.
	Fires func(float64) bool
	// For is how long the condition must hold until the alert fires.
	For time.Duration
	// NoDataState and ExecErrState are Grafana's; empty ones are NoData and Error.
	NoDataState, ExecErrState string
	Annotations               map[string]string
}

type ruleQuery struct {
	RefID string
	Model map[string]any
	// From and To are before the tick.
	From, To time.Duration
}

// An evaluator evaluates one rule as Grafana 12's scheduler does: the requests it sends,
// how it tries again, how it reads frames, and what becomes of the alerts. Facts are from
// rules that ran in a real Grafana.
type evaluator struct {
	t      *testing.T
	plugin backend.QueryDataHandler
	pc     backend.PluginContext
	rule   alertRule
	// hurry divides the pauses between attempts.
	hurry time.Duration

	alerts alerts
	// last is what the last evaluation found.
	last evaluation
}

// An evaluation is one tick of a rule.
type evaluation struct {
	// health is ok, nodata or error, and refID the query to blame.
	health, refID string
	// errs are those of the attempts.
	errs []error
	// answers are of the last attempt.
	answers backend.Responses
	// numbers are the values of each query by the rows' labels.
	numbers map[string][]labelled
	// left is what the slowest attempt left of its deadline.
	left time.Duration
}

// A labelled number is one row; nil is null.
type labelled struct {
	labels data.Labels
	value  *float64
}

func newEvaluator(t *testing.T, plugin backend.QueryDataHandler, pc backend.PluginContext, rule alertRule) *evaluator {
	pc.User = &backend.User{Login: "grafana_scheduler", Name: "grafana_scheduler", Role: "Admin"}
	return &evaluator{t: t, plugin: plugin, pc: pc, rule: rule, hurry: 20, alerts: alerts{series: map[string]*alertSeries{}}}
}

// evaluate evaluates the rule once, with up to three attempts.
func (e *evaluator) evaluate(tick time.Time) evaluation {
	e.t.Helper()
	out := evaluation{left: evalDeadline}
	for i := range attempts {
		try := e.attempt(tick)
		out.health, out.refID, out.answers, out.numbers = try.health, try.refID, try.answers, try.numbers
		out.errs = append(out.errs, try.errs...)
		out.left = min(out.left, try.left)
		if try.health != "error" || errors.As(try.errs[0], new(*formatError)) {
			break
		}
		if i < attempts-1 {
			time.Sleep(pauses()[i] / e.hurry) // Grafana's own pause, not a wait for anything
		}
	}
	e.last = out
	e.alerts.take(&e.rule, out, tick)
	return out
}

// attempt sends the queries one after another under one deadline.
func (e *evaluator) attempt(tick time.Time) evaluation {
	ctx, cancel := context.WithTimeout(e.t.Context(), evalDeadline)
	defer cancel()
	deadline, _ := ctx.Deadline()
	out := evaluation{health: "ok", answers: backend.Responses{}, numbers: map[string][]labelled{}}
	for i, q := range e.rule.Queries {
		numbers, err := e.ask(ctx, q, tick, &out)
		out.numbers[q.RefID] = numbers
		switch {
		case i == 0 && err != nil:
			out.health, out.refID, out.errs = "error", q.RefID, append(out.errs, err)
		case len(numbers) == 0 && out.health == "ok":
			// Nor is an error of a query told that the condition does not read.
			out.health, out.refID = "nodata", q.RefID
		}
	}
	out.left = time.Until(deadline)
	return out
}

// ask sends one query and reads its frames as expressions do.
func (e *evaluator) ask(ctx context.Context, q ruleQuery, tick time.Time, out *evaluation) ([]labelled, error) {
	res, err := e.send(ctx, q, tick)
	if err != nil {
		return nil, err
	}
	answer, ok := res.Responses[q.RefID]
	if !ok {
		return nil, nil
	}
	out.answers[q.RefID] = answer
	if answer.Error != nil {
		return nil, answer.Error
	}
	return readNumbers(answer.Frames)
}

func (e *evaluator) send(ctx context.Context, q ruleQuery, tick time.Time) (*backend.QueryDataResponse, error) {
	model := maps.Clone(q.Model)
	maps.Copy(model, map[string]any{"refId": q.RefID, "intervalMs": 1000, "maxDataPoints": 43200})
	raw, err := json.Marshal(model)
	require.NoError(e.t, err)
	return e.plugin.QueryData(ctx, &backend.QueryDataRequest{
		PluginContext: e.pc,
		Headers: map[string]string{
			"FromAlert": "true", "X-Cache-Skip": "true", "X-Grafana-Org-Id": fmt.Sprint(e.pc.OrgID),
			"http_X-Rule-Uid": e.rule.UID, "http_X-Rule-Name": e.rule.Title, "http_X-Rule-Folder": "AI%20analysis",
			"http_X-Rule-Source": "scheduler", "http_X-Rule-Type": "alerting", "http_X-Rule-Version": "1",
		},
		Queries: []backend.DataQuery{{
			RefID: q.RefID, JSON: raw, Interval: time.Second, MaxDataPoints: 43200,
			TimeRange: backend.TimeRange{From: tick.Add(-q.From), To: tick.Add(-q.To)},
		}},
	})
}

// A formatError is of frames that alerting cannot read; it is not tried again.
type formatError struct{ reason string }

func (e *formatError) Error() string { return e.reason }

// readNumbers reads frames as Grafana's expressions do: with the reader of the first
// frame's type, one number a set of labels.
func readNumbers(frames data.Frames) ([]labelled, error) {
	if len(frames) == 0 {
		return nil, nil
	}
	if m := frames[0].Meta; m == nil || m.Type == "" || m.TypeVersion == (data.FrameTypeVersion{}) {
		return nil, &formatError{"input data must be a wide series but got type not (input refid)"}
	}
	reader, err := numeric.CollectionReaderFromFrames(frames)
	if err != nil {
		return nil, &formatError{err.Error()}
	}
	collection, err := reader.GetCollection(false)
	if err != nil {
		return nil, &formatError{err.Error()}
	}
	var out []labelled
	seen := map[string]bool{}
	for _, ref := range collection.Refs {
		value, _, err := ref.NullableFloat64Value()
		if err != nil {
			return nil, &formatError{err.Error()}
		}
		labels := ref.GetLabels()
		if seen[labels.String()] {
			return nil, &formatError{"frame cannot uniquely be identified by its labels: has duplicate results with labels {" + labels.String() + "}"}
		}
		seen[labels.String()] = true
		out = append(out, labelled{labels, value})
	}
	return out, nil
}
