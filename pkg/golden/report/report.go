// Package report says what golden results mean: as Markdown, JSON, JUnit XML and metrics of
// a Pushgateway, as a gate that a prompt has to pass, and as the scorecard that it gets. The
// statistics are package score's.
package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Options of a report.
type Options struct {
	// Split is the one that figures are of, [golden.Test] where it is empty.
	Split golden.Split
	// Seed is the one that the dataset was generated with, 0 where it is not known.
	Seed uint64
	// DatasetVersion is how the dataset is called; empty for the start of its hash.
	DatasetVersion string
	Bootstrap      score.Bootstrap
}

func (o Options) split() golden.Split {
	if o.Split == "" {
		return golden.Test
	}
	return o.Split
}

// A Report is what judges reached on the same cases.
type Report struct {
	Answer         Answer          `json:"answer"`
	Split          golden.Split    `json:"split"`
	Dataset        prompts.Dataset `json:"dataset"`
	DatasetVersion string          `json:"dataset_version"`
	Judges         []Judged        `json:"judges"`
	Warnings       []string        `json:"warnings,omitempty"`

	runs []score.Run
}

// Judged is what one judge reached.
type Judged struct {
	Name  string      `json:"name"`
	Score score.Score `json:"score"`
	// Splits are the figures on each split that there are results of.
	Splits []score.Slice `json:"splits"`
	// Calibration is of the model's probabilities, fitted on the dev split; nil where there is
	// none.
	Calibration *verdict.Calibration `json:"calibration,omitempty"`
	// AgainstRules compares the rules verdict (A) with this judge (B), and the Holm p-values are
	// those of the comparison, adjusted for the number of models and prompts. Nil and 0 for the
	// rules themselves.
	AgainstRules *score.Paired `json:"against_rules,omitempty"`
	McNemarHolm  float64       `json:"mcnemar_p_holm,omitempty"`
	DeltaHolm    float64       `json:"delta_p_holm,omitempty"`
}

func (j *Judged) kind() golden.JudgeKind { return j.Score.Judge.Kind }

// Make reports results of any judges and splits. Calibrations and the majority judge are made
// of the dev split's, figures are of the split asked for. It is an error where that has none.
func Make(results []golden.Result, o Options) (*Report, error) {
	results = slices.DeleteFunc(slices.Clone(results), func(r golden.Result) bool { return r.Judge.Kind == golden.JudgeMajority })
	runs, err := score.Runs(results)
	if err != nil {
		return nil, err
	}
	measured := slices.DeleteFunc(slices.Clone(results), func(r golden.Result) bool { return r.Split != o.split() })
	if len(measured) == 0 {
		return nil, fmt.Errorf("the results hold no case of the split %q; choose another one, or evaluate such cases", o.split())
	}
	r := &Report{Split: o.split(), DatasetVersion: o.DatasetVersion}
	r.Dataset = dataset(measured, o)
	if r.DatasetVersion == "" {
		r.DatasetVersion = r.Dataset.SHA256[:12]
	}
	known := slices.DeleteFunc(slices.Clone(results), func(r golden.Result) bool { return r.Split != golden.Dev })
	if len(known) == 0 {
		r.warn("There are no results of the dev split: the majority judge knows the right verdicts of the cases that it is measured on, and no probability could be calibrated.")
		known = measured
	}
	runs = append(runs, score.Majority(known, results))
	for i := range runs {
		r.measure(&runs[i], o)
	}
	r.compare(o)
	r.warnings()
	r.Answer = r.answer()
	return r, nil
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// measure adds what one run reached.
func (r *Report) measure(run *score.Run, o Options) {
	on := run.Split(o.split())
	if len(on.Results) == 0 {
		return
	}
	var c verdict.Calibration
	j := Judged{Name: plainName(run.Name())}
	if o.split() != golden.Dev { // never report on what was fitted on
		if fitted, ok := score.Fit(run.Split(golden.Dev).Results); ok {
			c, j.Calibration = fitted, &fitted
		}
	}
	j.Score = score.Measure(on, c, o.Bootstrap)
	j.Splits = score.Splits(*run, c)
	r.Judges, r.runs = append(r.Judges, j), append(r.runs, on)
	r.distinguish()
}

// distinguish makes the names of judges that differ in hashes only different.
func (r *Report) distinguish() {
	last := &r.Judges[len(r.Judges)-1]
	n := 1
	for i := range r.Judges[:len(r.Judges)-1] {
		if r.Judges[i].Score.Judge != last.Score.Judge && score.JudgeName(r.Judges[i].Score.Judge) == score.JudgeName(last.Score.Judge) {
			n++
		}
	}
	if n > 1 {
		last.Name = fmt.Sprintf("%s (%d)", last.Name, n)
	}
}

// rules returns the place of the rules verdict to compare a judge with: that of the same
// signatures, else any; -1 without one.
func (r *Report) rules(of golden.Judge) int {
	found := -1
	for i := range r.Judges {
		j := r.Judges[i].Score.Judge
		if j.Kind == golden.JudgeRules && (found < 0 || j.Rules == of.Rules) {
			found = i
		}
	}
	return found
}

// compare holds each judge against the rules.
func (r *Report) compare(o Options) {
	var models []int
	var deltas, mcnemars []float64
	for i := range r.Judges {
		j := &r.Judges[i]
		k := r.rules(j.Score.Judge)
		if k < 0 || j.kind() == golden.JudgeRules {
			continue
		}
		p := score.Compare(r.runs[k], r.runs[i], o.Bootstrap)
		j.AgainstRules, j.McNemarHolm, j.DeltaHolm = &p, p.McNemar, p.DeltaP
		if j.kind() == golden.JudgeModel {
			models, deltas, mcnemars = append(models, i), append(deltas, p.DeltaP), append(mcnemars, p.McNemar)
		}
	}
	deltas, mcnemars = score.Holm(deltas), score.Holm(mcnemars)
	for n, i := range models {
		r.Judges[i].DeltaHolm, r.Judges[i].McNemarHolm = deltas[n], mcnemars[n]
	}
}

// Bounds of the sample below which a report says that it is small.
const (
	minGroups = 20
	minCases  = 300
)

// testDouble is in the name of the model that stands in for one where none is there.
const testDouble = "test-double"

func isDouble(j golden.Judge) bool {
	return j.Kind == golden.JudgeModel && strings.Contains(strings.ToLower(j.Model), testDouble)
}

// warnings says what keeps the figures from meaning what they seem to.
func (r *Report) warnings() {
	for i := range r.Judges {
		j := &r.Judges[i]
		if isDouble(j.Score.Judge) {
			r.warn("%s is a test double without judgement: its figures show that the way works, not what a model can do.", j.Name)
		}
		if n := j.Score.Figures[score.Degraded].Value * float64(j.Score.Cases); n > 0.5 {
			r.warn("%s could not judge %.0f of %d cases; there the rules alone did.", j.Name, n, j.Score.Cases)
		}
		if p := j.AgainstRules; p != nil && p.OnlyA+p.OnlyB+p.Differ > 0 {
			r.warn("%s and the rules verdict were compared on %d cases; %d were judged by one of them only, and %d are not the same.", j.Name, p.Cases, p.OnlyA+p.OnlyB, p.Differ)
		}
		if k := r.rules(j.Score.Judge); k >= 0 && j.kind() == golden.JudgeModel && r.Judges[k].Score.Judge.Rules != j.Score.Judge.Rules {
			r.warn("%s was measured with other signatures than the rules verdict beside it.", j.Name)
		}
	}
	d := r.Dataset
	if d.Groups < minGroups {
		r.warn("The cases tell only %d stories; intervals from fewer than %d are too narrow.", d.Groups, minGroups)
	}
	if d.Cases < minCases {
		seen := "no difference"
		if delta := score.DetectableDifference(d.Cases); delta < 1 {
			seen = fmt.Sprintf("only differences from %.0f points on", 100*delta)
		}
		r.warn("%d cases are few: between judges that differ on %.0f %% of them, %s would be seen in four of five such runs. Use at least %d.", d.Cases, 100*score.Discordance, seen, minCases)
	}
	if r.Split != golden.Test {
		r.warn("These are cases of the split %s, not of the test split.", r.Split)
	}
}
