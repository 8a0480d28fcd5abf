// Package score is the statistics of golden results: what a judge got right, how sure the
// figures are, and whether one judge beats another. It reads and writes nothing, and no
// figure that it returns is NaN or infinite: one that cannot be had is left out.
package score

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Run is what one judge made of cases.
type Run struct {
	Judge golden.Judge
	// Results are those of rerun 0 and order 0, one a case, in the order of the cases' ids.
	// All figures but stability are of these.
	Results []golden.Result
	// Repeated are the others.
	Repeated []golden.Result
}

// Name is how the judge of a run is called: the kind, with a model the prompt and the model.
func (r *Run) Name() string { return JudgeName(r.Judge) }

// JudgeName is how a judge is called: the kind, with a model the prompt and the model.
func JudgeName(j golden.Judge) string {
	if j.Kind != golden.JudgeModel {
		return string(j.Kind)
	}
	name := j.Prompt
	if j.PromptVersion != "" {
		name += "@" + j.PromptVersion
	}
	return name + " on " + j.Model
}

// Runs sorts results by judge: models first, then the baselines from the strongest to the
// weakest. It is an error where a judge judged a case twice in the same rerun and order,
// for then it is not known which counts.
func Runs(results []golden.Result) ([]Run, error) {
	byJudge := map[golden.Judge]*Run{}
	for i := range results {
		r := &results[i]
		run := byJudge[r.Judge]
		if run == nil {
			run = &Run{Judge: r.Judge}
			byJudge[r.Judge] = run
		}
		if r.Rerun == 0 && r.Order == 0 {
			run.Results = append(run.Results, *r)
		} else {
			run.Repeated = append(run.Repeated, *r)
		}
	}
	runs := make([]Run, 0, len(byJudge))
	for _, run := range byJudge {
		for _, list := range [][]golden.Result{run.Results, run.Repeated} {
			slices.SortFunc(list, compareResults)
			for i := 1; i < len(list); i++ {
				if compareResults(list[i-1], list[i]) == 0 {
					return nil, fmt.Errorf("%s judged the case %q twice in rerun %d and order %d; name each results file once, and evaluate into a new one where cases changed", run.Name(), list[i].Case, list[i].Rerun, list[i].Order)
				}
			}
		}
		runs = append(runs, *run)
	}
	slices.SortFunc(runs, func(a, b Run) int { return compareJudges(a.Judge, b.Judge) })
	return runs, nil
}

func compareResults(a, b golden.Result) int {
	return cmp.Or(cmp.Compare(a.Case, b.Case), cmp.Compare(a.Rerun, b.Rerun), cmp.Compare(a.Order, b.Order))
}

func compareJudges(a, b golden.Judge) int {
	rank := func(k golden.JudgeKind) int {
		return slices.Index([]golden.JudgeKind{golden.JudgeModel, golden.JudgeRules, golden.JudgeWithoutSignatures, golden.JudgeMajority}, k)
	}
	return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Prompt, b.Prompt), cmp.Compare(a.PromptVersion, b.PromptVersion),
		cmp.Compare(a.Model, b.Model), cmp.Compare(a.PromptHash, b.PromptHash), cmp.Compare(a.Rules, b.Rules))
}

// Only returns the run's results for which keep is true.
func (r *Run) Only(keep func(*golden.Result) bool) Run {
	out := Run{Judge: r.Judge}
	for i := range r.Results {
		if keep(&r.Results[i]) {
			out.Results = append(out.Results, r.Results[i])
		}
	}
	for i := range r.Repeated {
		if keep(&r.Repeated[i]) {
			out.Repeated = append(out.Repeated, r.Repeated[i])
		}
	}
	return out
}

// Split returns the run's results on the cases of one split.
func (r *Run) Split(s golden.Split) Run {
	return r.Only(func(r *golden.Result) bool { return r.Split == s })
}

// Majority is the judge that looks at nothing: it says of every case what is right most
// often. It learns from the results of known, which are those of the dev split, and judges
// the cases of results; of each case it takes one result. Of equally frequent judgements it
// takes the mildest.
func Majority(known, results []golden.Result) Run {
	run := Run{Judge: golden.Judge{Kind: golden.JudgeMajority}}
	cases := distinct(known)
	if len(cases) == 0 {
		return run
	}
	word := most(cases, func(r *golden.Result) string { return r.Expected.Severity.Word() })
	cases = slices.DeleteFunc(cases, func(r *golden.Result) bool { return r.Expected.Severity.Word() != word })
	severity := most(cases, func(r *golden.Result) verdict.Severity { return r.Expected.Severity })
	cases = slices.DeleteFunc(cases, func(r *golden.Result) bool { return r.Expected.Severity != severity })
	category := most(cases, func(r *golden.Result) verdict.Category { return r.Expected.Category })
	for _, r := range distinct(results) {
		run.Results = append(run.Results, golden.Result{
			Case: r.Case, CaseHash: r.CaseHash, GroupID: r.GroupID, Family: r.Family, Split: r.Split, Tags: r.Tags, Lines: r.Lines, Expected: r.Expected,
			Judge: run.Judge, Verdict: word, Severity: severity, Category: category, Probability: verdict.ProbabilityUnknown, RulesSeverity: verdict.Inconclusive,
		})
	}
	return run
}

// distinct returns one result of each case, in the order of the cases' ids, and of equally
// frequent severities the mildest first.
func distinct(results []golden.Result) []*golden.Result {
	seen := map[string]bool{}
	var out []*golden.Result
	for i := range results {
		if r := &results[i]; !seen[r.Case] {
			seen[r.Case] = true
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b *golden.Result) int { return strings.Compare(a.Case, b.Case) })
	return out
}

// most returns the most frequent key, of equally frequent ones that of the mildest case.
func most[K cmp.Ordered](cases []*golden.Result, key func(*golden.Result) K) K {
	count, mildest := map[K]int{}, map[K]verdict.Severity{}
	for _, r := range cases {
		k := key(r)
		if s, ok := mildest[k]; !ok || r.Expected.Severity < s {
			mildest[k] = r.Expected.Severity
		}
		count[k]++
	}
	var best K
	for k, n := range count {
		if n > count[best] || (n == count[best] && cmp.Or(cmp.Compare(mildest[k], mildest[best]), cmp.Compare(k, best)) < 0) {
			best = k
		}
	}
	return best
}
