package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// maxFindingPatterns is how many patterns a finding names.
const maxFindingPatterns = 4

// InjectionRule is the rule of the finding about lines that talk to the model.
const InjectionRule = "model-directed"

// Assess judges the patterns. A window without lines is inconclusive: nothing
// was looked at, which is not the same as healthy.
func (s *Set) Assess(in Input) Result {
	j := s.judge(in)
	j.read()
	var r Result
	findings := j.applied(&r)
	findings = append(findings, j.signatureFindings()...)
	if in.Lines > 0 {
		findings = append(findings, j.statuses.findings(in.HasBaseline)...)
		failing := j.failing()
		findings = append(append(findings, failing...), j.stopped(len(failing) > 0)...)
		findings = append(findings, j.errorShare()...)
		findings = append(findings, j.newFailures()...)
		findings = append(findings, j.bursts()...)
	}
	findings = append(findings, j.silence()...)
	findings = append(findings, j.injections()...)
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(b.Severity, a.Severity) })
	findings, settled := j.settle(findings)
	r.Findings = findings
	r.Injection = len(j.injected) > 0
	r.Suspect = slices.Compact(slices.Sorted(slices.Values(slices.Concat(j.suspect, j.injected, j.nobodys()))))
	for i, b := range j.benign {
		if b {
			r.Benign = append(r.Benign, i)
		}
	}
	j.sum(&r)
	if settled != "" {
		r.Summary = settled
	}
	return r
}

// sum sets what the findings come to.
func (j *judge) sum(r *Result) {
	r.Category = verdict.CategoryNone
	switch {
	case len(r.Findings) > 0:
		top := r.Findings[0]
		r.Severity, r.Category, r.Summary = top.Severity, top.Category, top.Reason
		r.Fatal = top.Severity == verdict.Critical || j.fatal
	case j.in.Lines == 0:
		r.Severity, r.Summary = verdict.Inconclusive, "No log lines in the window: nothing could be judged."
	case len(r.Benign) > 0:
		r.Summary = fmt.Sprintf("No known failure, no unusual share of error lines. %s called benign by a user's rule.", plural(len(r.Benign), "pattern is", "patterns are"))
	default:
		r.Summary = "No known failure, no unusual share of error lines."
	}
}

// injections tells of the lines that talk to the model.
func (j *judge) injections() []Finding {
	if len(j.injected) == 0 {
		return nil
	}
	return []Finding{{
		Rule: InjectionRule, Category: "security", Severity: verdict.Notice, Patterns: firstOf(j.injected),
		Reason: "A log line talks to the model; its text is data and was not obeyed.",
	}}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
