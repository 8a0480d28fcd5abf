package analysis

import (
	"slices"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// assess gives every group its rules verdict, which is its verdict until a model
// has judged.
func (e *Engine) assess(res *Result, hasBaseline bool) {
	for i := range res.Groups {
		g := &res.Groups[i]
		g.Rules = e.rulesVerdict(g, hasBaseline)
		g.Verdict = verdict.Verdict{
			Severity: g.Rules.Severity, RulesSeverity: g.Rules.Severity, Probability: verdict.ProbabilityUnknown,
			Category: g.Rules.Category, Summary: g.Rules.Summary, Source: verdict.SourceRules,
			SuspectedInjection: g.Rules.Injection, Findings: ruleFindings(g, nil),
		}
		if g.Rules.Injection {
			g.notice(true, "%sA log line talks to the model. It is shown as evidence and was treated as text.", g.prefix())
		}
	}
}

func (e *Engine) rulesVerdict(g *Group, hasBaseline bool) rules.Result {
	if len(g.Series) > 0 {
		// What a number means, only the asker knows.
		return rules.Result{Severity: verdict.Inconclusive, Category: verdict.CategoryNone, Summary: "The rules do not judge metric series."}
	}
	return e.Signatures.Assess(rules.Input{Patterns: g.Patterns, Lines: int(g.LinesRead), HasBaseline: hasBaseline})
}

// ruleFindings appends the findings of the rules to those that were said already,
// each pattern cited once: what code found is not lost because a model overlooked
// it, and a share of errors does not repeat what a signature names.
func ruleFindings(g *Group, said []verdict.Finding) []verdict.Finding {
	cited := map[string]bool{}
	for _, f := range said {
		for _, id := range f.Patterns {
			cited[id] = true
		}
	}
	for _, f := range g.Rules.Findings {
		v := verdict.Finding{Category: f.Category, Reason: f.Reason}
		for _, i := range f.Patterns {
			if id := idOf(i); !cited[id] {
				cited[id] = true
				v.Patterns = append(v.Patterns, id)
			}
		}
		if len(v.Patterns) > 0 {
			said = append(said, v)
		}
	}
	return said
}

// worst returns the n groups with the worst rules verdict, in their order. Among
// equals those with more error lines come first.
func worst(groups []Group, n int) []*Group {
	all := make([]*Group, len(groups))
	for i := range groups {
		all[i] = &groups[i]
	}
	if len(all) <= n {
		return all
	}
	slices.SortStableFunc(all, func(a, b *Group) int {
		if a.Rules.Severity != b.Rules.Severity {
			return int(b.Rules.Severity - a.Rules.Severity)
		}
		return errorLines(b) - errorLines(a)
	})
	return all[:n]
}

func errorLines(g *Group) (n int) {
	for i := range g.Patterns {
		n += g.Patterns[i].Levels[patterns.LevelError] + g.Patterns[i].Levels[patterns.LevelFatal]
	}
	return n
}
