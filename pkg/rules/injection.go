package rules

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

//go:embed injection.yaml
var injectionList []byte

// An injectionRule finds text that is addressed to a model or to those who triage.
type injectionRule struct {
	ID       string   `yaml:"id"`
	Stems    []string `yaml:"stems"`
	Marks    []string `yaml:"marks"`
	Skeleton []string `yaml:"skeleton"`
	Lower    []string `yaml:"lower"`
	Native   []string `yaml:"native"`
	Except   []string `yaml:"except"`
	Weak     bool     `yaml:"weak"`
	Examples []string `yaml:"examples"`
	// Words are those that orders to a judge are made of in a language, or in any. Verbs stand
	// at the end in some.
	Words *speechWords `yaml:"words"`
	Any   bool         `yaml:"any"`
	Final bool         `yaml:"final"`

	skeleton, lower, native, except []*regexp.Regexp
}

// An injectionSet is all of them; it is immutable.
type injectionSet struct {
	rules []*injectionRule
	stems *finder
	marks *finder
	// byStem and byMark are the rules that a text announces, byText those that a text of the
	// set's finder does: it has the marks, too, so that lines are read once.
	byStem, byMark [][]*injectionRule
	byText         map[int][]*injectionRule
	native         []*injectionRule
	speech         *speech
}

func parseInjection(raw []byte) (*injectionSet, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	s := &injectionSet{stems: newFinder(), marks: newFinder(), speech: newSpeech()}
	if err := dec.Decode(&s.rules); err != nil {
		return nil, fmt.Errorf("injection: %w", err)
	}
	for _, r := range s.rules {
		if err := r.compile(); err != nil {
			return nil, fmt.Errorf("injection rule %s: %w", r.ID, err)
		}
		var f folder
		for _, t := range r.Stems {
			f.fold(t)
			s.byStem = announce(s.byStem, s.stems, string(f.skeleton), r)
		}
		for _, t := range r.Marks {
			s.byMark = announce(s.byMark, s.marks, foldText(t), r)
		}
		if r.Words != nil {
			if err := s.speech.add(r); err != nil {
				return nil, fmt.Errorf("injection rule %s: %w", r.ID, err)
			}
		}
		if len(r.native) > 0 {
			s.native = append(s.native, r)
		}
	}
	return s, nil
}

// register adds the marks to a finder.
func (s *injectionSet) register(f *finder) {
	s.byText = map[int][]*injectionRule{}
	for n, rules := range s.byMark {
		s.byText[f.add(s.marks.texts[n])] = rules
	}
}

func announce(by [][]*injectionRule, f *finder, text string, r *injectionRule) [][]*injectionRule {
	if len(text) < gramBytes {
		return by // too short to announce anything
	}
	n := f.add(text)
	for len(by) <= n {
		by = append(by, nil)
	}
	by[n] = append(by[n], r)
	return by
}

func (r *injectionRule) compile() error {
	for _, part := range []struct {
		from []string
		to   *[]*regexp.Regexp
		edit func(string) string
	}{
		{r.Skeleton, &r.skeleton, skeletonExpr}, {r.Lower, &r.lower, nil}, {r.Except, &r.except, nil},
		{r.Native, &r.native, nativeLetters},
	} {
		for _, expr := range part.from {
			if part.edit != nil {
				expr = part.edit(expr)
			}
			compiled, err := regexp.Compile(expr)
			if err != nil {
				return err
			}
			*part.to = append(*part.to, compiled)
		}
	}
	return nil
}

// skeletonExpr writes a regular expression in the letters of skeletons.
func skeletonExpr(expr string) string { return strings.ReplaceAll(expr, "l", "i") }

// ownWordsFunc says whether the own words of the line that is looked at match an expression.
type ownWordsFunc func(expr *regexp.Regexp) bool

// An injectionReader looks for injections in lines. It is not safe for concurrent use.
type injectionReader struct {
	set          *injectionSet
	stems, marks []bool
	hits         []int
	fold         folder // of decoded texts
	decoder      decoder
	// spoken, at and own belong to orders.
	spoken []bool
	at     []int
	own    []string
}

func (s *injectionSet) reader() *injectionReader {
	return &injectionReader{
		set: s, stems: make([]bool, len(s.stems.texts)), marks: make([]bool, len(s.marks.texts)), spoken: make([]bool, len(s.speech.finder.texts)),
	}
}

// speaks reports whether a line talks to a model: as it stands, which f has folded, or in
// what it encodes. texts are the texts of the set's finder that it has. ownWords is asked
// where a program can say the same.
func (r *injectionReader) speaks(f *folder, line string, texts []int, ownWords ownWordsFunc) bool {
	for _, n := range texts {
		for _, rule := range r.set.byText[n] {
			if rule.says(f, line, ownWords) {
				return true
			}
		}
	}
	r.own = r.own[:0]
	if r.says(f, line, ownWords) {
		return true
	}
	asked := r.set.speech.mayOrder(line) || f.holds&holdsHigh != 0 && otherScript(line)
	if asked && r.orders(line, ownWords) {
		return true
	}
	if f.holds == 0 && !plusForSpaces(line) && !maybeEncoded(line) {
		return false
	}
	for _, text := range r.decoder.decode(line) {
		r.fold.fold(text)
		// What had to be decoded, no program says.
		if r.says(&r.fold, text, nil) || r.saysMarked(text) || r.saysNative(text) {
			return true
		}
		if !r.set.speech.mayOrder(text) && (r.fold.holds&holdsHigh == 0 || !otherScript(text)) {
			continue
		}
		// What it orders only counts where the line does not say it itself.
		if !asked && r.orders(line, ownWords) || r.orders(text, nil) {
			return true
		}
		asked = true
	}
	return f.holds&holdsHigh != 0 && r.saysNative(line)
}

// says looks for the rules that stems announce in a folded text.
func (r *injectionReader) says(f *folder, line string, ownWords ownWordsFunc) bool {
	r.hits = r.set.stems.find(f.skeleton, r.stems, r.hits[:0])
	return r.announced(f, line, ownWords, r.stems, r.set.byStem)
}

// saysMarked looks for the rules that marks announce in the text that was folded last.
func (r *injectionReader) saysMarked(text string) bool {
	r.hits = r.set.marks.find(r.fold.lower, r.marks, r.hits[:0])
	return r.announced(&r.fold, text, nil, r.marks, r.set.byMark)
}

func (r *injectionReader) announced(f *folder, line string, ownWords ownWordsFunc, found []bool, by [][]*injectionRule) bool {
	says := false
	var tried *injectionRule
	for _, n := range r.hits {
		found[n] = false
		for _, rule := range by[n] {
			if !says && rule != tried {
				tried = rule
				says = rule.says(f, line, ownWords)
			}
		}
	}
	return says
}

func (r *injectionRule) says(f *folder, line string, ownWords ownWordsFunc) bool {
	for _, expr := range r.except {
		if expr.MatchString(strings.TrimSpace(strings.ToLower(line))) {
			return false
		}
	}
	if len(r.skeleton)+len(r.lower) == 0 {
		return true // the mark is enough
	}
	for _, expr := range r.skeleton {
		if expr.Match(f.skeleton) {
			return true
		}
	}
	for _, expr := range r.lower {
		if expr.Match(f.lower) && (!r.Weak || ownWords == nil || !ownWords(expr)) {
			return true
		}
	}
	return false
}

// saysNative looks for the rules of other scripts.
func (r *injectionReader) saysNative(text string) bool {
	letters := ""
	for _, rule := range r.set.native {
		for _, expr := range rule.native {
			if letters == "" {
				letters = nativeLetters(text)
			}
			if expr.MatchString(letters) {
				return true
			}
		}
	}
	return false
}
