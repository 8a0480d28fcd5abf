package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of the user's rules.
const (
	maxRulesDocument = 64 << 10 // bytes of YAML
	maxRules         = 1000     // of a set
	maxDocumentRules = 200      // of a document
	maxRulePattern   = 1024     // bytes
	maxRuleText      = 300      // bytes of a reason and of a name
	maxRuleStreams   = 8
	// maxBenign is how long a pattern can be called benign: what is normal must be confirmed.
	maxBenign = 366 * 24 * time.Hour
)

// A Rule is a user's own signature, or a pattern that the user calls benign.
type Rule struct {
	ID string `json:"id" yaml:"id"`
	// Pattern is literal text in which <_> stands for any text of at least one byte, as in
	// Loki's pattern filter; it is compared with all of a line, and case counts. Template is
	// a mined template, to the letter. A rule has one of them.
	Pattern  string `json:"pattern,omitempty" yaml:"pattern,omitempty"`
	Template string `json:"template,omitempty" yaml:"template,omitempty"`
	// Streams are labels that a stream must have; * in a value stands for any text.
	Streams map[string]string `json:"streams,omitempty" yaml:"streams,omitempty"`
	// Benign says that such lines are normal; other rules have a category and a severity
	// from 1 to 3, of which 3 is fatal.
	Benign   bool             `json:"benign,omitempty" yaml:"benign,omitempty"`
	Category verdict.Category `json:"category,omitempty" yaml:"category,omitempty"`
	Severity verdict.Severity `json:"severity,omitempty" yaml:"severity,omitempty"`
	// Reason says why, to those who read the verdict.
	Reason string `json:"reason" yaml:"reason"`
	// Expires is when the rule ceases to apply; a day lasts to its end in UTC. A benign rule
	// must expire within a year.
	Expires RuleTime `json:"expires,omitzero" yaml:"expires,omitempty"`
	// By and At say who wrote the rule, and when.
	By string   `json:"by,omitempty" yaml:"by,omitempty"`
	At RuleTime `json:"at,omitzero" yaml:"at,omitempty"`
}

// A RuleTime is a moment that is written in RFC 3339, or a day, which means its end in UTC.
type RuleTime struct{ time.Time }

// UnmarshalText implements [encoding.TextUnmarshaler], for JSON and YAML.
func (t *RuleTime) UnmarshalText(text []byte) error {
	if day, err := time.Parse(time.DateOnly, string(text)); err == nil {
		t.Time = day.Add(24*time.Hour - time.Second)
		return nil
	}
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("the time %q is neither a day such as 2027-01-31 nor RFC 3339 such as 2027-01-31T10:00:00Z", clip(string(text)))
	}
	t.Time = at
	return nil
}

// UnmarshalYAML implements [yaml.Unmarshaler].
func (t *RuleTime) UnmarshalYAML(n *yaml.Node) error { return t.UnmarshalText([]byte(n.Value)) }

// MarshalYAML implements [yaml.Marshaler].
func (t RuleTime) MarshalYAML() (any, error) { return t.Format(time.RFC3339), nil }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *RuleTime) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return errors.New("a time must be a string: a day such as 2027-01-31, or RFC 3339")
	}
	return t.UnmarshalText([]byte(text))
}

// MarshalJSON implements [json.Marshaler].
func (t RuleTime) MarshalJSON() ([]byte, error) { return json.Marshal(t.Format(time.RFC3339)) }

func clip(s string) string { return s[:min(len(s), 60)] }

// ParseRules reads YAML documents, each of one rule or of a list of rules. An error names
// the line and says what to change; no rule of such a text is returned.
func ParseRules(raw []byte) ([]Rule, error) {
	if len(raw) > maxRulesDocument {
		return nil, fmt.Errorf("the rules have %d bytes, at most %d are allowed", len(raw), maxRulesDocument)
	}
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var out []Rule
	lines := map[string]int{}
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		for _, n := range ruleNodes(&doc) {
			if len(out) == maxDocumentRules {
				return nil, fmt.Errorf("line %d: more than %d rules", n.Line, maxDocumentRules)
			}
			r, err := parseRule(n)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n.Line, err)
			}
			if at, ok := lines[r.ID]; ok {
				return nil, fmt.Errorf("line %d: the id %q is that of the rule in line %d", n.Line, r.ID, at)
			}
			lines[r.ID] = n.Line
			out = append(out, r)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("line 1: there is no rule")
	}
	return out, nil
}

// ruleNodes returns the nodes of a document's rules.
func ruleNodes(doc *yaml.Node) []*yaml.Node {
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil
	}
	root := doc.Content[0]
	if root.Kind == yaml.SequenceNode {
		return root.Content
	}
	if root.Tag == "!!null" {
		return nil
	}
	return []*yaml.Node{root}
}

var ruleFields = setOf("id", "pattern", "template", "streams", "benign", "category", "severity", "reason", "expires", "by", "at")

func parseRule(n *yaml.Node) (Rule, error) {
	var r Rule
	if n.Kind != yaml.MappingNode {
		return r, errors.New("a rule must be a mapping with an id, a pattern or template, and a reason")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; !ruleFields[k.Value] {
			return r, fmt.Errorf("there is no field %q", clip(k.Value))
		}
	}
	if err := n.Decode(&r); err != nil {
		return r, err
	}
	return r, r.Check()
}

var ruleIDExpr = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,79}$`)

// Check reports what is wrong with a rule: that it has no reason, would match everything,
// is benign for ever, or exceeds a bound.
func (r *Rule) Check() error {
	switch {
	case !ruleIDExpr.MatchString(r.ID):
		return fmt.Errorf("id %q: use up to 80 letters, digits, dots, dashes, underscores and slashes", clip(r.ID))
	case (r.Pattern == "") == (r.Template == ""):
		return errors.New("a rule needs either a pattern or a template")
	case len(r.Pattern) > maxRulePattern || len(r.Template) > 4*maxRulePattern:
		return fmt.Errorf("the pattern is longer than %d bytes", maxRulePattern)
	case strings.TrimSpace(r.Reason) == "":
		return errors.New("reason is missing: say why, for those who read the verdict")
	case len(r.Reason) > maxRuleText || len(r.By) > maxRuleText:
		return fmt.Errorf("reason and by must have at most %d bytes", maxRuleText)
	case len(r.Streams) > maxRuleStreams:
		return fmt.Errorf("more than %d labels in streams", maxRuleStreams)
	}
	if err := r.checkText(); err != nil {
		return err
	}
	if r.Benign {
		return r.checkBenign()
	}
	switch {
	case r.Severity < verdict.Notice || r.Severity > verdict.Critical:
		return errors.New("severity must be 1, 2 or 3, or benign must be true")
	case r.Category == verdict.CategoryNone || !slices.Contains(verdict.Categories(), r.Category):
		return fmt.Errorf("category %q is none of %v", clip(string(r.Category)), verdict.Categories())
	}
	return nil
}

func (r *Rule) checkBenign() error {
	switch {
	case r.Severity != 0 || r.Category != "":
		return errors.New("a benign rule has no severity and no category")
	case r.Expires.IsZero():
		return errors.New("expires is missing: what is benign must be confirmed at least once a year")
	case !r.At.IsZero() && r.Expires.Sub(r.At.Time) > maxBenign:
		return errors.New("expires is more than a year after at: what is benign must be confirmed at least once a year")
	}
	return nil
}

// minLiteral is how many bytes of literal text a pattern needs, and how many letters or
// digits a template.
const minLiteral = 6

// checkText refuses what would match nearly everything.
func (r *Rule) checkText() error {
	for k, v := range r.Streams {
		if k == "" || v == "" || len(k)+len(v) > maxRuleText {
			return errors.New("streams must name labels and their values; * stands for any text")
		}
	}
	words := 0
	for _, c := range placeholderExpr.ReplaceAllString(r.Template, " ") {
		if c > ' ' && (c >= 0x80 || isWordByte(byte(c))) {
			words++
		}
	}
	if r.Template != "" && words < minLiteral {
		return fmt.Errorf("the template has fewer than %d letters outside of placeholders, it would match too much", minLiteral)
	}
	if r.Pattern == "" {
		return nil
	}
	if strings.Contains(r.Pattern, wildcardText+wildcardText) {
		return errors.New("the pattern has two <_> in a row: use one")
	}
	if len(strings.TrimSpace(foldText(longestLiteral(r.Pattern)))) < minLiteral {
		return fmt.Errorf("the pattern has no literal text of %d bytes, it would match too much", minLiteral)
	}
	return nil
}

// placeholderExpr is a placeholder of a template.
var placeholderExpr = regexp.MustCompile(`<[a-z*]+>`)

// wildcardText stands for any text in a pattern.
const wildcardText = "<_>"

func longestLiteral(pattern string) (longest string) {
	for piece := range strings.SplitSeq(pattern, wildcardText) {
		if len(piece) > len(longest) {
			longest = piece
		}
	}
	return longest
}

// MaxOverrule is how long what a user overrules lasts at most: it is read back from the
// history, and Loki's default limit of a query's length allows no more.
const MaxOverrule = 30 * 24 * time.Hour

// OverruleID returns the id of a rule that overrules: the same for the same lines, so that
// a later one takes its place.
func (r *Rule) OverruleID() string {
	return "overrule-" + verdict.KeyOf(r.Pattern, r.Template, fmt.Sprint(r.Streams)).String()[:12]
}
