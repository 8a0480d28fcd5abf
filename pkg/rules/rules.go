// Package rules judges patterns without a model: fatal signatures, the share of
// error lines, what is new and what bursts. Its verdict is always there: the
// floor that a model cannot undercut, the fallback while no model answers, and
// the baseline that a prompt must beat. It is pure and explains itself.
package rules

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

//go:embed signatures.yaml
var builtIn []byte

// A Signature is a wording that tells by itself what happened.
type Signature struct {
	ID string `yaml:"id"`
	// Any are texts of which one must occur in a line, All such that must all;
	// both ignore case.
	Any      []string         `yaml:"any"`
	All      []string         `yaml:"all"`
	Category verdict.Category `yaml:"category"`
	// Severity is 1 to 3; 3 is fatal.
	Severity verdict.Severity `yaml:"severity"`
	Reason   string           `yaml:"reason"`
	// Example is a line that the signature matches.
	Example string `yaml:"example"`
	// Injection marks wordings that are addressed to a model.
	Injection bool `yaml:"injection"`

	any, all []int // the numbers of the texts in the set's finder
}

// A Set is the signatures that a verdict is made with. It is immutable.
type Set struct {
	signatures []Signature
	finder     *finder
}

// BuiltIn returns the signatures that the plugin ships with.
func BuiltIn() (*Set, error) { return Parse(builtIn) }

// Parse reads signatures from YAML. It refuses a signature that would match
// everything, has no reason, or does not match its own example.
func Parse(raw []byte) (*Set, error) {
	var list []Signature
	if err := yaml.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	for i := range list {
		s := &list[i]
		lower(s.Any)
		lower(s.All)
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("signature %d (%s): %w", i+1, s.ID, err)
		}
	}
	set := &Set{signatures: list, finder: newFinder(list)}
	for i := range list {
		found := make([]bool, len(set.finder.texts))
		set.finder.find(list[i].Example, nil, found)
		if !list[i].matches(found) {
			return nil, fmt.Errorf("signature %d (%s): the example does not match", i+1, list[i].ID)
		}
	}
	return set, nil
}

func lower(texts []string) {
	for i, t := range texts {
		texts[i] = strings.ToLower(t)
	}
}

func (s *Signature) check() error {
	switch {
	case s.ID == "":
		return errors.New("id is missing")
	case len(s.Any)+len(s.All) == 0:
		return errors.New("any or all must name a text")
	case s.Severity < verdict.Notice || s.Severity > verdict.Critical:
		return errors.New("severity must be 1, 2 or 3")
	case s.Reason == "":
		return errors.New("reason is missing")
	}
	for _, t := range append(append([]string{}, s.Any...), s.All...) {
		if len(t) < 4 {
			return fmt.Errorf("the text %q is too short to tell anything", t)
		}
	}
	return nil
}

// Input is what the rules judge.
type Input struct {
	Patterns []patterns.Pattern
	// Lines is how many lines were read; 0 is a window without logs.
	Lines int
	// HasBaseline says that the patterns' changes are known.
	HasBaseline bool
}

// A Finding is one reason for the verdict. Patterns are indexes into
// Input.Patterns.
type Finding struct {
	Rule     string
	Category verdict.Category
	Severity verdict.Severity
	Patterns []int
	Reason   string
}

// A Result is the rules verdict.
type Result struct {
	Severity verdict.Severity
	Category verdict.Category
	// Findings are ordered from the most to the least severe.
	Findings []Finding
	// Fatal says that a fatal signature matched, so that no model may judge milder.
	Fatal bool
	// Injection says that a line talks to the model.
	Injection bool
	Summary   string
}
