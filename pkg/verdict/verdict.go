// Package verdict holds the judgement itself: its types and severities, the JSON
// Schema that a model must answer, the reading and checking of that answer while it
// is written and when it is whole, the probability behind it, the ledger that
// remembers judgements by content, and the signed lines of the history.
//
// The package performs no I/O and imports none of the product's other packages.
package verdict

import "time"

// Severity orders judgements. "Looked and healthy" and "did not look" are never
// the same value.
type Severity int

// The severities. Healthy is 0; 1 and 2 are suspicious; 3 is an incident.
const (
	Inconclusive Severity = -1
	Healthy      Severity = 0
	Notice       Severity = 1
	Warning      Severity = 2
	Critical     Severity = 3
)

// String returns the severity's word as shown in panels.
func (s Severity) String() string {
	switch s {
	case Healthy:
		return "healthy"
	case Notice:
		return "notice"
	case Warning:
		return "warning"
	case Critical:
		return "critical"
	}
	return "inconclusive"
}

// Word returns the verdict that the severity stands for: healthy, suspicious,
// incident or inconclusive.
func (s Severity) Word() string {
	switch s {
	case Healthy:
		return "healthy"
	case Notice, Warning:
		return "suspicious"
	case Critical:
		return "incident"
	}
	return "inconclusive"
}

// Source says who judged.
type Source string

// The sources of a verdict.
const (
	SourceModel Source = "model"
	SourceRules Source = "rules"
)

// Category is what a finding is about, one of [Categories].
type Category string

// The categories that code refers to by name; all are in [Categories].
const (
	CategoryNone    Category = "none"
	CategoryOther   Category = "other"
	CategorySilence Category = "silence"
)

// Categories returns the closed set of categories in the order of the schema.
func Categories() []Category {
	return []Category{
		"memory", "cpu", "disk", "network", "dns", "certificate", "auth", "security", "database", "cache", "messaging",
		"dependency", "deployment", "configuration", "image", "node", "control_plane", "application", CategorySilence, CategoryNone, CategoryOther,
	}
}

// A Finding is one thing that the judge saw, with the patterns that show it.
type Finding struct {
	Category Category `json:"category"`
	// Patterns are ids from the dictionary that the judge was given, never
	// anything else.
	Patterns []string `json:"patterns"`
	// Reason says why; rules fill it, the model does not.
	Reason string `json:"reason,omitempty"`
}

// ProbabilityUnknown is the probability where the rules alone judged.
const ProbabilityUnknown = -1.0

// A Verdict is the judgement on one group of logs.
type Verdict struct {
	Severity Severity
	// Probability is that of an incident, 0 to 1, or [ProbabilityUnknown]. Calibrated says
	// that golden cases corrected it; RawProbability is what the model's tokens say.
	Probability    float64
	RawProbability float64
	Calibrated     bool
	Category       Category
	Findings       []Finding
	Summary        string
	RootCause      string
	NextStep       string
	// Fields are the prompt's own output fields by name.
	Fields map[string]any

	RulesSeverity Severity
	// Contested says that the model judged milder than a fatal signature allows.
	Contested bool
	// SuspectedInjection says that a log line talks to the model.
	SuspectedInjection bool
	// Overruled tells which of the users' rules decided something, and why.
	Overruled string
	// Rejected counts findings that were dropped because their patterns do not
	// support a claim.
	Rejected int

	Source Source
	Cached bool
	// Held says that the severity is an earlier one, see [Series]; category, prose, source
	// and model are then of the verdict that gave it.
	Held bool
	// End is the end of the last window that the verdict describes, and ModelEnd that of
	// the model's last verdict on the series. Both are zero where they are not known.
	End, ModelEnd time.Time
	// Degraded says that a model was to judge and could not; Notices say why.
	Degraded bool
	Model    string
}
