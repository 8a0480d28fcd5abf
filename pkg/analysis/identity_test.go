package analysis

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// keysOf returns the ledger's key and the series' key of a request on fixed patterns.
func keysOf(t *testing.T, e *Engine, r Request) (ledger, series verdict.Key) {
	t.Helper()
	query, err := loki.Parse(r.Expr)
	require.NoError(t, err)
	prompt, err := e.Prompts.Get(r.PromptID)
	require.NoError(t, err)
	instructions, err := prompt.Render(r.PromptVars)
	require.NoError(t, err)
	g := Group{Values: make([]string, len(r.GroupBy)), LinesTotal: 1, LinesRead: 1}
	if r.Events {
		g.Events = []EventSummary{{Reason: "Killing"}}
	}
	_, ledger, err = e.compose(t.Context(), &g, question{Request: &r, prompt: prompt, instructions: instructions, query: query, red: redact.New()}, &model{})
	require.NoError(t, err)
	return ledger, r.roster(r.Expr)
}

// TestEveryFieldOfARequestIsInAKeyOrExcused fails when a request gains a field: if answers
// to two requests that differ in it must not be the same one, it belongs into the keys.
func TestEveryFieldOfARequestIsInAKeyOrExcused(t *testing.T) {
	keyed := map[string]struct {
		change         func(*Request)
		ledger, series bool
	}{
		"Owner":      {func(r *Request) { r.Owner = "you" }, true, true},
		"PromptID":   {func(r *Request) { r.PromptID, r.PromptVars = "error-summary", nil }, true, true},
		"PromptVars": {func(r *Request) { r.PromptVars = map[string]string{"service": "b"} }, true, true},
		"GroupBy":    {func(r *Request) { r.GroupBy = []string{"app"} }, true, true},
		"Window":     {func(r *Request) { r.Window.Start = r.Window.Start.Add(-time.Hour) }, true, true},
		"Baseline":   {func(r *Request) { r.Baseline = time.Hour }, true, true},
		"Events":     {func(r *Request) { r.Events = true }, true, false},
		// The ledger remembers by content, wherever that is read.
		"Expr": {func(r *Request) { r.Expr = `{app="b"}` }, false, true},
	}
	excused := map[string]string{
		"Logs":       "follows from Owner, which names the data source and what is forwarded",
		"Models":     "the ledger's key has the model's identity, and Owner the data source that names it",
		"Class":      "how urgent a question is does not change its answer",
		"Org":        "is part of Owner; it only orders the queue",
		"Pseudonyms": "one for each data source, and what they change is in the content",
		"MaxGroups":  "chooses which groups are judged; each is judged by itself",
		"MaxLines":   "what is read because of it is in the content; readings are kept apart by it",
		"OnlyNovel":  "says whether to ask, not what",
		"Alert":      "says how an answer is served",
		"MaxAge":     "says how long a verdict counts",
		"Wait":       "says how long the asker waits",
		"Reserve":    "says how long the asker waits",
		"series":     "is made of the others",
		"Partial":    "is told of answers",
		"Signatures": "the rules judge anew each time; the ledger has what a model said of the content",
		"Record":     "is told of answers",
		"Progress":   "is told of answers",
	}
	e := engine(t)
	base := Request{
		Owner: "me", Expr: `{app="a"}`, Window: loki.Window{Start: end.Add(-time.Hour), End: end}, PromptID: "incident-triage", PromptVars: map[string]string{"service": "a"}, Class: llm.ClassAlert,
	}
	ledger, series := keysOf(t, e, base)
	again, seriesAgain := keysOf(t, e, base)
	require.Equal(t, ledger, again)
	require.Equal(t, series, seriesAgain)
	for f := range reflect.TypeFor[Request]().Fields() {
		k, isKeyed := keyed[f.Name]
		reason, isExcused := excused[f.Name]
		require.NotEqual(t, isKeyed, isExcused, "Request.%s must be in a key, or have a reason why not", f.Name)
		if isExcused {
			require.NotEmpty(t, reason)
			continue
		}
		r := base
		k.change(&r)
		gotLedger, gotSeries := keysOf(t, e, r)
		require.Equal(t, k.ledger, gotLedger != ledger, "%s and the ledger", f.Name)
		require.Equal(t, k.series, gotSeries != series, "%s and the series", f.Name)
	}
	require.Len(t, keyed, reflect.TypeFor[Request]().NumField()-len(excused))
}

// TestVariablesDoNotRunTogether: one whose value looks like another variable is one.
func TestVariablesDoNotRunTogether(t *testing.T) {
	a, b := Request{PromptVars: map[string]string{"a": "1 b:2"}}, Request{PromptVars: map[string]string{"a": "1", "b": "2"}}
	require.NotEqual(t, a.roster(""), b.roster(""))
}
