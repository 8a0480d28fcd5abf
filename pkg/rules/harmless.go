package rules

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

//go:embed harmless.yaml
var harmlessList []byte

// storm stands in place of a harmless failure's number where there are too many of it.
const storm = -1

// defaultStorm is how many lines of a kind are no noise any more where it does not say so.
const defaultStorm = 50

// A harmless is a wording of failures that are nobody's work.
type harmless struct {
	Signature `yaml:",inline"`
	Storm     int `yaml:"storm"`
}

// harmlessSet recognises them by texts of a finder.
type harmlessSet struct {
	list []harmless
	// byText are those that a text of the finder announces.
	byText map[int][]int32
}

func parseHarmless(raw []byte) (*harmlessSet, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	h := &harmlessSet{}
	if err := dec.Decode(&h.list); err != nil {
		return nil, fmt.Errorf("harmless failures: %w", err)
	}
	for i := range h.list {
		x := &h.list[i]
		for _, texts := range [][]string{x.Any, x.All, x.Not, x.Start} {
			for k, t := range texts {
				texts[k] = foldText(t)
			}
		}
		if x.Storm == 0 {
			x.Storm = defaultStorm
		}
		if x.Severity != 0 || x.Category != "" || x.Min != 0 || x.Mass != nil || x.Storm < 2 {
			return nil, fmt.Errorf("harmless failure %s: %w", x.ID, errors.New("it has no severity, and a storm is at least 2 lines"))
		}
		x.Severity, x.Category = verdict.Notice, verdict.CategoryNone // so that the rest can be checked
		if err := x.check(); err != nil {
			return nil, fmt.Errorf("harmless failure %s: %w", x.ID, err)
		}
	}
	return h, nil
}

func (h *harmlessSet) register(f *finder) {
	h.byText = map[int][]int32{}
	for i := range h.list {
		h.list[i].register(f)
		for _, n := range h.list[i].leads() {
			h.byText[n] = append(h.byText[n], int32(i))
		}
	}
}

// noise finds the harmless failure that a pattern is. It must say so itself: every value
// counts as foreign that is not the component's own for certain, and all of its lines must
// have the words.
func (j *judge) noise(i int, line string) {
	p := &j.in.Patterns[i]
	if p.Count == 0 || p.Worst() < patterns.LevelWarn {
		return
	}
	template := ""
	for _, n := range j.hits {
		for _, k := range j.set.harmless.byText[n] {
			x := &j.set.harmless.list[k]
			if !x.possible(j.found) {
				continue
			}
			from := j.components(i, line)
			if from != nil && !prints(from, x.Streams) {
				continue
			}
			if template == "" {
				template = foldText(p.Template)
			}
			j.voice.read(line, patterns.LevelInfo, muted(from), len(x.start) > 0)
			if x.said(&j.voice) && x.inAll(template) {
				j.noisy[i] = k + 1
				return
			}
		}
	}
}

// inAll reports whether a template has the words that make the failure harmless. Numbers
// it does not have.
func (x *harmless) inAll(template string) bool {
	has := func(t string) bool {
		for part := range strings.FieldsFuncSeq(strings.TrimSuffix(t, "*"), func(r rune) bool { return r >= '0' && r <= '9' }) {
			if !strings.Contains(template, part) {
				return false
			}
		}
		return true
	}
	for _, t := range x.All {
		if !has(t) {
			return false
		}
	}
	return (len(x.Any) == 0 || slices.ContainsFunc(x.Any, has)) && (len(x.Start) == 0 || slices.ContainsFunc(x.Start, has))
}

// dropStorms takes from the noise what is a storm: more lines of a kind than it bears, beyond
// those that the baseline has.
func (j *judge) dropStorms() {
	counts := make([]int, len(j.set.harmless.list))
	for i, k := range j.noisy {
		if k > 0 && j.unusual(i) {
			counts[k-1] += j.in.Patterns[i].Count
		}
	}
	for i, k := range j.noisy {
		if k > 0 && counts[k-1] >= j.set.harmless.list[k-1].Storm {
			j.noisy[i] = storm
		}
	}
}

// nobodys are the patterns that are nobody's work.
func (j *judge) nobodys() (out []int) {
	for i, k := range j.noisy {
		if k > 0 {
			out = append(out, i)
		}
	}
	return out
}

// unusual reports whether the baseline does not have as much of a pattern.
func (j *judge) unusual(i int) bool {
	c := j.in.Patterns[i].Change
	return c != patterns.ChangeSteady && c != patterns.ChangeFallen && c != patterns.ChangeGone
}
