package verdict

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ErrAnswer is wrapped by every error of [ParseAnswer].
var ErrAnswer = errors.New("the model's answer does not have the required form")

// An Answer is what a model wrote, checked.
type Answer struct {
	Severity  Severity  `json:"severity"`
	Findings  []Finding `json:"findings,omitempty"`
	Fields    Values    `json:"fields,omitempty"`
	Summary   string    `json:"summary,omitempty"`
	RootCause string    `json:"root_cause,omitempty"`
	NextStep  string    `json:"next_step,omitempty"`
	// Partial says that only the head was read: the prose and the fields are
	// missing, not empty.
	Partial bool `json:"partial,omitempty"`
}

// maxAnswer bounds the text of an answer, in bytes. An answer of 2,000 tokens, the
// most that a prompt may ask for, is a fifth of it.
const maxAnswer = 64 << 10

// ParseAnswer reads a model's answer and checks everything again that the schema
// asked for, because a server can answer 200 without having enforced it. ids
// are the pattern ids that the model was given: a finding that cites anything
// else is an error, and so are a key that occurs twice, a number that is no
// integer, and a text of more than 64 KiB. Keys are compared byte by byte. Verdict
// and severity agree in the result; where the answer's two differ, the verdict
// word decides and the severity is moved into its range. Prose comes back plain:
// see [Plain]. Errors repeat at most one short word of the answer.
func ParseAnswer(raw string, ids []string, fields []Field, words Words) (Answer, error) {
	if len(raw) > maxAnswer {
		return Answer{}, fmt.Errorf("%w: it has %d bytes, at most %d are read", ErrAnswer, len(raw), maxAnswer)
	}
	members := map[string]json.RawMessage{}
	err := eachMember(raw, func(key string, value json.RawMessage) error {
		members[key] = value
		return nil
	})
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %s", ErrAnswer, jsonReason(err, raw))
	}
	a, err := headOf(members, ids, words)
	if err != nil {
		return Answer{}, err
	}
	if a.Summary, err = prose(members, keySummary); err != nil {
		return Answer{}, err
	}
	if a.RootCause, err = prose(members, keyRootCause); err != nil {
		return Answer{}, err
	}
	if a.NextStep, err = prose(members, keyNextStep); err != nil {
		return Answer{}, err
	}
	if a.Fields, err = parseFields(members, fields); err != nil {
		return Answer{}, err
	}
	return a, nil
}

// headOf reads what code acts upon out of an answer's members.
func headOf(members map[string]json.RawMessage, ids []string, words Words) (Answer, error) {
	for _, key := range headKeys() {
		if missing(members[key]) {
			return Answer{}, fmt.Errorf("%w: %s is missing", ErrAnswer, key)
		}
	}
	word, ok := stringOf(members[keyVerdict])
	if !ok {
		return Answer{}, fmt.Errorf("%w: verdict is no string", ErrAnswer)
	}
	n, ok := integerOf(members[keySeverity])
	if !ok {
		return Answer{}, fmt.Errorf("%w: severity is no integer", ErrAnswer)
	}
	severity, err := severityOf(word, n, words)
	if err != nil {
		return Answer{}, err
	}
	findings, err := findingsOf(members[keyFindings], ids)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Severity: severity, Findings: findings}, nil
}

func findingsOf(raw json.RawMessage, ids []string) ([]Finding, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("%w: findings is no array", ErrAnswer)
	}
	if len(items) > MaxFindings {
		return nil, fmt.Errorf("%w: %d findings, at most %d are allowed", ErrAnswer, len(items), MaxFindings)
	}
	var findings []Finding
	for _, item := range items {
		f, err := findingOf(item, ids)
		if err != nil {
			return nil, err
		}
		findings = append(findings, f)
	}
	return findings, nil
}

func findingOf(raw json.RawMessage, ids []string) (Finding, error) {
	members := map[string]json.RawMessage{}
	err := eachMember(string(raw), func(key string, value json.RawMessage) error {
		members[key] = value
		return nil
	})
	if err != nil {
		return Finding{}, fmt.Errorf("%w: a finding is no object", ErrAnswer)
	}
	category, _ := stringOf(members["category"])
	if !slices.Contains(Categories(), Category(category)) {
		return Finding{}, fmt.Errorf("%w: unknown category %q", ErrAnswer, clip(category))
	}
	var items []json.RawMessage
	_ = json.Unmarshal(members["patterns"], &items) // what is no array cites nothing
	if len(items) == 0 || len(items) > MaxFindingPatterns {
		return Finding{}, fmt.Errorf("%w: a finding cites %d patterns, 1 to %d are allowed", ErrAnswer, len(items), MaxFindingPatterns)
	}
	f := Finding{Category: Category(category)}
	for _, item := range items {
		id, ok := stringOf(item)
		if !ok || !slices.Contains(ids, id) {
			return Finding{}, fmt.Errorf("%w: evidence %q is no pattern of the request", ErrAnswer, clip(id))
		}
		if !slices.Contains(f.Patterns, id) {
			f.Patterns = append(f.Patterns, id)
		}
	}
	return f, nil
}

func jsonReason(err error, raw string) string {
	switch {
	case strings.TrimSpace(raw) == "":
		return "it is empty"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the JSON is cut off"
	}
	return err.Error()
}

func severityOf(word string, n int64, words Words) (Severity, error) {
	switch word {
	case words.OK:
		return Healthy, nil
	case words.Warning:
		return Severity(min(max(n, int64(Notice)), int64(Warning))), nil
	case words.Critical:
		return Critical, nil
	case words.Unknown:
		return Inconclusive, nil
	}
	return 0, fmt.Errorf("%w: unknown verdict %q", ErrAnswer, clip(word))
}

// prose reads a text of the answer's tail. One that is missing is empty: the
// judgement does not depend on it.
func prose(members map[string]json.RawMessage, key string) (string, error) {
	raw := members[key]
	if missing(raw) {
		return "", nil
	}
	s, ok := stringOf(raw)
	if !ok {
		return "", fmt.Errorf("%w: %s is no string", ErrAnswer, key)
	}
	return Plain(s, MaxProse), nil
}

func parseFields(members map[string]json.RawMessage, fields []Field) (Values, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	out := make(Values, len(fields))
	for _, f := range fields {
		v, err := parseField(members[f.Name], f)
		if err != nil {
			return nil, fmt.Errorf("%w: field %q: %w", ErrAnswer, f.Name, err)
		}
		out[f.Name] = v
	}
	return out, nil
}

func parseField(raw json.RawMessage, f Field) (any, error) {
	if missing(raw) {
		return nil, errors.New("is missing")
	}
	switch f.Type {
	case FieldInteger:
		n, ok := integerOf(raw)
		if !ok {
			return nil, errors.New("is no integer")
		}
		if low, high := f.Bounds(); n < int64(low) || n > int64(high) {
			return nil, fmt.Errorf("is %d, outside %d to %d", n, low, high)
		}
		return n, nil
	case FieldBoolean:
		switch string(raw) {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, errors.New("is no boolean")
	default:
		s, ok := stringOf(raw)
		if !ok {
			return nil, errors.New("is no string")
		}
		if len(f.Enum) > 0 {
			if !slices.Contains(f.Enum, s) {
				return nil, fmt.Errorf("is %q, none of the allowed values", clip(s))
			}
			return s, nil
		}
		return Plain(s, MaxFieldString), nil
	}
}

// clip shortens what an error repeats of an answer to one word.
func clip(s string) string {
	for word := range strings.FieldsSeq(s) {
		return Plain(word, 24)
	}
	return ""
}
