package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// assess gives every group its rules verdict, which is its verdict until a model
// has judged.
func (e *Engine) assess(r *Request, res *Result) {
	set := r.Signatures
	if set == nil {
		set = e.Signatures
	}
	for i := range res.Groups {
		g := &res.Groups[i]
		g.Rules = rulesVerdict(set, g, r.Window, e.Now())
		g.Verdict = verdict.Verdict{
			Severity: g.Rules.Severity, RulesSeverity: g.Rules.Severity, Probability: verdict.ProbabilityUnknown, RawProbability: verdict.ProbabilityUnknown,
			Category: g.Rules.Category, Summary: g.Rules.Summary, Source: verdict.SourceRules,
			SuspectedInjection: g.Rules.Injection, Findings: ruleFindings(g), Overruled: overruled(g),
		}
		if g.Rules.Injection {
			g.notice(true, "%sA log line talks to the model. It is shown as evidence and was treated as text.", g.prefix())
		}
	}
}

// overruled tells of the users' rules that decided something.
func overruled(g *Group) string {
	var texts []string
	for _, a := range g.Rules.Applied {
		text := a.Rule + ": " + a.Reason
		if a.By != "" {
			text += ", by " + a.By
		}
		if !a.Expires.IsZero() {
			text += ", until " + a.Expires.UTC().Format(time.DateOnly)
		}
		texts = append(texts, text)
	}
	for _, a := range g.Rules.Lapsed {
		g.notice(false, "%sThe rule %s has expired and does not apply any more: %s", g.prefix(), a.Rule, a.Reason)
	}
	return strings.Join(texts, "; ")
}

func rulesVerdict(set *rules.Set, g *Group, w loki.Window, now time.Time) rules.Result {
	if g.missed {
		return silent()
	}
	if len(g.Series) > 0 {
		// What a number means, only the asker knows.
		return rules.Result{Severity: verdict.Inconclusive, Category: verdict.CategoryNone, Summary: "The rules do not judge metric series."}
	}
	if g.LinesRead == 0 && g.LinesTotal > 0 {
		return rules.Result{Severity: verdict.Inconclusive, Category: verdict.CategoryNone, Summary: fmt.Sprintf("None of the %d lines were in the sample: nothing could be judged.", g.LinesTotal)}
	}
	in := rules.Input{Patterns: g.Patterns, Lines: g.EventCount(), HasBaseline: g.Compared, Streams: g.Streams, Start: w.Start, End: w.End, Activity: g.activity, Now: now}
	g.familiar = set.Familiar(in)
	return set.Assess(in)
}

// ruleFindings are the rules' findings with pattern ids, each pattern cited once: a
// share of errors does not repeat what a signature names.
func ruleFindings(g *Group) []verdict.Finding {
	var out []verdict.Finding
	for _, f := range g.Rules.Findings {
		v := verdict.Finding{Category: f.Category, Reason: f.Reason}
		for _, i := range f.Patterns {
			v.Patterns = append(v.Patterns, idOf(i))
		}
		out = join(out, []verdict.Finding{v})
	}
	return out
}

// join appends to findings those of more that cite a pattern which none did so far.
func join(findings, more []verdict.Finding) []verdict.Finding {
	cited := map[string]bool{}
	for _, f := range findings {
		for _, id := range f.Patterns {
			cited[id] = true
		}
	}
	for _, f := range more {
		f.Patterns = slices.DeleteFunc(slices.Clone(f.Patterns), func(id string) bool { return cited[id] })
		if len(f.Patterns) > 0 {
			findings = append(findings, f)
		}
	}
	return findings
}

// worst returns the n groups with the worst rules verdict, the worst first. Among
// equals those with more error lines come first.
func worst(groups []Group, n int) []*Group {
	all := make([]*Group, len(groups))
	for i := range groups {
		all[i] = &groups[i]
	}
	slices.SortStableFunc(all, func(a, b *Group) int {
		if a.Rules.Severity != b.Rules.Severity {
			return int(b.Rules.Severity - a.Rules.Severity)
		}
		return errorLines(b) - errorLines(a)
	})
	return all[:min(n, len(all))]
}

func errorLines(g *Group) (n int) {
	for i := range g.Patterns {
		n += g.Patterns[i].Levels[patterns.LevelError] + g.Patterns[i].Levels[patterns.LevelFatal]
	}
	return n
}

// EventCount returns how many events the group's patterns count in the window; where it
// was sampled, an estimate.
func (g *Group) EventCount() (n int) {
	for i := range g.Patterns {
		n += g.Patterns[i].Count
	}
	return n
}
