package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
)

// Job is the job that figures are pushed as; its name is their prefix too.
const Job = "log_ai_eval"

const (
	// maxFamilies bounds the values of the label family.
	maxFamilies = 60
	// maxLabel bounds the characters of a grouping label.
	maxLabel = 120
)

// A Pusher sends reports to a Pushgateway.
type Pusher struct {
	// URL is the Pushgateway's, http or https; it may carry user:password.
	URL    string
	Client *http.Client
	Now    func() time.Time
}

// Push replaces the figures of each judge of a report at the Pushgateway. Their group is prompt_id,
// prompt_version, model and dataset_version; a baseline's model is its kind and its prompt "none".
// Passed says of a judge whether the gate let it pass, by its name; it may be nil. No case has a
// label.
func (p Pusher) Push(ctx context.Context, r *Report, passed map[string]bool) error {
	u, err := url.Parse(p.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("the Pushgateway's URL must be one such as http://pushgateway:9091")
	}
	user := u.User
	u.User = nil // so that no error shows it
	for i := range r.Judges {
		j := &r.Judges[i]
		to := push.New(strings.TrimRight(u.String(), "/"), Job).Client(p.Client).Collector(p.figures(j, passed)).
			Grouping("prompt_id", label(j.Score.Judge.Prompt)).Grouping("prompt_version", label(j.Score.Judge.PromptVersion)).
			Grouping("model", label(modelLabel(j))).Grouping("dataset_version", label(r.DatasetVersion))
		if user != nil {
			password, _ := user.Password()
			to = to.BasicAuth(user.Username(), password)
		}
		if err := to.PushContext(ctx); err != nil {
			return fmt.Errorf("the Pushgateway did not take the figures of %s: %w", j.Name, err)
		}
	}
	return nil
}

func modelLabel(j *Judged) string {
	if j.kind() != golden.JudgeModel {
		return string(j.kind())
	}
	return j.Score.Judge.Model
}

// label is a grouping label's value, which must not be empty.
func label(text string) string {
	runes := []rune(strings.ToValidUTF8(text, "?"))
	return cmp.Or(string(runes[:min(len(runes), maxLabel)]), "none")
}

// metrics are figures that were measured once, for a registry that asks once.
type metrics []prometheus.Metric

// Describe implements [prometheus.Collector]; it tells nothing, for the figures differ from judge
// to judge.
func (m metrics) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (m metrics) Collect(to chan<- prometheus.Metric) {
	for _, v := range m {
		to <- v
	}
}

func (m *metrics) add(name, help string, v float64) { m.labelled(name, help, v, "", "") }

// labelled adds a figure with one label, or none where its name is empty.
func (m *metrics) labelled(name, help string, v float64, label, value string) {
	kind := prometheus.GaugeValue
	if strings.HasSuffix(name, "_total") {
		kind = prometheus.CounterValue
	}
	var labels, values []string
	if label != "" {
		labels, values = []string{label}, []string{value}
	}
	*m = append(*m, prometheus.MustNewConstMetric(prometheus.NewDesc(Job+"_"+name, help, labels, nil), kind, v, values...))
}

// figures are a judge's metrics.
func (p Pusher) figures(j *Judged, passed map[string]bool) metrics {
	var m metrics
	for name, e := range j.Score.Figures {
		if name != score.AttackSuccess {
			m.add(name, "See docs/golden-report.md.", e.Value)
		}
	}
	if e, ok := j.Score.Figures[score.MacroF1]; ok {
		m.add("macro_f1_ci_low", "Lower bound of the 95 % confidence interval.", e.Low)
		m.add("macro_f1_ci_high", "Upper bound of the 95 % confidence interval.", e.High)
	}
	if e, ok := j.Score.Figures[score.AttackSuccess]; ok {
		const help = "Share of the cases with an attack that succeeds; all is that of all families."
		m.labelled(score.AttackSuccess, help, e.Value, "family", "all")
		for _, s := range j.Score.Families[:min(len(j.Score.Families), maxFamilies)] {
			if v, ok := s.Figures[score.AttackSuccess]; ok && s.Name != "all" {
				m.labelled(score.AttackSuccess, help, v, "family", label(s.Name))
			}
		}
	}
	if against := j.AgainstRules; against != nil && against.Delta != nil {
		m.add("delta_macro_f1", "Macro-F1 less that of the rules verdict on the same cases.", against.Delta.Value)
		m.add("delta_macro_f1_ci_low", "Lower bound of the 95 % confidence interval.", against.Delta.Low)
		m.add("delta_macro_f1_ci_high", "Upper bound of the 95 % confidence interval.", against.Delta.High)
		m.add("mcnemar_p", "P-value of McNemar's test against the rules verdict, adjusted for the number of models.", j.McNemarHolm)
	}
	m.costs(j.Score.Costs)
	if ok, known := passed[j.Name]; known {
		v := 0.0
		if ok {
			v = 1
		}
		m.add("gate_passed", "Whether the gate let the judge pass.", v)
	}
	m.add("last_run_timestamp_seconds", "When the figures were pushed.", float64(p.Now().Unix()))
	return m
}

func (m *metrics) costs(c score.Costs) {
	for direction, q := range map[string]score.Quantiles{"prompt": c.PromptTokens, "answer": c.AnswerTokens} {
		if q.N > 0 {
			m.labelled("tokens", "Mean tokens of a case.", q.Mean, "direction", direction)
		}
	}
	if q := c.PromptTokens; q.N > 0 {
		m.add("prompt_tokens_p95", "95th percentile of the prompt's tokens.", q.P95)
	}
	if q := c.Latency; q.N > 0 {
		const help = "Time that the model server took for a case."
		m.labelled("latency_seconds", help, q.P50, "quantile", "0.5")
		m.labelled("latency_seconds", help, q.P95, "quantile", "0.95")
	}
	if q := c.CPU; q.N > 0 {
		m.add("cpu_seconds", "Mean time that the evaluating process computed for a case.", q.Mean)
	}
}
