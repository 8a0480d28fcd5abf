// Package rules judges patterns without a model: signatures of failures, the share of
// error lines, what is new, what bursts and what went silent. Its verdict is always there:
// the floor that a model cannot undercut, the fallback while no model answers, and the
// baseline that a prompt must beat. It explains itself.
//
// A signature counts only where a component prints it that prints such wordings, and only
// in the line's own words: what users and callers can write into a log (a user agent, a
// path, a name) proves nothing. Users add signatures and benign patterns of their own; see
// [Rule]. The package performs no I/O, and all of its types are safe for concurrent use.
package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Set is the signatures and rules that a verdict is made with. It is immutable.
type Set struct {
	signatures []Signature
	context    []circumstance
	// byText are the signatures that a text of the finder announces, contextByText the
	// circumstances.
	byText        [][]int32
	contextByText [][]int32
	finder        *finder
	components    *components
	injection     *injectionSet
	harmless      *harmlessSet
	// http are the texts that announce an HTTP status.
	http map[int]bool
	user []userRule
	// userText are the user's rules that a text of the finder announces, byTemplate those
	// that name a template.
	userText   map[int][]int
	byTemplate map[string][]int
}

// BuiltIn returns the signatures that the plugin ships with.
func BuiltIn() (*Set, error) {
	list, err := builtInSignatures()
	if err != nil {
		return nil, err
	}
	s, err := newSet(list)
	if err != nil {
		return nil, err
	}
	return s, s.checkCovers()
}

// Parse returns a set of the signatures of a YAML list alone. It refuses a signature that
// would match everything, has no reason, or does not match its own examples.
func Parse(raw []byte) (*Set, error) {
	list, err := parseSignatures(raw)
	if err != nil {
		return nil, err
	}
	return newSet(list)
}

// WithoutSignatures returns a set without any signature: what is left is the share of error
// lines, novelty, bursts, silence, statuses of HTTP and lines that talk to the model. Golden
// runs measure by it what the signatures add.
func WithoutSignatures() (*Set, error) { return newSet(nil) }

// Hash returns the SHA-256 over what the set's signatures, components, harmless failures
// and texts of injections say, in hexadecimal. The users' rules are no part of it.
func (s *Set) Hash() (string, error) {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(s.signatures); err != nil {
		return "", err
	}
	h.Write(componentList)
	h.Write(injectionList)
	h.Write(contextList)
	h.Write(harmlessList)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func newSet(list []Signature) (*Set, error) {
	cs, err := parseComponents(componentList)
	if err != nil {
		return nil, err
	}
	injection, err := parseInjection(injectionList)
	if err != nil {
		return nil, err
	}
	context, err := parseContext(contextList)
	if err != nil {
		return nil, err
	}
	noise, err := parseHarmless(harmlessList)
	if err != nil {
		return nil, err
	}
	s := &Set{signatures: list, context: context, finder: newFinder(), components: cs, injection: injection, harmless: noise, http: map[int]bool{}}
	for i := range list {
		if err := cs.checkBound(&list[i]); err != nil {
			return nil, err
		}
		list[i].register(s.finder)
	}
	for i := range context {
		if err := cs.checkBound(&context[i].texts); err != nil {
			return nil, err
		}
		context[i].texts.register(s.finder)
	}
	injection.register(s.finder)
	for i := range noise.list {
		if err := cs.checkBound(&noise.list[i].Signature); err != nil {
			return nil, err
		}
	}
	noise.register(s.finder)
	for _, t := range httpTexts() {
		s.http[s.finder.add(t)] = true
	}
	s.byText = make([][]int32, len(s.finder.texts))
	for i := range list {
		for _, n := range list[i].leads() {
			s.byText[n] = append(s.byText[n], int32(i))
		}
	}
	s.contextByText = make([][]int32, len(s.finder.texts))
	for i := range context {
		for _, n := range context[i].texts.leads() {
			s.contextByText[n] = append(s.contextByText[n], int32(i))
		}
	}
	return s, s.checkAllExamples()
}

// checkAllExamples refuses texts that do not match their own examples.
func (s *Set) checkAllExamples() error {
	for i := range s.signatures {
		if err := s.checkExamples(s.signatures[i].ID, &s.signatures[i], s.signatures[i].Examples, false); err != nil {
			return err
		}
	}
	for i := range s.harmless.list {
		h := &s.harmless.list[i].Signature
		if err := s.checkExamples(h.ID, h, h.Examples, true); err != nil {
			return err
		}
	}
	for i := range s.context {
		if err := s.checkExamples(s.context[i].ID, &s.context[i].texts, s.context[i].Examples, true); err != nil {
			return err
		}
	}
	return nil
}

// checkExamples reads lines as those of a signature; strict, as harmless failures and
// circumstances are read, whatever level they state.
func (s *Set) checkExamples(id string, sig *Signature, lines []string, strict bool) error {
	var f folder
	var v voice
	found := make([]bool, len(s.finder.texts))
	for _, line := range lines {
		clear(found)
		f.fold(line)
		s.finder.find(f.lower, found, nil)
		level := patterns.LevelInfo
		if !strict {
			level = levelOf(&patterns.Pattern{}, line)
		}
		v.read(line, level, false, true)
		if !sig.possible(found) || !sig.said(&v) {
			return fmt.Errorf("%s: the example does not match: %s", id, line)
		}
	}
	return nil
}

// leads are the texts of which one must occur for the signature to be looked at.
func (s *Signature) leads() []int {
	switch {
	case len(s.start) > 0:
		return s.start
	case len(s.all) > 0:
		return s.all[:1]
	}
	return s.any
}

// Input is what the rules judge.
type Input struct {
	Patterns []patterns.Pattern
	// Lines is how many lines were read; 0 is a window without logs.
	Lines int
	// Start and End are the window's; without them nothing is known of how long failures
	// last, and none is judged milder for it.
	Start, End time.Time
	// HasBaseline says that the patterns' changes are known.
	HasBaseline bool
	// Streams are the label sets that the patterns' Streams and SampleStream are indexes
	// into. Where it is nil, any line may come from any component.
	Streams []map[string]string
	// Activity is that of Streams, by their numbers; nil where it is not known, and no
	// stream is missed.
	Activity map[int]patterns.Activity
	// Now is what the expiry of the user's rules is compared with; zero, and none of them
	// has expired.
	Now time.Time
}

// A Finding is one reason for the verdict. Patterns are up to four indexes into
// Input.Patterns.
type Finding struct {
	// Rule is a signature's id, with "-elsewhere" behind it where its wording stands in a
	// component that does not print it; a user's rule's id; or the name of a rule of its own.
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
	// Fatal says that a finding is critical, or that of a fatal signature which no words of
	// the components themselves make milder, so that no model may judge milder.
	Fatal bool
	// Injection says that a line talks to the model.
	Injection bool
	// Suspect are the patterns whose text talks to the model, or repeats a failure's wording
	// that is not the component's own, or that are failures which are nobody's work: no claim
	// can rest on such a pattern alone. Ascending.
	Suspect []int
	// Benign are the patterns that a user's rule calls normal. They count for no finding
	// but for Injection. Ascending.
	Benign []int
	// Applied are the user's rules that decided something, Lapsed those that no longer do.
	Applied []Applied
	Lapsed  []Applied
	Summary string
}
