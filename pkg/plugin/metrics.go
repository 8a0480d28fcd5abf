package plugin

import (
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// metrics are what the plugin tells Prometheus of itself. Labels have few values, all
// from closed sets, except the names of models and prompts, of which a few are told apart. No
// label holds anything of a log line, a prompt or a secret.
type metrics struct {
	queries   *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	lines     *prometheus.CounterVec
	calls     *prometheus.CounterVec
	avoided   *prometheus.CounterVec
	verdicts  *prometheus.CounterVec
	contested prometheus.Counter
	rejected  prometheus.Counter
	injected  prometheus.Counter
	left      prometheus.Counter
	degraded  prometheus.Gauge
	age       prometheus.Histogram
	tokens    *prometheus.HistogramVec
	operation *prometheus.HistogramVec
	history   *prometheus.CounterVec
	compared  *prometheus.CounterVec

	models, prompts names
}

// How many names of models and of prompts are told apart: a server may call itself
// anything, and who may write ConfigMaps can name prompts.
const (
	maxModelNames  = 16
	maxPromptNames = 32
)

// names bounds the values of a label: those that come after the first few are "other".
type names struct {
	limit int

	mu   sync.Mutex
	seen map[string]bool
}

// label returns a name as the value of a label.
func (n *names) label(name string) string {
	name = verdict.Plain(name, 80)
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.seen[name] && len(n.seen) >= n.limit {
		return "other"
	}
	n.seen[name] = true
	return name
}

// durationBuckets reach 600 s, because a model on a CPU takes minutes where it queues.
func durationBuckets() []float64 {
	return []float64{0.005, 0.02, 0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600}
}

// newMetrics registers the metrics. Those that are registered already are used.
func newMetrics(r prometheus.Registerer, depth prometheus.Collector) (*metrics, error) {
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: "lokalyst", Name: name, Help: help}
	}
	m := &metrics{
		queries:   prometheus.NewCounterVec(counter("queries_total", "Queries answered, by lane and status."), []string{"lane", "status"}),
		duration:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "lokalyst", Name: "query_duration_seconds", Help: "Time that the steps of a query took.", Buckets: durationBuckets()}, []string{"step"}),
		lines:     prometheus.NewCounterVec(counter("lines_total", "Log lines in the windows asked about: read now, reused from an earlier reading, or left unread."), []string{"state"}),
		calls:     prometheus.NewCounterVec(counter("model_calls_total", "Calls of the model, by outcome."), []string{"outcome"}),
		avoided:   prometheus.NewCounterVec(counter("model_calls_avoided_total", "Judgements that needed no call of the model, by reason."), []string{"reason"}),
		verdicts:  prometheus.NewCounterVec(counter("verdicts_total", "Verdicts served, by verdict and by who judged."), []string{"verdict", "source"}),
		contested: prometheus.NewCounter(counter("contested_total", "Verdicts of the model that were milder than a fatal signature allows.")),
		rejected:  prometheus.NewCounter(counter("evidence_rejected_total", "Findings of the model that were dropped because their patterns do not support them.")),
		injected:  prometheus.NewCounter(counter("suspected_injections_total", "Verdicts on logs in which a line talks to the model.")),
		left:      prometheus.NewCounter(counter("degraded_total", "Verdicts that were left to the rules although a model was to judge.")),
		degraded:  prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "lokalyst", Name: "degraded", Help: "1 while the last answer had a verdict that was left to the rules although a model was to judge."}),
		age:       prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "lokalyst", Name: "verdict_age_seconds", Help: "Age of the verdicts served: the time since the end of the last window that they describe.", Buckets: []float64{1, 5, 15, 60, 120, 300, 600, 900, 1800, 3600, 14400, 86400}}),
		tokens:    prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gen_ai_client_token_usage", Help: "Tokens of a call of the model, as OpenTelemetry's gen_ai.client.token.usage.", Buckets: []float64{1, 4, 16, 64, 256, 1024, 4096, 16384, 65536}}, []string{"gen_ai_token_type", "gen_ai_request_model"}),
		operation: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gen_ai_client_operation_duration_seconds", Help: "Time of a call of the model, as OpenTelemetry's gen_ai.client.operation.duration.", Buckets: durationBuckets()}, []string{"gen_ai_operation_name", "gen_ai_request_model"}),
		history:   prometheus.NewCounterVec(counter("history_lines_total", "Verdicts for the history: acknowledged by Loki, pushed again, refused or dropped."), []string{"outcome"}),
		compared:  prometheus.NewCounterVec(counter("judgements_compared_total", "Fresh judgements of the model beside the rules' on the same logs, by prompt and by whether they agree."), []string{"prompt", "outcome"}),
		models:    names{limit: maxModelNames, seen: map[string]bool{}},
		prompts:   names{limit: maxPromptNames, seen: map[string]bool{}},
	}
	for _, c := range []prometheus.Collector{m.queries, m.duration, m.lines, m.calls, m.avoided, m.verdicts, m.contested, m.rejected, m.injected, m.left, m.degraded, m.age, m.tokens, m.operation, m.history, m.compared, depth} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// query counts one query and what its answer says.
func (m *metrics) query(lane string, response backend.DataResponse) {
	status := "ok"
	if response.Error != nil {
		status = "plugin_error"
		if response.ErrorSource == backend.ErrorSourceDownstream {
			status = "downstream_error"
		}
	}
	m.queries.WithLabelValues(lane, status).Inc()
}

// result counts what an answer says.
func (m *metrics) result(res *analysis.Result, now time.Time) {
	for step, millis := range res.Cost.Millis {
		m.duration.WithLabelValues(step).Observe(millis / 1000)
	}
	var total, read int64
	degraded := 0.0
	for i := range res.Groups {
		g := &res.Groups[i]
		total, read = total+g.LinesTotal, read+g.LinesRead
		v := &g.Verdict
		if v.Source == "" { // patterns only
			continue
		}
		m.verdicts.WithLabelValues(v.Severity.Word(), string(v.Source)).Inc()
		m.age.Observe(age(res, g, now))
		m.rejected.Add(float64(v.Rejected))
		count(m.contested, v.Contested)
		count(m.injected, v.SuspectedInjection)
		count(m.left, v.Degraded)
		if v.Degraded {
			degraded = 1
		}
	}
	m.degraded.Set(degraded)
	m.lines.WithLabelValues("read").Add(float64(res.Cost.Lines))
	m.lines.WithLabelValues("reused").Add(float64(max(0, read-res.Cost.Lines)))
	m.lines.WithLabelValues("unread").Add(float64(max(0, total-read)))
}

func count(c prometheus.Counter, yes bool) {
	if yes {
		c.Inc()
	}
}

// ModelCall implements [analysis.Meter].
func (m *metrics) ModelCall(outcome string, took time.Duration, model string, usage verdict.Usage) {
	m.calls.WithLabelValues(outcome).Inc()
	model = m.models.label(model)
	m.operation.WithLabelValues("chat", model).Observe(took.Seconds())
	if usage.PromptTokens > 0 {
		m.tokens.WithLabelValues("input", model).Observe(float64(usage.PromptTokens))
		m.tokens.WithLabelValues("output", model).Observe(float64(usage.AnswerTokens))
	}
}

// CallAvoided implements [analysis.Meter].
func (m *metrics) CallAvoided(reason string) { m.avoided.WithLabelValues(reason).Inc() }

// Compared implements [analysis.Meter]. All outcomes of a prompt appear with its first
// judgement: Prometheus does not see the first step of a counter that begins with it.
func (m *metrics) Compared(prompt, outcome string) {
	prompt = m.prompts.label(prompt)
	for _, o := range []string{analysis.Agree, analysis.ModelHigher, analysis.ModelLower, analysis.Abstained} {
		m.compared.WithLabelValues(prompt, o)
	}
	m.compared.WithLabelValues(prompt, outcome).Inc()
}

// recorded counts what became of a line for the history.
func (m *metrics) recorded(outcome string) { m.history.WithLabelValues(outcome).Inc() }

// queueDepth tells how many calls wait for a slot of a model server, by class.
type queueDepth struct {
	desc  *prometheus.Desc
	depth func() map[string]int
}

func newQueueDepth(depth func() map[string]int) queueDepth {
	return queueDepth{prometheus.NewDesc("lokalyst_queue_depth", "Calls of the model that wait for a slot, by class.", []string{"class"}, nil), depth}
}

// Describe implements prometheus.Collector.
func (q queueDepth) Describe(ch chan<- *prometheus.Desc) { ch <- q.desc }

// Collect implements prometheus.Collector.
func (q queueDepth) Collect(ch chan<- prometheus.Metric) {
	for class, n := range q.depth() {
		ch <- prometheus.MustNewConstMetric(q.desc, prometheus.GaugeValue, float64(n), class)
	}
}
