package analysis

import (
	"encoding/json"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// HistoryQuery names what a query and a prompt ask, for those who look for its verdicts
// in the history. It says nothing about who asked.
func HistoryQuery(expr string, groupBy []string, promptID string) string {
	id, _, _ := strings.Cut(promptID, "@")
	return verdict.KeyOf("query", strings.TrimSpace(expr), strings.Join(groupBy, ","), id).String()[:32]
}

// judgedBy is the judgement of a model behind a group's verdict.
type judgedBy struct {
	key   verdict.Key
	entry verdict.Entry
}

// A seriesState is what a line of the history says of the series behind it, so that a
// process that starts knows it.
type seriesState struct {
	Values []string       `json:"values"`
	Series verdict.Series `json:"series"`
	// Judged names the windows among which baselines are chosen.
	Judged string `json:"judged,omitempty"`
}

// record tells the request's recorder of each group's verdict.
func (e *Engine) record(r *Request, res *Result, states []verdict.Series) {
	if r.Record == nil {
		return
	}
	mask := e.Redactor.WithKey(r.Pseudonyms).Mask
	for i := range res.Groups {
		g := &res.Groups[i]
		if g.unknown {
			continue
		}
		var entry *verdict.Entry
		key := ""
		if g.judged != nil {
			entry, key = &g.judged.entry, g.judged.key.String()
		}
		l := verdict.LineFrom(&g.Verdict, entry, func(id string) (string, bool) {
			k, ok := g.Pattern(id)
			if !ok || k >= len(g.Patterns) {
				return "", false
			}
			return mask(g.Patterns[k].Template), true
		})
		l.TS, l.Key, l.Lane, l.Query = e.Now(), key, verdict.LaneInteractive, HistoryQuery(r.Expr, r.GroupBy, r.PromptID)
		l.Prompt, l.PromptHash = res.Prompt.ID+"@"+res.Prompt.Version, res.Prompt.Hash()
		l.Start, l.End, l.LinesTotal, l.LinesRead = r.Window.Start, r.Window.End, g.LinesTotal, g.LinesRead
		l.Labels = map[string]string{}
		for k, name := range r.GroupBy {
			l.Labels[name] = mask(g.Values[k])
		}
		if r.Alert {
			state := seriesState{Values: g.Values, Series: states[i]}
			if res.judged != nil {
				state.Judged = res.judgedAs.String()
			}
			l.Lane, l.Series = verdict.LaneAlert, r.roster(r.Expr).String()
			l.State, _ = json.Marshal(state) // strings, numbers and times always marshal
		}
		r.Record(l, g.Verdict.Cached || entry == nil)
	}
}

// Restore takes a line of the history, which must be signed, into what the engine
// remembers: the model's judgement, the state of the series, and that the window was
// suspicious. What is known already stays.
func (e *Engine) Restore(l verdict.Line) {
	if key, entry, ok := l.Judgement(); ok {
		e.Ledger.Warm(key, entry)
	}
	var state seriesState
	series, err := verdict.ParseKey(l.Series)
	if err != nil || json.Unmarshal(l.State, &state) != nil || state.Series.End.IsZero() {
		return
	}
	e.Roster.Restore(series, state.Values, state.Series)
	if key, err := verdict.ParseKey(state.Judged); err == nil {
		e.Memory.judgements(key).add(loki.Window{Start: l.Start, End: l.End}, l.Severity)
	}
}
