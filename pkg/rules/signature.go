package rules

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

//go:embed signatures/*.yaml
var signatureFiles embed.FS

// A Signature is a wording that tells by itself what happened, where a component prints
// it that prints such wordings.
type Signature struct {
	ID string `yaml:"id"`
	// Any are texts of which one must occur in a line's own words, All such that must all,
	// Not such that must not, and Start such of which one must begin the message; all
	// ignore case and runs of white space. A text that ends in * may end within a word.
	Any   []string `yaml:"any"`
	All   []string `yaml:"all"`
	Not   []string `yaml:"not"`
	Start []string `yaml:"start"`
	// Streams are the components and classes that print it.
	Streams  []string         `yaml:"streams"`
	Category verdict.Category `yaml:"category"`
	// Severity is 1 to 3; 3 is fatal. Where Min is set it takes that many lines in the
	// window; fewer have the severity Few.
	Severity verdict.Severity `yaml:"severity"`
	Min      int              `yaml:"min"`
	Few      verdict.Severity `yaml:"few"`
	// Lasts says what a line of a fatal signature tells of the time after it; see [Lasts].
	Lasts Lasts `yaml:"lasts"`
	// Mass is what so many lines are that users must be affected.
	Mass   *Mass  `yaml:"mass"`
	Reason string `yaml:"reason"`
	// Source is where the wording stands: a project and a file of it, or a document.
	Source string `yaml:"source"`
	// Examples are lines that the signature matches, as components print them.
	Examples []string `yaml:"examples"`

	any, start []int // the numbers of the texts in the set's finder
	all        []int
}

// Lasts is how long what a fatal signature tells of goes on.
type Lasts string

const (
	// LastsOnce is a failure that is over when it was printed, such as a crash: it is
	// critical where it repeats and others fail as well.
	LastsOnce Lasts = ""
	// LastsState is a state that goes on until its end is stated, such as a node that is
	// not ready.
	LastsState Lasts = "state"
	// LastsGood is what does not heal by itself, such as damaged data: one line is enough,
	// whatever is printed afterwards.
	LastsGood Lasts = "good"
)

// Mass is a severity that takes a number of lines and a share of all lines.
type Mass struct {
	Severity verdict.Severity `yaml:"severity"`
	Min      int              `yaml:"min"`
	Share    float64          `yaml:"share"`
}

func builtInSignatures() ([]Signature, error) {
	files, err := fs.Glob(signatureFiles, "signatures/*.yaml")
	if err != nil {
		return nil, err
	}
	var all []Signature
	for _, name := range files {
		raw, err := signatureFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list, err := parseSignatures(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, list...)
	}
	return all, nil
}

func parseSignatures(raw []byte) ([]Signature, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var list []Signature
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	for i := range list {
		s := &list[i]
		s.foldTexts()
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("signature %d (%s): %w", i+1, s.ID, err)
		}
	}
	return list, nil
}

// foldTexts folds the texts as lines are.
func (s *Signature) foldTexts() {
	for _, texts := range [][]string{s.Any, s.All, s.Not, s.Start} {
		for k, t := range texts {
			texts[k] = foldText(t)
		}
	}
}

func (s *Signature) check() error {
	switch {
	case s.ID == "":
		return errors.New("id is missing")
	case len(s.Any)+len(s.All)+len(s.Start) == 0:
		return errors.New("any, all or start must name a text")
	case s.Severity < verdict.Notice || s.Severity > verdict.Critical:
		return errors.New("severity must be 1, 2 or 3")
	case s.Few < 0 || s.Few > s.Severity || s.Min < 0:
		return errors.New("few must be at most severity, and min not negative")
	case s.Mass != nil && (s.Mass.Severity <= s.Severity || s.Mass.Severity > verdict.Critical || s.Mass.Min < 2 || s.Mass.Share < 0 || s.Mass.Share > 1):
		return errors.New("mass must have a severity above the signature's, a min above 1 and a share up to 1")
	case s.Lasts != LastsOnce && s.Lasts != LastsState && s.Lasts != LastsGood || s.Lasts != LastsOnce && s.Severity != verdict.Critical:
		return errors.New("lasts must be state or good, of a signature with severity 3")
	case !slices.Contains(verdict.Categories(), s.Category):
		return fmt.Errorf("category %q is none", s.Category)
	case s.Reason == "":
		return errors.New("reason is missing")
	case len(s.Streams) == 0:
		return errors.New("streams must name the components or classes that print it")
	case len(s.Examples) == 0:
		return errors.New("examples are missing")
	}
	for _, t := range slices.Concat(s.Any, s.All, s.Start) {
		if len(strings.TrimSuffix(t, "*")) < gramBytes {
			return fmt.Errorf("the text %q is too short to tell anything", t)
		}
		if strings.Contains(strings.TrimSuffix(t, "*"), "*") {
			return fmt.Errorf("the text %q has a * that is not at its end", t)
		}
	}
	return nil
}

// register adds the texts to a finder.
func (s *Signature) register(f *finder) {
	number := func(texts []string) []int {
		out := make([]int, len(texts))
		for i, t := range texts {
			out[i] = f.add(strings.TrimSuffix(t, "*"))
		}
		return out
	}
	s.any, s.all, s.start = number(s.Any), number(s.All), number(s.Start)
}

// possible reports whether the texts that were found in a line can make the signature.
func (s *Signature) possible(found []bool) bool {
	for _, n := range s.all {
		if !found[n] {
			return false
		}
	}
	return oneOf(s.any, found) && oneOf(s.start, found)
}

func oneOf(numbers []int, found []bool) bool {
	for _, n := range numbers {
		if found[n] {
			return true
		}
	}
	return len(numbers) == 0
}

// said reports whether a voice says the signature.
func (s *Signature) said(v *voice) bool {
	for _, t := range s.All {
		if !v.says(t, false) {
			return false
		}
	}
	for _, t := range s.Not {
		if v.says(t, false) {
			return false
		}
	}
	return saysOne(v, s.Any, false) && saysOne(v, s.Start, true)
}

func saysOne(v *voice, texts []string, atStart bool) bool {
	for _, t := range texts {
		if v.says(t, atStart) {
			return true
		}
	}
	return len(texts) == 0
}

// severity is what count lines are, of total in the window, of which fresh are not as in
// the baseline. What is fatal ignores the baseline; what is not is nothing where the
// baseline has as much of it.
func (s *Signature) severity(count, fresh, total int) verdict.Severity {
	if s.Severity == verdict.Critical && count >= s.Min {
		return verdict.Critical
	}
	if m := s.Mass; m != nil && fresh >= m.Min && float64(fresh) >= m.Share*float64(total) {
		return m.Severity
	}
	if fresh == 0 {
		return verdict.Healthy
	}
	return s.steps(fresh)
}

func (s *Signature) steps(count int) verdict.Severity {
	if count < s.Min {
		return s.Few
	}
	return s.Severity
}
