package golden

import (
	"time"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// JudgeKind says who judges.
type JudgeKind string

// The judges. All but the model judge without one and are the baselines that a prompt
// must beat.
const (
	JudgeModel             JudgeKind = "model"
	JudgeRules             JudgeKind = "rules"
	JudgeWithoutSignatures JudgeKind = "rules-without-signatures"
	JudgeMajority          JudgeKind = "majority"
)

// A Judge is what is measured. Prompt and model are empty without a model.
type Judge struct {
	Kind          JudgeKind `json:"kind"`
	Prompt        string    `json:"prompt,omitempty"`
	PromptVersion string    `json:"prompt_version,omitempty"`
	PromptHash    string    `json:"prompt_hash,omitempty"`
	Model         string    `json:"model,omitempty"`
	// Rules is the hash of the signatures, of which a model's verdict depends too.
	Rules string `json:"rules,omitempty"`
}

// A Result is what one judge made of one case, one line of a results file. It holds what a
// report needs of the case, so that it can be read without the case.
type Result struct {
	Case     string   `json:"case"`
	CaseHash string   `json:"case_sha256"`
	GroupID  string   `json:"group_id"`
	Family   string   `json:"family"`
	Split    Split    `json:"split"`
	Tags     []string `json:"tags,omitempty"`
	// Lines is how many lines the window has.
	Lines    int      `json:"lines"`
	Expected Expected `json:"expected"`

	Judge Judge `json:"judge"`
	// Rerun counts the repetitions of the same question, and Order the orders that its lines
	// were told in, both from 0.
	Rerun int `json:"rerun,omitempty"`
	Order int `json:"order,omitempty"`

	Verdict  string           `json:"verdict"`
	Severity verdict.Severity `json:"severity"`
	// Probability is that of an incident as the model's tokens say, before any calibration;
	// [verdict.ProbabilityUnknown] where no model judged.
	Probability   float64          `json:"probability"`
	Category      verdict.Category `json:"category"`
	RulesSeverity verdict.Severity `json:"rules_severity"`
	Contested     bool             `json:"contested,omitempty"`
	Injection     bool             `json:"suspected_injection,omitempty"`
	// Degraded says that a model was to judge and could not; Error says why.
	Degraded bool   `json:"degraded,omitempty"`
	Error    string `json:"error,omitempty"`
	// SchemaValid says that the model's first answer could be read whole.
	SchemaValid bool     `json:"schema_valid"`
	Evidence    Evidence `json:"evidence"`
	// Claims are the forbidden claims that the prose makes.
	Claims []string `json:"claims,omitempty"`
	Cost   Cost     `json:"cost"`
}

// Evidence compares what was cited with what had to be.
type Evidence struct {
	// Cited counts the patterns that findings cite, Supported those of them that hold a line
	// that the case lets be cited, and Fabricated those that the window does not have.
	Cited      int `json:"cited"`
	Supported  int `json:"supported"`
	Fabricated int `json:"fabricated"`
	// Must counts the patterns that hold a line that must be cited, Found those of them that
	// were, and Shown those that the model was told of.
	Must  int `json:"must"`
	Found int `json:"found"`
	Shown int `json:"shown"`
	// Rejected counts findings that were dropped because they support no claim.
	Rejected int `json:"rejected,omitempty"`
}

// A Cost is what one judgement took.
type Cost struct {
	PromptTokens int `json:"prompt_tokens,omitempty"`
	CachedTokens int `json:"cached_tokens,omitempty"`
	AnswerTokens int `json:"answer_tokens,omitempty"`
	// Latency is the time that the model server took, CPU the time that this process
	// computed.
	Latency time.Duration `json:"latency_ns,omitempty"`
	CPU     time.Duration `json:"cpu_ns,omitempty"`
	// Replayed says that the answer was one that the model gave before.
	Replayed bool `json:"replayed,omitempty"`
}
