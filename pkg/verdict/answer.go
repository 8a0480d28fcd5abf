package verdict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrAnswer is wrapped by every error of [ParseAnswer].
var ErrAnswer = errors.New("the model's answer does not have the required form")

// An Answer is what a model wrote, checked.
type Answer struct {
	Severity  Severity
	Findings  []Finding
	Fields    map[string]any
	Summary   string
	RootCause string
	NextStep  string
}

type wireAnswer struct {
	Findings []struct {
		Patterns []string `json:"patterns"`
		Category Category `json:"category"`
	} `json:"findings"`
	Verdict   *string `json:"verdict"`
	Severity  *int    `json:"severity"`
	Summary   string  `json:"summary"`
	RootCause string  `json:"root_cause"`
	NextStep  string  `json:"next_step"`
}

// ParseAnswer reads a model's answer and checks everything again that the schema
// asked for, because a server can answer 200 without having enforced it. ids
// are the pattern ids that the model was given: a finding that cites anything
// else is an error. Verdict and severity agree in the result; where the answer's
// two differ, the verdict word decides and the severity is moved into its range.
// Prose comes back plain: see [Plain].
func ParseAnswer(raw string, ids []string, fields []Field, words Words) (Answer, error) {
	var wire wireAnswer
	dec := json.NewDecoder(strings.NewReader(raw))
	if err := dec.Decode(&wire); err != nil {
		return Answer{}, fmt.Errorf("%w: %s", ErrAnswer, jsonReason(err, raw))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Answer{}, fmt.Errorf("%w: text follows the JSON object", ErrAnswer)
	}
	if wire.Verdict == nil || wire.Severity == nil {
		return Answer{}, fmt.Errorf("%w: verdict or severity is missing", ErrAnswer)
	}
	a := Answer{Summary: Plain(wire.Summary, MaxProse), RootCause: Plain(wire.RootCause, MaxProse), NextStep: Plain(wire.NextStep, MaxProse)}
	var err error
	if a.Severity, err = severityOf(*wire.Verdict, *wire.Severity, words); err != nil {
		return Answer{}, err
	}
	if len(wire.Findings) > MaxFindings {
		return Answer{}, fmt.Errorf("%w: %d findings, at most %d are allowed", ErrAnswer, len(wire.Findings), MaxFindings)
	}
	categories := Categories()
	for _, f := range wire.Findings {
		if !slices.Contains(categories, f.Category) {
			return Answer{}, fmt.Errorf("%w: unknown category %q", ErrAnswer, clip(string(f.Category)))
		}
		if len(f.Patterns) == 0 || len(f.Patterns) > MaxFindingPatterns {
			return Answer{}, fmt.Errorf("%w: a finding cites %d patterns, 1 to %d are allowed", ErrAnswer, len(f.Patterns), MaxFindingPatterns)
		}
		for _, id := range f.Patterns {
			if !slices.Contains(ids, id) {
				return Answer{}, fmt.Errorf("%w: evidence %q is no pattern of the request", ErrAnswer, clip(id))
			}
		}
		a.Findings = append(a.Findings, Finding{Category: f.Category, Patterns: unique(f.Patterns)})
	}
	a.Fields, err = parseFields(raw, fields)
	return a, err
}

func jsonReason(err error, raw string) string {
	if strings.TrimSpace(raw) == "" {
		return "it is empty"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "the JSON is cut off"
	}
	return err.Error()
}

func severityOf(word string, n int, words Words) (Severity, error) {
	switch word {
	case words.OK:
		return Healthy, nil
	case words.Warning:
		return Severity(min(max(n, int(Notice)), int(Warning))), nil
	case words.Critical:
		return Critical, nil
	case words.Unknown:
		return Inconclusive, nil
	}
	return 0, fmt.Errorf("%w: unknown verdict %q", ErrAnswer, clip(word))
}

func parseFields(raw string, fields []Field) (map[string]any, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &all); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrAnswer, err.Error())
	}
	out := make(map[string]any, len(fields))
	for _, f := range fields {
		v, err := parseField(all[f.Name], f)
		if err != nil {
			return nil, fmt.Errorf("%w: field %q: %s", ErrAnswer, f.Name, err.Error())
		}
		out[f.Name] = v
	}
	return out, nil
}

func parseField(raw json.RawMessage, f Field) (any, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, errors.New("is missing")
	}
	switch f.Type {
	case FieldInteger:
		var n int64
		if err := json.Unmarshal(raw, &n); err != nil {
			return nil, errors.New("is no integer")
		}
		if low, high := f.Bounds(); n < int64(low) || n > int64(high) {
			return nil, fmt.Errorf("is %d, outside %d to %d", n, low, high)
		}
		return n, nil
	case FieldBoolean:
		var b bool
		if err := json.Unmarshal(raw, &b); err != nil {
			return nil, errors.New("is no boolean")
		}
		return b, nil
	default:
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return nil, errors.New("is no string")
		}
		if len(f.Enum) > 0 && !slices.Contains(f.Enum, s) {
			return nil, fmt.Errorf("is %q, none of the allowed values", clip(s))
		}
		return Plain(s, MaxFieldString), nil
	}
}

// Plain makes a model's prose safe to show anywhere: one line of at most limit
// characters without control or bidirectional characters, markup or links. A
// model repeats what an attacker wrote into a log, so nothing in it may be
// clickable or change how the text around it is shown.
func Plain(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	n, space := 0, false
	for word := range strings.FieldsSeq(strings.Map(plainRune, s)) {
		if linked(word) {
			word = "[link removed]"
		}
		if space {
			word = " " + word
		}
		if k := utf8.RuneCountInString(word); n+k <= limit {
			b.WriteString(word)
			n += k
		} else {
			b.WriteString(string([]rune(word)[:max(0, limit-n-1)]) + "…")
			break
		}
		space = true
	}
	return strings.TrimSpace(b.String())
}

// plainRune drops what changes the text around it and replaces markup.
func plainRune(r rune) rune {
	switch {
	case r == '<' || r == '>' || r == '`' || r == '|':
		return ' '
	case unicode.IsSpace(r):
		return ' '
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r):
		return -1
	}
	return r
}

func linked(word string) bool {
	w := strings.ToLower(word)
	return strings.Contains(w, "://") || strings.Contains(w, "www.") || strings.Contains(w, "](") ||
		strings.HasPrefix(w, "javascript:") || strings.HasPrefix(w, "data:") || strings.HasPrefix(w, "mailto:")
}

func clip(s string) string { return Plain(s, 40) }

func unique(in []string) []string {
	out := make([]string, 0, len(in))
	for _, s := range in {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
