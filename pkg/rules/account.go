package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// What one finding cannot tell, all of them together can: a failure that many lines, kinds
// and programs speak of until the window's end is an incident, whatever its words, and one
// that a single program spoke of some time ago is over. The numbers were chosen on the dev
// split of the golden cases; docs/golden.md tells how well they do on the test split.
const (
	// fewKinds of failures of one program, in less than fewParts of the window and in none
	// of its last quarter, are over.
	fewKinds, fewParts = 2, 13
	// incidentPoints make an incident, noticePoints a notice where nothing else was found.
	incidentPoints, noticePoints = 9, 4
)

// An account is what fails in a window altogether, whatever says so, except for what the
// baseline has as much of, what is benign or excused, and nobody's work.
type account struct {
	// failing are the lines that state failures, those of signatures and the responses of
	// servers that failed; signed are those of signatures, warnings the warnings beside them.
	failing, signed, warnings extent
	// patterns are those of failing and warnings, ascending.
	patterns []int
	// programs are the names of those that print failing, with the number of its lines.
	programs map[string]int
}

func (j *judge) account() *account {
	dark := j.dark()
	a := &account{failing: extent{dark: dark}, signed: extent{dark: dark}, warnings: extent{dark: dark}, programs: map[string]int{}}
	j.each(func(i int, p *patterns.Pattern) {
		if p.Count == 0 || j.usual(p) || j.noisy[i] > 0 {
			return
		}
		signed := j.owned[i] && j.handled[i] == nil
		switch {
		case signed || j.failedLines(i) > 0 || j.statuses.has(i):
			a.failing.add(p)
			names := map[string]bool{}
			j.names(i, names)
			for name := range names {
				a.programs[name] += p.Count
			}
		case p.Level() == patterns.LevelWarn:
			a.warnings.add(p)
		default:
			return
		}
		a.patterns = append(a.patterns, i)
		if signed {
			a.signed.add(p)
		}
	})
	return a
}

// points are how much speaks for an incident: many lines, for long, until the end, of many
// programs. They count no shares: more lines of anything never make them fewer.
func (a *account) points() (points int) {
	repeating := 0
	for _, lines := range a.programs {
		if lines >= repeatedLines {
			repeating++
		}
	}
	for _, x := range []struct {
		holds bool
		worth int
	}{
		{a.failing.lines >= 20, 1}, {a.failing.lines >= 50, 1},
		{a.failing.parts() >= 10, 1}, {a.failing.parts() >= 16, 2},
		{a.failing.tail(quarter) >= 5, 2}, {a.signed.tail(quarter) >= 5, 1},
		{repeating >= 2, 1}, {repeating >= 3, 1},
		{a.warnings.lines >= 8, 1}, {a.warnings.lines >= 20, 1},
		{a.warnings.tail(quarter) >= 5, 2}, {a.warnings.tail(quarter) >= 20, 2},
	} {
		if x.holds {
			points += x.worth
		}
	}
	return points
}

// over reports whether what failed was little, of one program, and is over.
func (a *account) over() bool {
	return len(a.patterns) <= fewKinds && a.failing.lines < manyLines && len(a.programs) <= 1 && a.failing.tail(quarter) == 0 && a.failing.parts() < fewParts
}

// settle weighs the findings by what fails altogether. It returns why none is left where
// none is. Findings must be in order, the most severe first.
func (j *judge) settle(findings []Finding) ([]Finding, string) {
	if !j.timed() || len(findings) > 0 && findings[0].Severity == verdict.Critical {
		return findings, ""
	}
	a := j.account()
	if len(findings) == 0 {
		return j.noticed(a), ""
	}
	if a.points() >= incidentPoints && (j.in.HasBaseline || j.sizeable(&a.failing)) {
		f := &findings[0]
		f.Severity = verdict.Critical
		f.Reason = fmt.Sprintf("%s Altogether %s and %s speak of failures, until the window's end.", f.Reason,
			plural(a.failing.lines, "line", "lines"), plural(a.warnings.lines, "warning", "warnings"))
		return findings, ""
	}
	if j.fatal || !a.over() || slices.ContainsFunc(findings, func(f Finding) bool { return !j.settles(f) }) {
		return findings, ""
	}
	return nil, findings[0].Reason + " Only one program said so, and not in the last quarter of the window."
}

// noticed is the finding about what no other rule found: warnings that the baseline does not
// have, as many and as lasting as to speak for more.
func (j *judge) noticed(a *account) []Finding {
	if !j.in.HasBaseline || a.points() < noticePoints {
		return nil
	}
	ps := j.in.Patterns
	slices.SortStableFunc(a.patterns, func(x, y int) int { return ps[y].Count - ps[x].Count })
	return []Finding{{
		Rule: "many-warnings", Category: verdict.CategoryOther, Severity: verdict.Notice, Patterns: firstOf(a.patterns),
		Reason: fmt.Sprintf("%s and %s that the baseline does not have go on at the window's end.",
			plural(a.warnings.lines, "warning", "warnings"), plural(a.failing.lines, "failure", "failures")),
	}}
}

// settles reports whether a finding is about lines whose end ends it: neither a fatal
// signature nor silence, nor what somebody wrote for a model or where no component prints it,
// nor what a user calls a failure.
func (j *judge) settles(f Finding) bool {
	if f.Category == verdict.CategorySilence || f.Rule == InjectionRule || strings.HasSuffix(f.Rule, elsewhereSuffix) {
		return false
	}
	return !slices.ContainsFunc(j.set.user, func(u userRule) bool { return u.ID == f.Rule }) &&
		!slices.ContainsFunc(j.set.signatures, func(s Signature) bool { return s.ID == f.Rule && s.Severity == verdict.Critical })
}
