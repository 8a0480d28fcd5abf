package analysis

import (
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Request is one question about one window of logs.
type Request struct {
	Logs Logs
	// Models returns the model that judges what has the affinity: questions with the same
	// one begin alike, so they do best with one server. nil leaves the judgement to the
	// rules.
	Models func(affinity string) Model
	// Class says how urgent calls of the model are, and Org whose they are: between
	// organisations they are served in turn.
	Class llm.Class
	Org   string
	// Owner separates the ledger's entries of those who may not see each other's
	// logs: organisation, data source, tenant and forwarded identity.
	Owner string
	// Pseudonyms is the secret that addresses are replaced with pseudonyms by, the same
	// for one data source; without it they are only masked.
	Pseudonyms []byte

	// Signatures are those of the engine with the users' rules that apply here; nil for the
	// engine's alone.
	Signatures *rules.Set

	Expr       string
	Window     loki.Window
	PromptID   string
	PromptVars map[string]string
	// GroupBy names labels; each combination of their values is judged apart.
	GroupBy []string
	// MaxGroups is how many groups the model judges, the worst by rules first.
	MaxGroups int
	// MaxLines bounds the lines read of the window, and of the baseline.
	MaxLines int
	// Baseline is how far back the window to compare with lies; 0 for none.
	Baseline time.Duration
	// Events adds the Kubernetes events around the window to what the model is told.
	Events bool
	// OnlyNovel asks the model only about content that the rules find suspicious
	// or that the baseline does not know.
	OnlyNovel bool
	// Alert serves each known series with the severity that [verdict.Series] says, and a
	// model verdict counts there for MaxAge after the last window with its content.
	Alert  bool
	MaxAge time.Duration
	// Wait is how long after its beginning the answer waits for the model at most. Where
	// reading took that long, there is half a second more, if Wait is not shorter, for what
	// was judged before. 0 waits as long as a call may take. A call that is not ready in
	// time goes on for the next asker.
	Wait time.Duration
	// Reserve is what a bounded wait leaves of the caller's deadline, for shaping and
	// sending the answer.
	Reserve time.Duration
	// Partial, if set, is given the answer as far as it is known: with the rules verdict
	// first, then with each group that the model has judged. What it is given does not
	// change any more. It is not called by two goroutines at once.
	Partial func(*Result)
	// Record, if set, is given the verdict of each group for the history; known says that
	// no model has judged anew.
	Record func(l verdict.Line, known bool)
	// Progress, if set, is told what is being done. It may be called from several
	// goroutines.
	Progress func(step, detail string)

	// series is the key of its series, from what was asked: collecting can choose another
	// baseline.
	series verdict.Key
}

// A Result is the answer to a [Request].
type Result struct {
	Query loki.Query
	// Executed is the query less what is never analysed.
	Executed loki.Query
	// Window is what was asked for.
	Window  loki.Window
	Prompt  *prompts.Prompt
	GroupBy []string
	// Groups are ordered by their label values; there is at least one.
	Groups  []Group
	Notices []Notice
	Cost    Cost

	judged   *judgements
	judgedAs verdict.Key
}

// A Group is one combination of the group labels' values and what is known of it.
type Group struct {
	// Values are the values of Request.GroupBy, in its order; Name shows both, empty
	// without GroupBy.
	Values   []string
	Name     string
	Patterns []patterns.Pattern
	// Series are set instead of Patterns for metric queries.
	Series []SeriesStats
	// Events are the Kubernetes events around the window, if they were asked for.
	Events []EventSummary
	// Streams are the label sets that Pattern.Streams refer to.
	Streams []map[string]string
	// activity is when they printed; nil where there is nothing to compare with.
	activity map[int]patterns.Activity
	// LinesTotal is exact; LinesRead of them were read.
	LinesTotal, LinesRead int64
	// Compared says that the patterns' changes against a baseline are known.
	Compared bool
	Rules    rules.Result
	Verdict  verdict.Verdict
	// Shown are the patterns, or series, by the ids that the model's dictionary gave them;
	// nil where no model has judged. What did not fit into its context is among them.
	Shown map[string]int

	// judged is nil where no model has judged, or its answer is still being written.
	judged *judgedBy
	// unknown says that this stands for groups that there are none of.
	unknown bool
	// missed says that the group is known from before and shows nothing now.
	missed bool
	// familiar says of a new pattern that its component's own words are not; nil where
	// that is not known.
	familiar func(i int) bool
	notices  []Notice
}

// Pattern returns the index into Patterns, or Series, of the pattern that a finding
// cites.
func (g *Group) Pattern(id string) (int, bool) {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "p"))
	return n - 1, err == nil && n >= 1 && n <= max(len(g.Patterns), len(g.Series))
}

// A Notice tells the reader something that the numbers do not.
type Notice struct {
	Warning bool
	Text    string
}
