package plugin_test

import (
	"bytes"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// provisionedFile is the form of a file of alert rules, as far as ours uses it.
type provisionedFile struct {
	APIVersion int `yaml:"apiVersion"`
	Groups     []struct {
		OrgID    int    `yaml:"orgId"`
		Name     string `yaml:"name"`
		Folder   string `yaml:"folder"`
		Interval string `yaml:"interval"`
		Rules    []provisionedRule
	}
}

type provisionedRule struct {
	UID       string `yaml:"uid"`
	Title     string `yaml:"title"`
	Condition string `yaml:"condition"`
	Data      []struct {
		RefID      string `yaml:"refId"`
		Datasource string `yaml:"datasourceUid"`
		Range      struct {
			From, To int // seconds
		} `yaml:"relativeTimeRange"`
		Model map[string]any `yaml:"model"`
	} `yaml:"data"`
	For          time.Duration     `yaml:"for"`
	NoDataState  string            `yaml:"noDataState"`
	ExecErrState string            `yaml:"execErrState"`
	DashboardUID string            `yaml:"dashboardUid"`
	PanelID      int               `yaml:"panelId"`
	Labels       map[string]string `yaml:"labels"`
	Annotations  map[string]string `yaml:"annotations"`
}

func provisionedRules(t *testing.T) map[string]provisionedRule {
	t.Helper()
	raw, err := os.ReadFile("../../provisioning/alerting/log-verdicts.yaml")
	require.NoError(t, err)
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var file provisionedFile
	require.NoError(t, dec.Decode(&file))
	require.Len(t, file.Groups, 1)
	out := map[string]provisionedRule{}
	for _, r := range file.Groups[0].Rules {
		out[r.UID] = r
	}
	return out
}

// alertRule is what the evaluator evaluates.
func (r *provisionedRule) alertRule(t *testing.T) alertRule {
	out := alertRule{UID: r.UID, Title: r.Title, For: r.For, NoDataState: r.NoDataState, ExecErrState: r.ExecErrState, Annotations: r.Annotations}
	for _, d := range r.Data {
		if d.Datasource == "aianalysis" {
			require.Equal(t, d.RefID, d.Model["refId"])
			out.Queries = append(out.Queries, ruleQuery{RefID: d.RefID, Model: d.Model, From: time.Duration(d.Range.From) * time.Second, To: time.Duration(d.Range.To) * time.Second})
			continue
		}
		require.Equal(t, "__expr__", d.Datasource)
		require.Equal(t, r.Condition, d.RefID)
		require.Equal(t, "threshold", d.Model["type"])
		require.Equal(t, out.Queries[0].RefID, d.Model["expression"], "the condition reads the verdict, never the notification")
		out.Fires = threshold(t, d.Model)
	}
	require.NotNil(t, out.Fires)
	return out
}

// threshold is the condition of a threshold expression.
func threshold(t *testing.T, model map[string]any) func(float64) bool {
	raw, err := yaml.Marshal(model["conditions"])
	require.NoError(t, err)
	var conditions []struct {
		Evaluator struct {
			Type   string
			Params []float64
		}
	}
	require.NoError(t, yaml.Unmarshal(raw, &conditions))
	require.Len(t, conditions, 1)
	p := conditions[0].Evaluator.Params
	switch conditions[0].Evaluator.Type {
	case "gt":
		return func(v float64) bool { return v > p[0] }
	case "lt":
		return func(v float64) bool { return v < p[0] }
	case "within_range":
		return func(v float64) bool { return v > p[0] && v < p[1] }
	}
	require.Fail(t, "unknown evaluator", conditions[0].Evaluator.Type)
	return nil
}

// provisionedCases are what each rule fires on, and what its alert says then. Each house
// has a healthy namespace, too.
func provisionedCases() map[string]provisionedCase {
	quiet := func(h *house) { h.push(h.write("shop", -15, 60, 5*time.Second, calm)) }
	fatal := func(h *house) {
		quiet(h)
		h.push(h.write("shop/kernel", -5, 60, 20*time.Second, killed))
	}
	return map[string]provisionedCase{
		"lokalyst-incident":   {logs: fatal, model: open, summary: "The logs of namespace shop show an incident: The kernel killed a process because memory ran out."},
		"lokalyst-unreliable": {logs: fatal, model: dead, summary: "Verdicts on logs are made without the model, or not at all."},
		"lokalyst-coverage": {logs: func(h *house) { h.push(h.write("shop", -15, 60, 200*time.Millisecond, calm)) }, model: open,
			settings: map[string]any{"maxLines": 40}, all: true, summary: "Less than a tenth of the lines of namespace shop is read."},
		"lokalyst-contested": {logs: fatal, model: saying(`{"findings":[],"verdict":"ok","severity":0,"summary":"all is well","root_cause":"","next_step":""}`),
			summary: "The model does not see an incident in namespace shop, a fatal signature does: The kernel killed a process because memory ran out."},
		"lokalyst-silent": {logs: func(h *house) { h.push(h.write("shop", -15, 0, 5*time.Second, calm)) }, model: open,
			summary: "Namespace shop has written no logs for half an hour."},
	}
}

type provisionedCase struct {
	logs func(*house)
	// all says that it fires for the healthy namespace, too: the limit is the query's.
	all      bool
	model    way
	settings map[string]any
	summary  string
}

// yesterday is what both namespaces wrote a day before, and what the healthy one writes.
func yesterday(h *house) {
	for _, namespace := range []string{"shop", "calm"} {
		h.push(h.write(namespace, -24*60-15, -23*60, 5*time.Second, calm))
	}
	h.push(h.write("calm", -15, 60, 5*time.Second, calm))
}

// TestProvisionedRules: each rule that we deliver fires on what it is for, not before its
// time, and on no healthy namespace.
func TestProvisionedRules(t *testing.T) {
	store, llama := sharedLoki(t), sharedLlama(t)
	rules := provisionedRules(t)
	cases := provisionedCases()
	require.Len(t, rules, len(cases), "each rule of the file has a case")
	for uid, tc := range cases {
		t.Run(uid, func(t *testing.T) {
			settings := map[string]any{"alertWait": "10s"}
			maps.Copy(settings, tc.settings)
			h := newHouse(t, houseParts{store: store, llama: llama, model: tc.model, settings: settings})
			yesterday(h)
			tc.logs(h)
			h.run()
			rule := rules[uid]
			e := newEvaluator(t, h.plugin, h.pc, rule.alertRule(t))
			var fires time.Time
			for n := 0.0; n <= 50 && fires.IsZero(); n += 2.5 {
				require.Equal(t, "ok", e.evaluate(h.tick(n)).health, "%v", e.last.errs)
				if !tc.all {
					require.Equal(t, stateNormal, e.alerts.states("namespace")["calm"])
				}
				if e.alerts.states("namespace")["shop"] == stateAlerting {
					fires = h.tick(n)
				}
			}
			shop := e.alerts.find("namespace", "shop")
			require.NotNil(t, shop)
			require.Equal(t, stateAlerting, shop.state)
			require.False(t, fires.Before(h.tick(0).Add(rule.For)))
			require.Equal(t, tc.summary, shop.annotations["summary"])
			require.NotContains(t, shop.annotations["description"], "{{")
			require.NotContains(t, shop.annotations["description"], "error calling")
		})
	}
}

// TestProvisionedRulesAreQuietOnHealthyLogs for an hour.
func TestProvisionedRulesAreQuietOnHealthyLogs(t *testing.T) {
	h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "10s"}})
	yesterday(h)
	h.push(h.write("shop", -15, 60, 5*time.Second, calm))
	h.run()
	var all []*evaluator
	for _, r := range provisionedRules(t) {
		all = append(all, newEvaluator(t, h.plugin, h.pc, r.alertRule(t)))
	}
	for n := 0.0; n <= 60; n += 10 {
		for _, e := range all {
			require.Equal(t, "ok", e.evaluate(h.tick(n)).health, "%v", e.last.errs)
			require.Equal(t, map[string]string{"shop": stateNormal, "calm": stateNormal}, e.alerts.states("namespace"), e.rule.UID)
		}
	}
	require.Zero(t, h.model.count(chats), "logs as ever need no model")
}

// TestProvisionedRulesAskOnce: evaluated at the same time, they share what the model says.
func TestProvisionedRulesAskOnce(t *testing.T) {
	h := newHouse(t, houseParts{settings: map[string]any{"alertWait": "20s"}})
	yesterday(h)
	h.push(h.write("shop", -15, 60, 5*time.Second, calm), h.write("shop/kernel", -5, 60, 20*time.Second, killed))
	h.run()
	var evaluations sync.WaitGroup
	for _, r := range provisionedRules(t) {
		e := newEvaluator(t, h.plugin, h.pc, r.alertRule(t))
		evaluations.Go(func() { e.evaluate(h.tick(0)) })
	}
	evaluations.Wait()
	require.Equal(t, 1, h.model.count(chats))
	require.Equal(t, 1.0, h.metric(h.plugin, "lokalyst_model_calls_total", `outcome="ok"`))
	require.Equal(t, 1.0, h.metric(h.plugin, "lokalyst_judgements_compared_total", ""))
}

// TestProvisionedRulesWithoutLoki: one of them tells, the others keep what they know.
func TestProvisionedRulesWithoutLoki(t *testing.T) {
	h := newHouse(t, houseParts{model: dead, settings: map[string]any{"alertWait": "1s"}})
	yesterday(h)
	h.push(h.write("shop", -15, 60, 5*time.Second, calm), h.write("shop/kernel", -5, 60, 20*time.Second, killed))
	h.run()
	for uid, r := range provisionedRules(t) {
		e := newEvaluator(t, h.plugin, h.pc, r.alertRule(t))
		h.loki.set(open)
		require.Equal(t, "ok", e.evaluate(h.tick(0)).health, "%v", e.last.errs)
		h.loki.set(dead)
		for n := 1.0; n <= 3; n++ {
			require.Equal(t, "error", e.evaluate(h.tick(n)).health)
		}
		states := e.alerts.states("namespace")
		switch uid {
		case "lokalyst-unreliable":
			require.Equal(t, map[string]string{"": stateError}, states)
		case "lokalyst-incident":
			require.Equal(t, map[string]string{"shop": "Alerting (Error, KeepLast)", "calm": "Normal (Error, KeepLast)"}, states)
		default:
			require.Equal(t, map[string]string{"shop": "Normal (Error, KeepLast)", "calm": "Normal (Error, KeepLast)"}, states, uid)
		}
	}
}

// TestProvisionedTemplates: Grafana expands environment variables in labels before it
// reads their templates, and not in annotations.
func TestProvisionedTemplates(t *testing.T) {
	for uid, r := range provisionedRules(t) {
		for name, text := range r.Labels {
			require.NotRegexp(t, `(^|[^$])(\$\$)*\$(values|labels|value)\b`, text, "%s: in the label %s write $$", uid, name)
			require.NotContains(t, text, "summary", "%s: a text in the label %s would make a new alert each time", uid, name)
		}
		for name, text := range r.Annotations {
			require.NotContains(t, text, "$$", "%s: in the annotation %s write $", uid, name)
			if strings.Contains(text, "$values.B") {
				require.Equal(t, "notification", r.Data[1].Model["queryType"], uid)
			}
		}
	}
}
