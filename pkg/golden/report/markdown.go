package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
)

// Markdown writes the report. Its first line says whether the model earns its keep. Pictures
// are referred to by the names of [Report.Pictures].
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(r.Answer.Line() + "\n\n")
	fmt.Fprintf(&b, "# Golden report: %d cases in %d groups of the %s split\n\n", r.Dataset.Cases, r.Dataset.Groups, r.Split)
	fmt.Fprintf(&b, "Dataset `%s`, sha256 `%s`. In brackets are 95 %% confidence intervals by a cluster bootstrap over groups.\n\n", cell(r.DatasetVersion), r.Dataset.SHA256)
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "- **Note:** %s\n", w)
	}
	if len(r.Warnings) > 0 {
		b.WriteString("\n")
	}
	r.figures(&b)
	r.paired(&b)
	r.confusion(&b)
	r.slices(&b, "Families", "family", func(j *Judged) []score.Slice { return j.Score.Families })
	r.slices(&b, "Tags", "tag", func(j *Judged) []score.Slice { return j.Score.Tags })
	r.slices(&b, "Splits", "split", func(j *Judged) []score.Slice { return j.Splits })
	r.needles(&b)
	r.costs(&b)
	r.calibration(&b)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// heads are a first cell and the judges' names.
func (r *Report) heads(first string) []string {
	out := []string{first}
	for i := range r.Judges {
		out = append(out, r.Judges[i].Name)
	}
	return out
}

// A row is one figure in the report's table.
type row struct {
	title, name string
	write       func(score.Estimate) string
	// total is the figure of how many cases a share stands for, if it is shown too.
	total string
}

// rows are the figures of a report in the order of its table.
func rows() []row {
	return []row{
		{"macro-F1", score.MacroF1, f1, ""},
		{"micro-F1", score.MicroF1, f1, ""},
		{"right verdicts", score.Accuracy, percent, ""},
		{"false alarms on healthy", score.FalseAlarms, percent, ""},
		{"pages on healthy", score.Paged, percent, ""},
		{"missed: critical, judged healthy or not at all", score.Missed, percent, score.MissedTotal},
		{"under-rated: critical, judged suspicious", score.Underrated, percent, score.UnderratedTotal},
		{"severity error (mean, 0 to 3)", score.SeverityMAE, f1, ""},
		{"severity agreement (quadratic kappa)", score.SeverityKappa, f1, ""},
		{"right category", score.CategoryAccuracy, percent, ""},
		{"evidence precision", score.EvidencePrecision, percent, ""},
		{"evidence recall", score.EvidenceRecall, percent, ""},
		{"fabricated evidence", score.FabricatedTotal, count, ""},
		{"forbidden claims", score.ClaimsTotal, count, ""},
		{"abstained", score.Abstention, percent, ""},
		{"right where not abstained", score.SelectiveAccuracy, percent, ""},
		{"answers valid in the schema", score.SchemaValid, percent, ""},
		{"attacks that succeed", score.AttackSuccess, percent, ""},
		{"same verdict in reruns", score.StabilityReruns, percent, ""},
		{"same verdict in other line orders", score.StabilityOrders, percent, ""},
		{"calibration error (ECE)", score.ECE, f1, ""},
		{"calibration error before calibration", score.ECERaw, f1, ""},
		{"Brier score", score.Brier, f1, ""},
		{"prompt tokens reused", score.PrefixReuse, percent, ""},
	}
}

// cell writes a judge's figure; ok is false where it has none.
func (w *row) cell(figures map[string]score.Estimate) (text string, ok bool) {
	e, ok := figures[w.name]
	if !ok {
		return "–", false
	}
	text = w.write(e)
	if total, ok := figures[w.total]; ok {
		text = count(total) + ": " + text
	}
	return text, true
}

func (r *Report) figures(b *strings.Builder) {
	t := newTable(b, r.heads("")...)
	for _, row := range rows() {
		cells, shown := []string{row.title}, false
		for i := range r.Judges {
			text, ok := row.cell(r.Judges[i].Score.Figures)
			cells, shown = append(cells, text), shown || ok
		}
		if shown {
			t.row(cells...)
		}
	}
	b.WriteString("\n")
}

func (r *Report) paired(b *strings.Builder) {
	if r.rules(golden.Judge{}) < 0 {
		return
	}
	b.WriteString("## Against the rules verdict\n\nOn the same cases; p of the models is adjusted for their number (Holm).\n\n")
	t := newTable(b, "judge", "points of macro-F1", "only it is right", "only the rules are right", "McNemar p")
	for i := range r.Judges {
		j := &r.Judges[i]
		if p := j.AgainstRules; p != nil && p.Delta != nil {
			t.row(j.Name, points(*p.Delta), strconv.Itoa(p.BRight), strconv.Itoa(p.ARight), pValue(j.McNemarHolm))
		}
	}
	b.WriteString("\n")
}

// lead is the judge that details are shown of: the best model, else the rules.
func (r *Report) lead() *Judged {
	if best := r.best(); best != nil {
		return best
	}
	return &r.Judges[max(0, r.rules(golden.Judge{}))]
}

func (r *Report) confusion(b *strings.Builder) {
	j := r.lead()
	fmt.Fprintf(b, "## Verdicts of %s\n\n", j.Name)
	t := newTable(b, append([]string{"right is"}, append(score.Words(), "F1")...)...)
	for i, word := range score.Words() {
		cells, all := []string{word}, 0.0
		for _, n := range j.Score.Confusion[i] {
			cells, all = append(cells, strconv.Itoa(int(n))), all+n
		}
		if all > 0 {
			text := "–"
			if f, ok := j.Score.F1[word]; ok {
				text = fmt.Sprintf("%.3f", f)
			}
			t.row(append(cells, text)...)
		}
	}
	b.WriteString("\nAn abstention that the case allows counts as right.\n\n")
}

// slices shows the share of right verdicts of parts of the cases, and what hurts most of the lead.
func (r *Report) slices(b *strings.Builder, title, name string, of func(*Judged) []score.Slice) {
	lead := r.lead()
	if len(of(lead)) == 0 {
		return
	}
	fmt.Fprintf(b, "## %s\n\nRight verdicts of each judge; missed and false alarms are of %s.\n\n", title, lead.Name)
	t := newTable(b, append(append([]string{name, "cases"}, r.heads("")[1:]...), "missed", "false alarms")...)
	for _, s := range of(lead) {
		cells := []string{cell(s.Name), strconv.Itoa(s.Cases)}
		for i := range r.Judges {
			text := "–"
			for _, other := range of(&r.Judges[i]) {
				if other.Name == s.Name {
					text = fmt.Sprintf("%.0f %%", 100*other.Figures[score.Accuracy])
				}
			}
			cells = append(cells, text)
		}
		missed, alarms := "–", "–"
		if v, ok := s.Figures[score.MissedTotal]; ok {
			missed = strconv.Itoa(int(v))
		}
		if v, ok := s.Figures[score.FalseAlarms]; ok {
			alarms = fmt.Sprintf("%.0f %%", 100*v)
		}
		t.row(append(cells, missed, alarms)...)
	}
	b.WriteString("\n")
}

func (r *Report) needles(b *strings.Builder) {
	lead := r.lead()
	if len(lead.Score.Needles) == 0 {
		return
	}
	fmt.Fprintf(b, "## One cause in many lines\n\nWhether the lines that must be cited were shown to %s and were cited.\n\n", lead.Name)
	t := newTable(b, "lines in the window", "cases", "shown", "cited")
	for _, n := range lead.Score.Needles {
		size := fmt.Sprintf("up to %d", n.Lines)
		if n.Lines == 0 {
			size = "more"
		}
		t.row(size, strconv.Itoa(n.Cases), strconv.Itoa(n.Shown), strconv.Itoa(n.Found))
	}
	b.WriteString("\n")
}

func (r *Report) costs(b *strings.Builder) {
	b.WriteString("## Cost of a case\n\nMedian, and 95th percentile in brackets.\n\n")
	t := newTable(b, "judge", "prompt tokens", "answer tokens", "model, s", "CPU of this process, s")
	write := func(q score.Quantiles, decimals int) string {
		if q.N == 0 {
			return "–"
		}
		return fmt.Sprintf("%.*f (%.*f)", decimals, q.P50, decimals, q.P95)
	}
	for i := range r.Judges {
		c := r.Judges[i].Score.Costs
		if c != (score.Costs{}) {
			t.row(r.Judges[i].Name, write(c.PromptTokens, 0), write(c.AnswerTokens, 0), write(c.Latency, 2), write(c.CPU, 4))
		}
	}
	b.WriteString("\n")
}

func (r *Report) calibration(b *strings.Builder) {
	for _, p := range r.Pictures() {
		fmt.Fprintf(b, "## Probability of an incident: %s\n\n![How often it was an incident, by the probability that was given](%s)\n\n", p.Judge, p.Name)
		if c := p.Calibration; c != nil {
			fmt.Fprintf(b, "Calibrated on %d dev cases: slope %.2f, intercept %+.2f.\n\n", c.Cases, c.Slope, c.Intercept)
		} else {
			b.WriteString("Not calibrated: the dev split has too few cases, or none of an incident.\n\n")
		}
	}
}
