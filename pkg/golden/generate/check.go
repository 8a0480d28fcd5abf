package generate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// The bounds of a story's window, and its length where it says none.
const (
	minWindow     = 5 * time.Minute
	maxWindow     = time.Hour
	defaultWindow = 15 * time.Minute
)

// maxTimes bounds how often an act may be printed in a window.
const maxTimes = 2000

// labelWords would tell the answer; no program prints them in a line that matters here.
var labelWords = []string{"incident", "incidents", "root cause", "golden", "twin", "twins"}

// A checker collects what is wrong with a file and parses its texts.
type checker struct {
	file string
	root yaml.Node
	errs []error
}

// at is a place in the document: keys and indexes.
type at []any

func (p at) with(more ...any) at { return append(slices.Clone(p), more...) }

// fail notes an error at the deepest node of the place that the file has.
func (c *checker) fail(place at, format string, args ...any) {
	n, line := &c.root, 1
	if len(n.Content) > 0 {
		n = n.Content[0]
	}
	for _, step := range place {
		if n = child(n, step); n == nil {
			break
		}
		line = n.Line
	}
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", c.file, line, fmt.Sprintf(format, args...)))
}

func child(n *yaml.Node, step any) *yaml.Node {
	switch step := step.(type) {
	case int:
		if n.Kind == yaml.SequenceNode && step < len(n.Content) {
			return n.Content[step]
		}
	case string:
		if n.Kind != yaml.MappingNode {
			return nil
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == step {
				return n.Content[i+1]
			}
		}
	}
	return nil
}

func (c *checker) family(f *family, id string) {
	known := verdict.Categories()
	switch {
	case f.ID != id:
		c.fail(at{"id"}, "id %q must be the file's name without .yaml, %q", f.ID, id)
	case f.Title == "":
		c.fail(nil, "title is missing: say in a sentence what fails")
	case f.RootCause.Component == "" || f.RootCause.Code == "":
		c.fail(at{"root_cause"}, "root_cause needs component and code")
	}
	for i, category := range append([]verdict.Category{f.Category}, f.Also...) {
		if !slices.Contains(known, category) || category == verdict.CategoryNone {
			c.fail(at{"category"}, "category %q (%d) is none of %v", category, i, known)
		}
	}
	splits, ids := map[golden.Split]int{}, map[string]bool{}
	for i, s := range f.Stories {
		place := at{"stories", i}
		if s == nil {
			c.fail(place, "the story is empty")
			continue
		}
		if s.ID == "" || ids[s.ID] {
			c.fail(place, "the story's id %q is missing or taken", s.ID)
		}
		ids[s.ID] = true
		splits[s.Split]++
		c.story(s, place)
	}
	switch {
	case f.HeldOut && (splits[golden.Dev] > 0 || splits[golden.Test] < 2):
		c.fail(at{"stories"}, "a held-out family needs two stories or more, all with split: test")
	case !f.HeldOut && (splits[golden.Dev] == 0 || splits[golden.Test] == 0):
		c.fail(at{"stories"}, "a family needs a story with split: dev and one with split: test at least")
	}
}

func (c *checker) story(s *story, place at) {
	if s.Split != golden.Dev && s.Split != golden.Test {
		c.fail(place.with("split"), "split %q is neither dev nor test", s.Split)
	}
	if s.Baseline == "" {
		s.Baseline = baselineOptional
	}
	if !slices.Contains([]string{baselineOptional, baselineRequired, baselineNever}, s.Baseline) {
		c.fail(place.with("baseline"), "baseline %q is none of optional, required, never", s.Baseline)
	}
	if s.Window == 0 {
		s.Window = duration(defaultWindow)
	}
	if w := time.Duration(s.Window); w < minWindow || w > maxWindow {
		c.fail(place.with("window"), "window %s must lie within %s and %s", w, minWindow, maxWindow)
	}
	g := c.vars(s, place)
	c.cast(s, g, place)
	for i, a := range s.Normal {
		here := place.with("normal", i)
		c.act(a, s, g, here)
		if a.Rate <= 0 || len(a.Times) > 0 || a.After != "" {
			c.fail(here, "a normal statement needs a rate above 0 per 15 minutes, and neither times nor after")
		}
	}
	c.acts(s.Fault, s, g, place.with("fault"))
	c.acts(s.Twin, s, g, place.with("twin"))
	if s.TwinReason == "" {
		c.fail(place, "twin_reason is missing: say why the twin is healthy")
	}
	for name := range s.Silence {
		if s.Cast[name] == nil {
			c.fail(place.with("silence"), "silence names %q, which is not in the cast", name)
		} else if !slices.ContainsFunc(s.Normal, func(a *act) bool { return a.From == name }) {
			c.fail(place.with("silence"), "%q cannot go silent: it has no normal lines", name)
		}
	}
	musts := slices.ContainsFunc(s.Fault, func(a *act) bool { return a.evidence() == evidenceMust })
	if !musts && len(s.Silence) == 0 {
		c.fail(place.with("fault"), "no act is a cause or has evidence: must, and nothing goes silent")
	}
	if s.asAlways() && s.Baseline == baselineNever {
		c.fail(place.with("baseline"), "an act with baseline: true needs a baseline, so baseline cannot be never")
	}
}

func (c *checker) vars(s *story, place at) grammar {
	g := grammar{vars: map[string]bool{}}
	taken := builtins()
	for _, name := range slices.Sorted(maps.Keys(s.Vars)) {
		here := place.with("vars", name)
		switch {
		case slices.Contains(taken, name):
			c.fail(here, "the var %q has the name of a placeholder; choose another", name)
		case len(s.Vars[name]) == 0:
			c.fail(here, "the var %q has no values", name)
		case slices.ContainsFunc(s.Vars[name], func(v string) bool { return strings.Contains(v, "${") }):
			c.fail(here, "the var %q holds a placeholder; vars are plain texts", name)
		}
		g.vars[name] = true
	}
	return g
}

func (c *checker) cast(s *story, g grammar, place at) {
	for _, name := range slices.Sorted(maps.Keys(s.Cast)) {
		here := place.with("cast", name)
		if s.Cast[name] == nil || len(s.Cast[name].Labels) == 0 {
			c.fail(here, "%q needs labels", name)
			continue
		}
		s.Cast[name].labels = c.labels(s.Cast[name].Labels, g, here.with("labels"))
	}
}

func (c *checker) labels(from map[string]string, g grammar, place at) []label {
	var out []label
	for _, name := range slices.Sorted(maps.Keys(from)) {
		t, err := g.parse(from[name])
		switch {
		case err != nil:
			c.fail(place.with(name), "%v", err)
		case from[name] == "":
			c.fail(place.with(name), "the label %q is empty", name)
		case !t.stable:
			c.fail(place.with(name), "a label may hold vars, ${node}, ${pod:…} and ${fix:…} only, which are the same for all lines")
		default:
			out = append(out, label{name, t})
		}
	}
	return out
}

// acts checks the acts of a fault or a twin and links those that follow others.
func (c *checker) acts(acts []*act, s *story, g grammar, place at) {
	if len(acts) == 0 {
		c.fail(place, "%s has no acts", place[len(place)-1])
	}
	ids := map[string]int{}
	for i, a := range acts {
		here := place.with(i)
		c.act(a, s, g, here)
		c.occurrences(a, here)
		a.parent = -1
		if a.After != "" {
			parent, ok := ids[a.After]
			if !ok {
				c.fail(here.with("after"), "after names %q, which is no act above this one", a.After)
			} else if a.parent = parent; a.Baseline && !acts[parent].Baseline {
				c.fail(here, "an act with baseline: true can only follow one with baseline: true")
			}
		}
		if _, taken := ids[a.ID]; a.ID == "" || taken {
			c.fail(here, "the act's id %q is missing or taken", a.ID)
		}
		ids[a.ID] = i
		if !slices.Contains([]golden.Role{golden.Cause, golden.Symptom, golden.Distractor}, a.Role) {
			c.fail(here, "role %q is none of cause, symptom, distractor", a.Role)
		}
	}
}

// occurrences checks how often and when an act is printed.
func (c *checker) occurrences(a *act, here at) {
	for _, t := range a.Times {
		if t.low < 0 || t.high > maxTimes {
			c.fail(here.with("times"), "times must lie within 0 and %d", maxTimes)
		}
	}
	switch {
	case len(a.Times) != 0 && len(a.Times) != 3:
		c.fail(here.with("times"), "times needs three entries, one for each severity")
	case a.After == "" && len(a.Times) == 0:
		c.fail(here, "times is missing: [severity 1, severity 2, severity 3]")
	case a.After == "" && (a.Per.high != 0 || a.Chance != nil || a.Delay.high != 0):
		c.fail(here, "delay, per and chance need after")
	case a.After != "" && len(a.When) != 0:
		c.fail(here, "when and after exclude each other: the act follows the other one by its delay")
	case a.Rate != 0:
		c.fail(here, "rate is for normal statements; write times")
	case a.Chance != nil && (*a.Chance <= 0 || *a.Chance > 1):
		c.fail(here.with("chance"), "chance must be above 0 and at most 1")
	}
	if a.When != nil && (len(a.When) != 2 || a.When[0] < 0 || a.When[1] > 1 || a.When[0] >= a.When[1]) {
		c.fail(here.with("when"), "when needs two parts of the window such as [0.1, 0.95]")
	}
}

// act checks what every statement has.
func (c *checker) act(a *act, s *story, g grammar, here at) {
	switch {
	case s.Cast[a.From] == nil:
		c.fail(here, "from names %q, which is not in the cast", a.From)
	case strings.TrimSpace(a.Source) == "":
		c.fail(here, "source is missing: name the project and file that print this, or write: own service")
	case strings.TrimSpace(a.Say) == "":
		c.fail(here, "say is missing")
	case !slices.Contains([]string{"", evidenceMust, evidenceMay, evidenceNone}, a.Evidence):
		c.fail(here.with("evidence"), "evidence %q is none of must, may, none", a.Evidence)
	}
	a.say = c.say(a, g, here)
}

// say parses the text of a statement, each line apart where it says split.
func (c *checker) say(a *act, g grammar, here at) []*template {
	plainText := " " + strings.Join(strings.FieldsFunc(strings.ToLower(a.Say), func(r rune) bool { return !unicode.IsLetter(r) }), " ") + " "
	for _, word := range labelWords {
		if strings.Contains(plainText, " "+word+" ") {
			c.fail(here.with("say"), "the line says %q, which gives the answer away; write what the program really prints", word)
		}
	}
	texts := []string{strings.TrimRight(a.Say, "\n")}
	if a.Split {
		texts = strings.Split(texts[0], "\n")
	}
	var out []*template
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		t, err := g.parse(text)
		if err != nil {
			c.fail(here.with("say"), "%v", err)
			continue
		}
		out = append(out, t)
	}
	return out
}

// The values of a story's baseline.
const (
	baselineOptional = "optional"
	baselineRequired = "required"
	baselineNever    = "never"
)

// asAlways says that a part of the story was the same before, so that its cases need a
// baseline.
func (s *story) asAlways() bool {
	return slices.ContainsFunc(slices.Concat(s.Fault, s.Twin), func(a *act) bool { return a.Baseline })
}
