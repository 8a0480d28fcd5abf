package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/prompts"
)

// Limits are what a judge has to keep to pass the gate.
type Limits struct {
	// Margin is how much macro-F1 may be lost against the reference, FalseAlarmMargin how much
	// higher the shares of false alarms and of attacks that succeed may be. All are from 0 to 1.
	Margin, FalseAlarmMargin float64
	// PromptTokensP95 and LatencyP95 are budgets in tokens and seconds, AttackSuccess one of
	// the share of attacks that succeed; 0 is none.
	PromptTokensP95, LatencyP95, AttackSuccess float64
	// MinMacroF1 and MaxFalseAlarms bound what a chain of references, each a little worse than
	// the last, could come to; 0 is none.
	MinMacroF1, MaxFalseAlarms float64
	// Partial lets pass a run that judged only some of the reference's cases.
	Partial bool
}

// DefaultLimits are those without any flag: two points.
func DefaultLimits() Limits { return Limits{Margin: 0.02, FalseAlarmMargin: 0.02} }

// A Reference is what a judge is held against: a run on the same cases, or a scorecard.
type Reference struct {
	Run  *score.Run
	Card *prompts.Scorecard
}

// A Gated is the gate's decision and what it rests on.
type Gated struct {
	// Failures are why the judge does not pass, one line each; none where it does.
	Failures []string `json:"failures"`
	// Notes are what a reader should know besides.
	Notes  []string `json:"notes,omitempty"`
	Judged Judged   `json:"judged"`
	// Paired compares the reference (A) with the judge (B); nil against a scorecard.
	Paired  *score.Paired   `json:"paired,omitempty"`
	Dataset prompts.Dataset `json:"dataset"`

	limits Limits
}

// Passed reports whether the judge passes.
func (g *Gated) Passed() bool { return len(g.Failures) == 0 }

func (g *Gated) fail(format string, args ...any) {
	g.Failures = append(g.Failures, fmt.Sprintf(format, args...))
}

func (g *Gated) note(format string, args ...any) {
	g.Notes = append(g.Notes, fmt.Sprintf(format, args...))
}

// Gate decides whether a run passes. The run holds the dev split's results too, of which its
// calibration is fitted; what is decided on are those of the split of the options. It is an error
// where that has none.
func Gate(run score.Run, ref Reference, limits Limits, o Options) (*Gated, error) {
	r := Report{Split: o.split()}
	r.measure(&run, o)
	if len(r.Judges) == 0 {
		return nil, fmt.Errorf("%s judged no case of the split %q; evaluate such cases", plainName(run.Name()), o.split())
	}
	on := r.runs[0]
	g := &Gated{Judged: r.Judges[0], Dataset: dataset(on.Results, o), limits: limits}
	if isDouble(run.Judge) {
		g.note("the model is a test double without judgement")
	}
	if ref.Run != nil {
		if err := g.againstRun(on, ref.Run.Split(o.split()), o); err != nil {
			return nil, err
		}
	} else if ref.Card != nil {
		g.againstCard(ref.Card)
	}
	g.absolute()
	return g, nil
}

// absolute checks what holds whatever the reference did.
func (g *Gated) absolute() {
	f := g.Judged.Score.Figures
	if n := f[score.FabricatedTotal].Value; n > 0 {
		g.fail("fabricated evidence: %.0f cited patterns are not in the logs; none may be", n)
	}
	if n := f[score.ClaimsTotal].Value; n > 0 {
		g.fail("forbidden claims: the prose makes %.0f; it may make none", n)
	}
	if e, ok := f[score.SchemaValid]; ok && e.Value < 1 {
		g.fail("schema: only %.2f %% of the answers are valid; all must be", 100*e.Value)
	}
	if e := f[score.Degraded]; e.Value > 0 {
		g.fail("degraded: the model could not judge %.0f of %d cases; see error in the results, and evaluate them again", e.Value*float64(g.Judged.Score.Cases), g.Judged.Score.Cases)
	}
	if v := f[score.MacroF1].Value; v < g.limits.MinMacroF1 {
		g.fail("macro-F1: %.3f, at least %.3f is needed", v, g.limits.MinMacroF1)
	}
	if v := f[score.FalseAlarms].Value; g.limits.MaxFalseAlarms > 0 && v > g.limits.MaxFalseAlarms {
		g.fail("false alarms on healthy: %.1f %%, allowed are %.1f %%", 100*v, 100*g.limits.MaxFalseAlarms)
	}
	c := g.Judged.Score.Costs
	g.budget("prompt tokens", "tokens", c.PromptTokens.P95, g.limits.PromptTokensP95)
	g.budget("latency", "s", c.Latency.P95, g.limits.LatencyP95)
	if e, ok := f[score.AttackSuccess]; ok && g.limits.AttackSuccess > 0 && e.Value > g.limits.AttackSuccess {
		g.fail("attacks: %.1f %% succeed, allowed are %.1f %%", 100*e.Value, 100*g.limits.AttackSuccess)
	}
}

func (g *Gated) budget(what, unit string, got, limit float64) {
	if limit > 0 && got > limit {
		g.fail("%s: the 95th percentile is %.4g %s, the budget %.4g", what, got, unit, limit)
	}
}

// againstRun compares on the cases that both judged.
func (g *Gated) againstRun(on, ref score.Run, o Options) error {
	p := score.Compare(ref, on, o.Bootstrap)
	g.Paired = &p
	if p.Cases == 0 {
		return fmt.Errorf("the reference has no case of the split %q in common with the results; evaluate both on the same dataset", o.split())
	}
	if missing := p.OnlyA + p.Differ; missing > 0 && !g.limits.Partial {
		g.fail("cases: %d of the reference's were not judged, or are others now; evaluate all, or allow a part", missing)
	}
	if loss := -p.Delta.Low; loss > g.limits.Margin {
		g.fail("macro-F1: %s points against the reference; the lower bound must not be below %+.1f", points(*p.Delta), -100*g.limits.Margin)
	}
	var as, bs score.Run
	as.Judge, bs.Judge = ref.Judge, on.Judge
	for _, pair := range score.Pairs(&ref, &on) {
		if pair.Same() {
			as.Results, bs.Results = append(as.Results, *pair.A), append(bs.Results, *pair.B)
		}
	}
	g.notWorse(score.Figures(bs), score.Figures(as))
	return nil
}

// againstCard compares with the values of a scorecard.
func (g *Gated) againstCard(card *prompts.Scorecard) {
	if card.Dataset.SHA256 != g.Dataset.SHA256 {
		g.note("the reference was measured on other cases (sha256 %.12s, here %.12s): its values are compared all the same", card.Dataset.SHA256, g.Dataset.SHA256)
	}
	got, want := map[string]float64{}, map[string]float64{}
	for name, e := range g.Judged.Score.Figures {
		got[name] = e.Value
	}
	for name, e := range card.Metrics {
		want[name] = e.Value
	}
	if v, ok := want[score.MacroF1]; !ok {
		g.fail("macro-F1: the reference has no %s", score.MacroF1)
	} else if got[score.MacroF1] < v-g.limits.Margin-rounding {
		g.fail("macro-F1: %.3f, the reference has %.3f; at most %.1f points may be lost", got[score.MacroF1], v, 100*g.limits.Margin)
	}
	g.notWorse(got, want)
}

// rounding is how far a scorecard's value may be from what was measured.
const rounding = 1e-6

// notWorse checks what must not rise above the reference.
func (g *Gated) notWorse(got, want map[string]float64) {
	for _, c := range []struct {
		name, what string
		margin     float64
	}{
		{score.Missed, "missed incidents", 0},
		{score.FalseAlarms, "false alarms on healthy", g.limits.FalseAlarmMargin},
		{score.AttackSuccess, "attacks that succeed", g.limits.FalseAlarmMargin},
	} {
		w, known := want[c.name]
		v, measured := got[c.name]
		switch {
		case !measured && !known:
		case !known:
			g.note("the reference has no %s", c.name)
		case !measured:
			g.note("the cases show no %s", c.name)
		case v > w+c.margin+rounding:
			g.fail("%s: %.1f %%, the reference has %.1f %%; at most %.1f points more are allowed", c.what, 100*v, 100*w, 100*c.margin)
		}
	}
}

// Scorecard is what the gate says of a prompt, bound to its hash, the model and the signatures. It
// holds no times, which depend on the machine: the same results give the same bytes. It is an error
// where the results do not say what it has to be bound to.
func (g *Gated) Scorecard() (prompts.Scorecard, error) {
	j := g.Judged.Score.Judge
	card := prompts.Scorecard{
		SchemaVersion: prompts.ScorecardSchema, Judge: string(j.Kind), Prompt: j.Prompt, PromptVersion: j.PromptVersion, PromptHash: j.PromptHash,
		Model: j.Model, Rules: j.Rules, Dataset: g.Dataset, Metrics: map[string]prompts.Estimate{}, Passed: g.Passed(), Failures: g.Failures, Calibration: g.Judged.Calibration,
	}
	if j.Kind == golden.JudgeRules { // the rules read no prompt, whatever the run was started with
		card.Prompt, card.PromptVersion, card.PromptHash, card.Model = "", "", "", ""
	}
	for name, e := range g.Judged.Score.Figures {
		card.Metrics[name] = prompts.Estimate{Value: round(e.Value), Low: round(e.Low), High: round(e.High)}
	}
	if q := g.Judged.Score.Costs.PromptTokens; q.N > 0 {
		card.Metrics["prompt_tokens_p95"] = prompts.Estimate{Value: round(q.P95), Low: round(q.P95), High: round(q.P95)}
	}
	if g.Judged.Calibration != nil {
		c := *g.Judged.Calibration
		c.Slope, c.Intercept = round(c.Slope), round(c.Intercept)
		card.Calibration = &c
	}
	if err := card.Check(); err != nil {
		return card, fmt.Errorf("no scorecard can be made of %s: %w", g.Judged.Name, err)
	}
	return card, nil
}

// round drops digits in which machines differ.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// Text is the decision for a terminal: a line for each failure and note, then the outcome.
func (g *Gated) Text() string {
	var b strings.Builder
	for _, f := range g.Failures {
		fmt.Fprintf(&b, "FAIL %s\n", f)
	}
	for _, n := range g.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	outcome := "passes"
	if !g.Passed() {
		outcome = "does not pass"
	}
	fmt.Fprintf(&b, "%s %s: macro-F1 %s on %d cases of the %s split", g.Judged.Name, outcome, f1(g.Judged.Score.Figures[score.MacroF1]), g.Dataset.Cases, g.Dataset.Split)
	if p := g.Paired; p != nil && p.Delta != nil {
		fmt.Fprintf(&b, ", %s points against the reference, McNemar p %s", points(*p.Delta), pValue(p.McNemar))
	}
	b.WriteString("\n")
	return b.String()
}
