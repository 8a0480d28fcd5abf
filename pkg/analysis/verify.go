package analysis

import (
	"slices"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// apply puts a model's judgement in place of the rules verdict of a group:
// findings whose patterns do not support a claim are dropped and counted, a
// severity below a fatal rules verdict is raised to it and marked as contested, as is
// one below any rules verdict where a line talks to the model, and an incident that no
// pattern supports, or only such as are always there, becomes a warning.
func apply(g *Group, l layout, e verdict.Entry, cached bool) {
	v := verdict.Verdict{
		Severity: e.Severity(), RulesSeverity: g.Rules.Severity, Probability: e.Probability, RawProbability: e.Probability,
		Summary: e.Answer.Summary, RootCause: e.Answer.RootCause, NextStep: e.Answer.NextStep, Fields: e.Answer.Fields,
		Source: verdict.SourceModel, Cached: cached, Model: e.Model, SuspectedInjection: g.Rules.Injection, Overruled: g.Verdict.Overruled,
	}
	var bears bool
	v.Findings, v.Rejected, bears = supported(g, l, e.Answer.Findings)
	if v.Rejected > 0 {
		g.notice(false, "%sFindings of the model that were dropped, because the patterns they cite show nothing unusual: %d.", g.prefix(), v.Rejected)
	}
	switch {
	case g.Rules.Fatal && v.Severity < g.Rules.Severity:
		v.Severity, v.Contested = g.Rules.Severity, true
		g.notice(true, "%sThe model judged milder than a fatal signature allows; the rules verdict stands: %s", g.prefix(), g.Rules.Summary)
	case g.Rules.Injection && v.Severity != verdict.Inconclusive && v.Severity < g.Rules.Severity:
		v.Severity, v.Contested = g.Rules.Severity, true
		g.notice(true, "%sThe model judged milder than the rules, but a log line talks to it; the rules verdict stands: %s", g.prefix(), g.Rules.Summary)
	case v.Severity == verdict.Inconclusive && g.Rules.Severity > verdict.Healthy:
		v.Severity = g.Rules.Severity
		g.notice(false, "%sThe model could not judge; the severity is that of the rules: %s", g.prefix(), g.Rules.Summary)
	case v.Severity > g.Rules.Severity && v.Overruled != "" && len(e.Answer.Findings) > 0 && len(v.Findings) == 0:
		v.Severity = max(g.Rules.Severity, verdict.Healthy)
		g.notice(false, "%sThe model found only what a rule of yours calls normal: %s", g.prefix(), v.Overruled)
	case v.Severity == verdict.Critical && !bears && g.Rules.Severity < verdict.Critical:
		// What the rules found does not count here: a line that talks to the model is
		// one of their findings and must not support what it asked for.
		v.Severity = verdict.Warning
		g.notice(true, "%sThe model calls this an incident, but no pattern supports it; it counts as a warning.", g.prefix())
	}
	if v.Contested {
		v.Summary = g.Rules.Summary
		v.Findings = join(ruleFindings(g), v.Findings)
	} else {
		v.Findings = join(v.Findings, ruleFindings(g))
	}
	v.Category = category(v, g)
	g.Verdict = v
}

// supported keeps of the findings what could show something: a failure, a change, or a
// hit of the rules. Other patterns are dropped from a finding, and a finding that has no
// pattern left is rejected. bears says that one of the patterns could be an incident.
func supported(g *Group, l layout, findings []verdict.Finding) (kept []verdict.Finding, rejected int, bears bool) {
	known := make(map[string]entry, len(l.entries))
	for _, e := range l.entries {
		if _, ok := known[e.identity()]; !ok {
			known[e.identity()] = e
		}
	}
	for _, f := range findings {
		out := verdict.Finding{Category: f.Category}
		for _, identity := range f.Patterns {
			e, ok := known[identity]
			if !ok || !isTelling(g, e.index) {
				continue
			}
			out.Patterns = append(out.Patterns, idOf(e.index))
			bears = bears || couldBeIncident(g, e.index)
		}
		if len(out.Patterns) > 0 {
			kept = append(kept, out)
		} else {
			rejected++
		}
	}
	return kept, rejected, bears
}

// isTelling reports whether a pattern can be cited for anything.
func isTelling(g *Group, i int) bool {
	if len(g.Series) > 0 {
		return true // a series is not judged by the rules, so nothing speaks against it
	}
	if g.benign(i) {
		return false
	}
	p := &g.Patterns[i]
	switch p.Change {
	case patterns.ChangeNone:
		return p.Level() >= patterns.LevelWarn || citedByRules(g, i, verdict.Notice)
	case patterns.ChangeSteady: // a warning that is always there tells nothing
		return p.Level().ErrorLike() || citedByRules(g, i, verdict.Notice)
	}
	return true
}

// couldBeIncident reports whether a pattern is enough to call the window an incident when
// only the model says so. It is not if it talks to the model, if it is as it always is, if
// what is new about it anybody can write, or if its component calls it harmless.
func couldBeIncident(g *Group, i int) bool {
	if len(g.Series) > 0 {
		return true
	}
	p := &g.Patterns[i]
	switch {
	case slices.Contains(g.Rules.Suspect, i):
		return false
	case p.Change == patterns.ChangeGone:
		return true
	case g.familiar != nil && g.familiar(i):
		return false
	case citedByRules(g, i, verdict.Warning):
		return true
	case p.Change == patterns.ChangeSteady || p.Change == patterns.ChangeFallen:
		return false
	}
	return p.Level() == patterns.LevelUnknown || p.Level() >= patterns.LevelWarn
}

// citedByRules reports whether a finding of the rules of this severity or worse cites a
// pattern.
func citedByRules(g *Group, i int, least verdict.Severity) bool {
	return slices.ContainsFunc(g.Rules.Findings, func(f rules.Finding) bool { return f.Severity >= least && slices.Contains(f.Patterns, i) })
}

// category is that of the first finding; where the rules stand, it is theirs.
func category(v verdict.Verdict, g *Group) verdict.Category {
	switch {
	case v.Contested:
		return g.Rules.Category
	case v.Severity <= verdict.Healthy:
		return verdict.CategoryNone
	case len(v.Findings) > 0:
		return v.Findings[0].Category
	case g.Rules.Severity > verdict.Healthy:
		return g.Rules.Category
	}
	return verdict.CategoryOther
}
