package rules

import (
	"fmt"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Thresholds of the rules that are not signatures. They ask for both a share and
// a number, so that neither one odd line nor a large quiet system trips them.
const (
	errorShareWarning  = 0.05
	errorShareNotice   = 0.01
	errorLinesNotice   = 5
	errorLinesWarning  = 20
	maxFindingPatterns = 4
)

// Assess judges the patterns. A window without lines is inconclusive: nothing
// was looked at, which is not the same as healthy.
func (s *Set) Assess(in Input) Result {
	if in.Lines == 0 {
		r := Result{Severity: verdict.Inconclusive, Category: verdict.CategoryNone, Summary: "No log lines in the window: nothing could be judged."}
		for _, f := range silence(in) {
			r = Result{Severity: f.Severity, Category: f.Category, Findings: []Finding{f}, Summary: f.Reason}
		}
		return r
	}
	var findings []Finding
	matched, injection := s.match(in)
	findings = append(findings, matched...)
	findings = append(findings, errorShare(in)...)
	findings = append(findings, newFailures(in)...)
	findings = append(findings, bursts(in)...)
	findings = append(findings, silence(in)...)
	slices.SortStableFunc(findings, func(a, b Finding) int { return int(b.Severity - a.Severity) })

	r := Result{Severity: verdict.Healthy, Category: verdict.CategoryNone, Findings: findings, Injection: injection, Summary: "No known failure, no unusual share of error lines."}
	if len(findings) > 0 {
		top := findings[0]
		r.Severity, r.Category, r.Summary = top.Severity, top.Category, top.Reason
		r.Fatal = top.Severity == verdict.Critical
	}
	return r
}

// match finds the signatures. Template and sample are both read: the sample has
// the words that the template had to give up.
func (s *Set) match(in Input) (out []Finding, injection bool) {
	at := map[string]int{}
	found, lower := make([]bool, len(s.finder.texts)), []byte(nil)
	for i := range in.Patterns {
		p := &in.Patterns[i]
		if p.Count == 0 {
			continue
		}
		clear(found)
		lower = s.finder.find(p.Template, lower, found)
		lower = s.finder.find(p.Sample, lower, found)
		for k := range s.signatures {
			sig := &s.signatures[k]
			if !sig.matches(found) {
				continue
			}
			injection = injection || sig.Injection
			f, ok := at[sig.ID]
			if !ok {
				f = len(out)
				at[sig.ID] = f
				out = append(out, Finding{Rule: sig.ID, Category: sig.Category, Severity: sig.Severity, Reason: sig.Reason})
			}
			if len(out[f].Patterns) < maxFindingPatterns {
				out[f].Patterns = append(out[f].Patterns, i)
			}
		}
	}
	return out, injection
}

// errorShare judges how many of the lines are failures, where the baseline does
// not say that this is how the system always is.
func errorShare(in Input) []Finding {
	errorLines, steady := 0, 0
	var worst []int
	for i := range in.Patterns {
		p := &in.Patterns[i]
		n := p.Levels[patterns.LevelError] + p.Levels[patterns.LevelFatal]
		errorLines += n
		if p.Change == patterns.ChangeSteady || p.Change == patterns.ChangeFallen {
			steady += n
			continue
		}
		if n > 0 {
			worst = append(worst, i)
		}
	}
	unusual := errorLines - steady
	share := float64(unusual) / float64(in.Lines)
	f := Finding{Rule: "error-share", Category: verdict.CategoryOther}
	switch {
	case unusual >= errorLinesWarning && share >= errorShareWarning:
		f.Severity = verdict.Warning
	case unusual >= errorLinesNotice && share >= errorShareNotice:
		f.Severity = verdict.Notice
	default:
		return nil
	}
	slices.SortStableFunc(worst, func(a, b int) int { return in.Patterns[b].Count - in.Patterns[a].Count })
	f.Patterns = worst[:min(len(worst), maxFindingPatterns)]
	f.Reason = fmt.Sprintf("%d of %d lines read (%.1f %%) are errors.", unusual, in.Lines, share*100)
	if in.HasBaseline {
		f.Reason = fmt.Sprintf("%d of %d lines read (%.1f %%) are errors beyond the baseline's.", unusual, in.Lines, share*100)
	}
	return []Finding{f}
}

// newFailures notices failures that the baseline never printed, however rare.
func newFailures(in Input) []Finding {
	if !in.HasBaseline {
		return nil
	}
	f := Finding{Rule: "new-failure", Category: verdict.CategoryOther, Severity: verdict.Notice}
	n := 0
	for i := range in.Patterns {
		if p := &in.Patterns[i]; p.Change == patterns.ChangeNew && p.Level().ErrorLike() {
			n++
			if len(f.Patterns) < maxFindingPatterns {
				f.Patterns = append(f.Patterns, i)
			}
		}
	}
	if n == 0 {
		return nil
	}
	f.Reason = fmt.Sprintf("%s of failure that the baseline does not have.", plural(n, "kind", "kinds"))
	return []Finding{f}
}

// bursts notices warnings and failures that rose against the baseline.
func bursts(in Input) []Finding {
	f := Finding{Rule: "burst", Category: verdict.CategoryOther, Severity: verdict.Notice}
	for i := range in.Patterns {
		if p := &in.Patterns[i]; p.Change == patterns.ChangeRisen && p.Level() >= patterns.LevelWarn && len(f.Patterns) < maxFindingPatterns {
			f.Patterns = append(f.Patterns, i)
		}
	}
	if len(f.Patterns) == 0 {
		return nil
	}
	f.Reason = fmt.Sprintf("%s of warnings or errors rose well above the baseline.", plural(len(f.Patterns), "pattern", "patterns"))
	return []Finding{f}
}

// silenceShare is the share of the baseline's frequent patterns that must be gone
// for a window to count as gone silent.
const silenceShare = 0.5

// silence notices that what the baseline printed regularly stopped.
func silence(in Input) []Finding {
	gone, known := 0, 0
	f := Finding{Rule: "gone-silent", Category: verdict.CategorySilence, Severity: verdict.Notice}
	for i := range in.Patterns {
		p := &in.Patterns[i]
		if p.BaselineCount == 0 {
			continue
		}
		known++
		if p.Change == patterns.ChangeGone {
			gone++
			if len(f.Patterns) < maxFindingPatterns {
				f.Patterns = append(f.Patterns, i)
			}
		}
	}
	if gone == 0 || float64(gone) < silenceShare*float64(known) {
		return nil
	}
	f.Reason = fmt.Sprintf("%d of %s that the baseline prints regularly stopped.", gone, plural(known, "pattern", "patterns"))
	return []Finding{f}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, one)
	}
	return fmt.Sprintf("%d %s", n, many)
}
