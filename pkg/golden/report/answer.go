package report

import (
	"fmt"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
)

// Keep says whether a model earns its keep.
type Keep string

// The answers. Yes and No stand for a difference in macro-F1 against the rules verdict whose
// two-sided p-value, adjusted for the number of models and prompts, is below 0.05.
const (
	Yes         Keep = "yes"
	No          Keep = "no"
	NotShown    Keep = "not shown"
	NotMeasured Keep = "not measured"
)

// significance is the level of all tests.
const significance = 0.05

// An Answer is the one line that decides whether to run a model at all.
type Answer struct {
	Keep Keep `json:"keep"`
	// Judge is the model that the answer is about, the best where there are several.
	Judge string `json:"judge,omitempty"`
	Text  string `json:"text"`
}

func (r *Report) answer() Answer {
	k := r.rules(golden.Judge{})
	rules := "There is no rules verdict to compare with: evaluate the judge rules on the same cases."
	if k >= 0 {
		rules = fmt.Sprintf("The rules verdict alone reaches macro-F1 %s on %d cases.", f1(r.Judges[k].Score.Figures[score.MacroF1]), r.Judges[k].Score.Cases)
	}
	best := r.best()
	if best == nil {
		return Answer{Keep: NotMeasured, Text: "No model was measured. " + rules}
	}
	a := Answer{Keep: NotShown, Judge: best.Name}
	own := fmt.Sprintf("%s reaches macro-F1 %s", best.Name, f1(best.Score.Figures[score.MacroF1]))
	p := best.AgainstRules
	switch {
	case p == nil || p.Delta == nil:
		a.Text = own + ". " + rules
		return a
	case isDouble(best.Score.Judge):
		own += " but is a test double without judgement"
	case best.DeltaHolm < significance && p.Delta.Value > 0:
		a.Keep = Yes
	case best.DeltaHolm < significance && p.Delta.Value < 0:
		a.Keep = No
	}
	a.Text = fmt.Sprintf("%s: %s points against the rules verdict, McNemar p %s, on %d cases.", own, points(*p.Delta), pValue(best.McNemarHolm), p.Cases)
	return a
}

// best is the model with the greatest difference to the rules, test doubles last; nil without any.
func (r *Report) best() *Judged {
	var best *Judged
	rank := func(j *Judged) float64 {
		v := j.Score.Figures[score.MacroF1].Value
		if j.AgainstRules != nil && j.AgainstRules.Delta != nil {
			v = 10 + j.AgainstRules.Delta.Value
		}
		if isDouble(j.Score.Judge) {
			v -= 100
		}
		return v
	}
	for i := range r.Judges {
		if j := &r.Judges[i]; j.kind() == golden.JudgeModel && (best == nil || rank(j) > rank(best)) {
			best = j
		}
	}
	return best
}

// Line is the answer as one line of Markdown.
func (a Answer) Line() string {
	title := map[Keep]string{Yes: "Yes.", No: "No.", NotShown: "Not shown.", NotMeasured: "Not measured."}[a.Keep]
	return "**Does the model earn its keep? " + title + "** " + a.Text
}
