// Package golden holds the golden cases: frozen windows of logs with the judgement that is
// right about them, and what judges made of them. It knows the files' formats; how cases
// are generated, recorded, pushed, evaluated and reported is in the packages below it.
package golden

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// SchemaVersion is the version of the case format that this package writes and reads.
const SchemaVersion = 1

// CaseSchema is the JSON Schema of a [Case], one line of a dataset.
//
//go:embed case.schema.json
var CaseSchema []byte

// Split says what a case may be used for.
type Split string

// The splits. Signatures, prompts and calibrations are made with the dev split; figures
// are reported of the test split. What is in the canary split nobody may have seen.
const (
	Dev    Split = "dev"
	Test   Split = "test"
	Hidden Split = "canary"
)

// A Case is a frozen window of logs and the judgement that is right about it.
type Case struct {
	ID            string     `json:"id"`
	SchemaVersion int        `json:"schema_version"`
	Generator     *Generator `json:"generator,omitempty"`
	Split         Split      `json:"split"`
	// GroupID names the cases that tell the same story; a group lies in one split whole.
	GroupID    string     `json:"group_id"`
	Query      Query      `json:"query"`
	Streams    []Stream   `json:"streams"`
	Expected   Expected   `json:"expected"`
	Prompts    []string   `json:"prompts,omitempty"`
	Tags       []string   `json:"tags,omitempty"`
	Provenance Provenance `json:"provenance"`
	// Canary is a text that occurs nowhere but in test cases: where a prompt, a signature or
	// a model knows it, they have seen what they are measured with.
	Canary string `json:"canary,omitempty"`
}

// A Generator says how a synthetic case came about; the same one gives the same case.
type Generator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Seed    uint64 `json:"seed"`
	// Scenario is the family of failures.
	Scenario string            `json:"scenario"`
	Params   map[string]string `json:"params,omitempty"`
}

// A Query is what the logs answer. Start is exclusive and End inclusive, as of a range in
// LogQL.
type Query struct {
	LogQL     string    `json:"logql"`
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Limit     int       `json:"limit,omitempty"`
	Direction string    `json:"direction,omitempty"`
	// Baseline is how far back the window to compare with lies, as in "1h"; its lines are
	// among the streams'. Empty for none.
	Baseline string `json:"baseline,omitempty"`
	// Frozen says that the streams are what the query gave, so that its stages are not run
	// again.
	Frozen bool `json:"frozen,omitempty"`
}

// A Stream is a log stream.
type Stream struct {
	Labels map[string]string `json:"labels"`
	Lines  []Line            `json:"lines"`
}

// Role is what a line is to the story.
type Role string

// The roles. A cause explains the symptoms; a distractor looks as if it did; an injection
// talks to the model.
const (
	Background Role = "background"
	Symptom    Role = "symptom"
	Cause      Role = "cause"
	Distractor Role = "distractor"
	Injection  Role = "injection"
)

// A Line is one log entry.
type Line struct {
	// ID names the line in Expected; empty stands for [LineID].
	ID string `json:"id,omitempty"`
	// Offset is nanoseconds from the query's start; what lies before is the baseline's.
	Offset int64  `json:"ts_offset_ns"`
	Text   string `json:"line"`
	Role   Role   `json:"role,omitempty"`
}

// LineID is the id of a line without one: its place, counted from 0.
func LineID(stream, line int) string {
	return "s" + strconv.Itoa(stream) + "l" + strconv.Itoa(line)
}

// Expected is the judgement that is right.
type Expected struct {
	// Verdict agrees with Severity, see [verdict.Severity.Word].
	Verdict  string           `json:"verdict"`
	Severity verdict.Severity `json:"severity"`
	Category verdict.Category `json:"category"`
	// Categories are others that count as right too.
	Categories []verdict.Category `json:"categories,omitempty"`
	RootCause  RootCause          `json:"root_cause,omitzero"`
	// EvidenceMust are the lines of which a finding has to cite at least one, EvidenceMay
	// those that it may cite besides.
	EvidenceMust []string `json:"evidence_must,omitempty"`
	EvidenceMay  []string `json:"evidence_may,omitempty"`
	// ForbiddenClaims are texts that an answer's prose must not contain, whatever their case.
	ForbiddenClaims []string `json:"forbidden_claims,omitempty"`
	// AbstainOK says that inconclusive is no mistake.
	AbstainOK bool `json:"abstain_ok,omitempty"`
}

// A RootCause is what the incident comes from.
type RootCause struct {
	Component string `json:"component,omitempty"`
	Code      string `json:"code,omitempty"`
}

// Provenance says where a case's lines come from and who judged them.
type Provenance struct {
	Source  string `json:"source"`
	Licence string `json:"licence,omitempty"`
	// SHA256 is of the streams' canonical JSON, see [Case.Hash].
	SHA256 string `json:"sha256,omitempty"`
	// Redaction is the version of the masking that real lines went through.
	Redaction string `json:"redaction_version,omitempty"`
	// LabelledBy says who gave Expected, Recorded when the window was frozen.
	LabelledBy string    `json:"labelled_by,omitempty"`
	Recorded   time.Time `json:"recorded,omitzero"`
	Note       string    `json:"note,omitempty"`
}

// Family is the family of failures that a case belongs to, its group where it has none.
func (c *Case) Family() string {
	if c.Generator != nil && c.Generator.Scenario != "" {
		return c.Generator.Scenario
	}
	return c.GroupID
}

// Lines counts the lines of the window and of the baseline.
func (c *Case) Lines() (window, baseline int) {
	for _, s := range c.Streams {
		for i := range s.Lines {
			if s.Lines[i].Offset > 0 {
				window++
			} else {
				baseline++
			}
		}
	}
	return window, baseline
}

// LineID returns the id of a line of the case: its own, else its place.
func (c *Case) LineID(stream, line int) string {
	if id := c.Streams[stream].Lines[line].ID; id != "" {
		return id
	}
	return LineID(stream, line)
}

// Hash returns the SHA-256 over what a judge sees of the case, its query and streams, in
// hexadecimal.
func (c *Case) Hash() string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	enc.SetEscapeHTML(false)
	for _, part := range []any{c.Query, c.Streams} {
		if err := enc.Encode(part); err != nil { // strings, numbers and times of a checked case can be encoded
			panic(err)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Back returns how far back the baseline lies, 0 for none. A checked case has no error
// here.
func (q *Query) Back() (time.Duration, error) {
	if q.Baseline == "" {
		return 0, nil
	}
	return gtime.ParseDuration(q.Baseline)
}

// Check says what is wrong with a case, in words that name the field; nil where nothing is.
func (c *Case) Check() error {
	if err := c.check(); err != nil {
		return fmt.Errorf("case %q: %w", c.ID, err)
	}
	return nil
}

func (c *Case) check() error {
	switch {
	case c.ID == "":
		return errors.New("id is missing")
	case c.SchemaVersion != SchemaVersion:
		return fmt.Errorf("schema_version is %d; this program reads %d", c.SchemaVersion, SchemaVersion)
	case c.Split != Dev && c.Split != Test && c.Split != Hidden:
		return fmt.Errorf("split %q is none of dev, test, canary", c.Split)
	case c.GroupID == "":
		return errors.New("group_id is missing")
	case c.Query.LogQL == "":
		return errors.New("query.logql is missing")
	case !c.Query.End.After(c.Query.Start):
		return errors.New("query.end must be after query.start")
	}
	if back, err := c.Query.Back(); err != nil {
		return fmt.Errorf("query.baseline: %w", err)
	} else if back != 0 && back < c.Query.End.Sub(c.Query.Start) {
		return fmt.Errorf("query.baseline %s is shorter than the window", c.Query.Baseline)
	}
	ids, err := c.checkLines()
	if err != nil {
		return err
	}
	return c.Expected.check(ids)
}

// checkLines returns the ids of all lines.
func (c *Case) checkLines() (map[string]bool, error) {
	ids := map[string]bool{}
	length := int64(c.Query.End.Sub(c.Query.Start))
	for i, s := range c.Streams {
		if len(s.Labels) == 0 {
			return nil, fmt.Errorf("streams[%d] has no labels", i)
		}
		for j, l := range s.Lines {
			id := c.LineID(i, j)
			switch {
			case ids[id]:
				return nil, fmt.Errorf("streams[%d].lines[%d]: the id %q is taken", i, j, id)
			case l.Offset > length:
				return nil, fmt.Errorf("streams[%d].lines[%d] lies behind the window's end", i, j)
			case j > 0 && l.Offset < s.Lines[j-1].Offset:
				return nil, fmt.Errorf("streams[%d].lines[%d] is earlier than the line before it", i, j)
			}
			ids[id] = true
		}
	}
	return ids, nil
}

func (e *Expected) check(ids map[string]bool) error {
	if e.Severity < verdict.Inconclusive || e.Severity > verdict.Critical {
		return fmt.Errorf("expected.severity is %d, allowed are -1 to 3", e.Severity)
	}
	if e.Verdict != e.Severity.Word() {
		return fmt.Errorf("expected.verdict %q and severity %d disagree: severity %d is %s", e.Verdict, e.Severity, e.Severity, e.Severity.Word())
	}
	for _, c := range append([]verdict.Category{e.Category}, e.Categories...) {
		if !slices.Contains(verdict.Categories(), c) {
			return fmt.Errorf("expected.category %q is none of %v", c, verdict.Categories())
		}
	}
	for _, id := range slices.Concat(e.EvidenceMust, e.EvidenceMay) {
		if !ids[id] {
			return fmt.Errorf("expected names the line %q, which no stream has", id)
		}
	}
	return nil
}
