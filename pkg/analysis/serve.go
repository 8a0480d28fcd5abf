package analysis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// roster is the key of the series that a request evaluates: who asks what.
func (r *Request) roster(text string) verdict.Key {
	if r.series != (verdict.Key{}) {
		return r.series
	}
	id, _, _ := strings.Cut(r.PromptID, "@")
	return verdict.KeyOf("series", r.Owner, text, strings.Join(r.GroupBy, ","), id, fmt.Sprintf("%q", r.PromptVars), r.Window.Length().String(), r.Baseline.String())
}

// Known returns the group values of the series that a request would evaluate beside
// those that it finds, in their order.
func (e *Engine) Known(r Request) [][]string {
	return e.Roster.Known(r.roster(r.Expr), r.Window.End)
}

// addKnown adds a group for each known series that shows no lines now: one that is left
// out would look resolved to an alert rule.
func (e *Engine) addKnown(r *Request, res *Result) {
	for _, values := range e.Known(*r) {
		if len(values) != len(r.GroupBy) || slices.ContainsFunc(res.Groups, func(g Group) bool { return slices.Equal(g.Values, values) && !g.unknown }) {
			continue
		}
		g := Group{Values: values, Name: groupName(r.GroupBy, values), missed: true}
		if len(res.Groups) > 0 {
			g.Streams = res.Groups[0].Streams
		}
		res.Groups = append(res.Groups, g)
	}
	if len(res.Groups) > 1 {
		res.Groups = slices.DeleteFunc(res.Groups, func(g Group) bool { return g.unknown })
	}
	sortGroups(res.Groups)
}

// silent is the rules verdict on a group that was there at an evaluation before and
// shows nothing now.
func silent() rules.Result {
	const reason = "The group had lines within the last day and has none now."
	return rules.Result{
		Severity: verdict.Notice, Category: verdict.CategorySilence, Summary: reason,
		Findings: []rules.Finding{{Rule: "gone-silent", Category: verdict.CategorySilence, Severity: verdict.Notice, Reason: reason}},
	}
}

// serve puts the severity to serve in place of what was judged, for each group, and
// returns what is remembered of their series then.
func (e *Engine) serve(r *Request, res *Result) []verdict.Series {
	key := r.roster(r.Expr)
	states := make([]verdict.Series, len(res.Groups))
	for i := range res.Groups {
		g := &res.Groups[i]
		if g.unknown {
			continue // it would be a series that never ends
		}
		judged := g.Verdict
		g.Verdict, states[i] = e.Roster.Evaluate(key, g.Values, verdict.Evaluation{
			End: r.Window.End, Verdict: judged, Silent: g.LinesTotal == 0 && len(g.Series) == 0, MaxAge: r.MaxAge,
			Rules: verdict.Account{Category: g.Rules.Category, Summary: g.Rules.Summary},
		})
		switch {
		case g.Verdict.Held:
			g.notice(false, "%sThe severity %d is held from %s; now it would be %d. It falls when a model judges the current logs milder, or the rules do three times in a row.",
				g.prefix(), g.Verdict.Severity, g.Verdict.End.UTC().Format(time.RFC3339), max(judged.Severity, g.Rules.Severity))
		case g.Verdict.Severity > judged.Severity && !judged.Contested:
			g.notice(false, "%sThe model judged milder than the rules, whose severity %d is served.", g.prefix(), g.Verdict.Severity)
		}
	}
	return states
}

// Brief returns the result without patterns, streams and the rules' findings: enough
// for one number a group, and small enough to be kept.
func (r *Result) Brief() *Result {
	out := *r
	out.judged = nil
	out.Groups = make([]Group, len(r.Groups))
	for i := range r.Groups {
		g := &r.Groups[i]
		out.Groups[i] = Group{Values: g.Values, Name: g.Name, Series: g.Series, Events: g.Events, LinesTotal: g.LinesTotal, LinesRead: g.LinesRead, Compared: g.Compared, Verdict: g.Verdict}
		out.Groups[i].Verdict.Findings = nil
	}
	return &out
}
