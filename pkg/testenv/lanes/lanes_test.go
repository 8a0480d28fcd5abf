package lanes_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv/lanes"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestMain(m *testing.M) {
	code := m.Run()
	// Started by imports of Loki's LogQL package, for the life of the process.
	if err := goleak.Find(goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start")); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// figure prints a figure for "go tool mage bench", which reads these lines.
func figure(t *testing.T, name string, value float64, unit string) {
	t.Helper()
	t.Logf("figure %s %.4g %s", name, value, unit)
}

// What pkg/plugin gives an alert rule's query by default, and what Grafana gives an
// evaluation.
const (
	alertWait     = 5 * time.Second
	reserve       = 2 * time.Second
	maxAge        = 15 * time.Minute
	window        = 15 * time.Minute
	interval      = time.Minute
	grafanaLimit  = 30 * time.Second
	maxPanelTime  = 15 * time.Minute // what pkg/plugin bounds a followed analysis to
	maxGroups     = 20
	maxLines      = 20_000
	nodePrompt    = 85 // tokens a second of the reference node
	nodeAnswer    = 20
	promptTriage  = "incident-triage"
	everyLogs     = `{cluster="sim"}`
	byNamespace   = "namespace"
	tenOfInterval = interval / 10
)

// A plant is the product between the two stubs.
type plant struct {
	t      *testing.T
	logs   *lanes.Logs
	model  *lanes.Model
	engine *analysis.Engine
	pool   *llm.Pool
}

// newPlant must be called inside of a bubble of testing/synctest.
func newPlant(t *testing.T, logs *lanes.Logs, model *lanes.Model) *plant {
	t.Helper()
	logs.Now, model.Now = time.Now, time.Now
	e, err := analysis.NewEngine(16<<20, noop.NewTracerProvider().Tracer(""), time.Now)
	require.NoError(t, err)
	server, err := llm.New(llm.Config{URL: "http://stub", HTTP: &http.Client{Transport: model}})
	require.NoError(t, err)
	t.Cleanup(func() {
		e.Ledger.Close()
		server.Close()
	})
	return &plant{t: t, logs: logs, model: model, engine: e, pool: llm.NewPool(server)}
}

// alert is a request as pkg/plugin makes it of an alert rule's query.
func (p *plant) alert(to time.Time) analysis.Request {
	r := p.panel(to)
	r.Alert, r.Class, r.Wait, r.Reserve = true, llm.ClassAlert, alertWait, reserve
	r.OnlyNovel, r.Baseline = true, 24*time.Hour
	return r
}

// panel is one of a panel that follows its answer.
func (p *plant) panel(to time.Time) analysis.Request {
	return analysis.Request{
		Logs: p.logs, Models: func(affinity string) analysis.Model { return p.pool.Pick(affinity) }, Class: llm.ClassInteractive, Org: "1",
		Owner: "org 1", Pseudonyms: []byte("key"), Expr: everyLogs, Window: loki.Window{Start: to.Add(-window), End: to}, PromptID: promptTriage,
		GroupBy: []string{byNamespace}, MaxGroups: maxGroups, MaxLines: maxLines, MaxAge: maxAge,
	}
}

// evaluate is one attempt of Grafana at a rule.
func (p *plant) evaluate(r analysis.Request) (*analysis.Result, time.Duration, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), grafanaLimit)
	defer cancel()
	began := time.Now()
	res, err := p.engine.Analyse(ctx, r)
	return res, time.Since(began), err
}

// watch is one of a panel.
func (p *plant) watch(r analysis.Request) (*analysis.Result, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), maxPanelTime)
	defer cancel()
	return p.engine.Analyse(ctx, r)
}

// tick waits until the next time that Grafana evaluates rules of this interval.
func tick() time.Time {
	next := time.Now().Truncate(interval).Add(interval)
	time.Sleep(time.Until(next))
	return next
}

// served returns the severities of a result by group.
func served(res *analysis.Result) map[string]verdict.Severity {
	out := map[string]verdict.Severity{}
	for _, g := range res.Groups {
		out[g.Values[0]] = g.Verdict.Severity
	}
	return out
}

// statement is one of a namespace.
func statement(ns, level, text string, perMinute func(time.Time) float64) lanes.Statement {
	return lanes.Statement{
		Labels: map[string]string{"namespace": ns, "app": ns + "-api"}, Key: ns, Level: level, Text: text, PerMinute: perMinute,
	}
}

// fatalLine is one that a built-in signature knows.
const fatalLine = "panic: runtime error: invalid memory address or nil pointer dereference"
