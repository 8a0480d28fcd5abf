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

//go:embed context.yaml
var contextList []byte

// A kind is what a circumstance says of failures.
type kind string

const (
	// recovery is a component's word that it works again. It must come after the last line
	// of the failure.
	recovery kind = "recovery"
	// planned is the word of a tool or a component that what happens is meant to happen.
	planned kind = "planned"
	// handled is the failing line's own word that it was dealt with.
	handled kind = "handled"
)

// A circumstance is a wording that makes failures less severe. It is told as signatures
// are, and read more strictly: a value counts only where it is the component's own for
// certain.
type circumstance struct {
	ID       string   `yaml:"id"`
	Kind     kind     `yaml:"kind"`
	Any      []string `yaml:"any"`
	All      []string `yaml:"all"`
	Not      []string `yaml:"not"`
	Start    []string `yaml:"start"`
	Streams  []string `yaml:"streams"`
	Covers   []string `yaml:"covers"`
	Source   string   `yaml:"source"`
	Reason   string   `yaml:"reason"`
	Examples []string `yaml:"examples"`
	// Names are words of which one must stand in the name of the stream: who runs a drill
	// or drains nodes is known by it.
	Names []string `yaml:"names"`
	// Own asks that the failure was printed by the same program.
	Own bool `yaml:"own"`
	// Fatal says that what is handled is handled where the signature is fatal, too.
	Fatal bool `yaml:"fatal"`

	texts Signature
}

func parseContext(raw []byte) ([]circumstance, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var list []circumstance
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("context: %w", err)
	}
	for i := range list {
		c := &list[i]
		c.texts = Signature{
			ID: c.ID, Any: c.Any, All: c.All, Not: c.Not, Start: c.Start, Streams: c.Streams, Reason: c.Reason, Examples: c.Examples,
			Severity: verdict.Notice, Category: verdict.CategoryOther,
		}
		c.texts.foldTexts()
		err := c.texts.check()
		switch {
		case err == nil && c.Kind != recovery && c.Kind != planned && c.Kind != handled:
			err = errors.New("kind must be recovery, planned or handled")
		case err == nil && len(c.Covers) == 0:
			err = errors.New("covers must name signatures or categories, or all")
		}
		if err != nil {
			return nil, fmt.Errorf("context %d (%s): %w", i+1, c.ID, err)
		}
	}
	return list, nil
}

// covers reports whether the circumstance can speak of a signature's failures.
func (c *circumstance) covers(s *Signature) bool {
	return slices.Contains(c.Covers, s.ID) || slices.Contains(c.Covers, string(s.Category)) || slices.Contains(c.Covers, "all")
}

// checkCovers refuses circumstances that cover what there is not.
func (s *Set) checkCovers() error {
	for i := range s.context {
		for _, name := range s.context[i].Covers {
			if name != "all" && !slices.Contains(verdict.Categories(), verdict.Category(name)) &&
				!slices.ContainsFunc(s.signatures, func(s Signature) bool { return s.ID == name }) {
				return fmt.Errorf("context %s: covers %q, which is neither a signature nor a category", s.context[i].ID, name)
			}
		}
	}
	return nil
}

// A statement is a pattern that says a circumstance.
type statement struct {
	of      *circumstance
	pattern int
}

// byTool reports whether a tool states it whose work it is to make something fail.
func (s statement) byTool() bool { return s.of.Kind == planned && len(s.of.Names) > 0 }

// circumstances reads which of the possible circumstances a pattern states. Only calm lines
// state that something works again or is meant to happen.
func (j *judge) circumstances(i int, line string, possible []int32, from []*component) {
	p := &j.in.Patterns[i]
	read := false
	for _, k := range possible {
		c := &j.set.context[k]
		if from != nil && !prints(from, c.Streams) || !j.named(p, c.Names) || c.Kind != handled && failureLines(p)*2 > p.Count {
			continue
		}
		if !read {
			j.strict.read(line, patterns.LevelInfo, muted(from), true)
			read = true
		}
		if !c.texts.said(&j.strict) || !j.constant(c, p) {
			continue
		}
		if c.Kind == handled {
			j.handled[i], j.excused[i] = c, true
		} else {
			j.stated = append(j.stated, statement{c, i})
		}
	}
}

// constant reports whether the wording is text of the template: what differs between the
// lines of a pattern, somebody may have written.
func (j *judge) constant(c *circumstance, p *patterns.Pattern) bool {
	if p.Template == "" || p.Template == p.Sample || c.Kind != handled {
		return true
	}
	j.fold.fold(p.Template)
	template := string(j.fold.lower)
	for _, texts := range [][]string{c.texts.Any, c.texts.Start} {
		if len(texts) > 0 && !slices.ContainsFunc(texts, func(t string) bool { return containsWords(template, strings.TrimSuffix(t, "*")) }) {
			return false
		}
	}
	return true
}

// containsWords reports whether the template has the letters of a text. Numbers and quotes
// may be masked or left out in it.
func containsWords(template, text string) bool {
	at := 0
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r < 'a' || r > 'z' }) {
		k := strings.Index(template[at:], word)
		if k < 0 {
			return false
		}
		at += k + len(word)
	}
	return true
}

// named reports whether a stream of the pattern has one of the words in its name.
func (j *judge) named(p *patterns.Pattern, words []string) bool {
	if len(words) == 0 {
		return true
	}
	for _, n := range streamsOf(p) {
		if n < 0 || n >= len(j.in.Streams) {
			continue
		}
		name := nameOf(j.in.Streams[n])
		for _, w := range words {
			if strings.Contains("-"+name+"-", "-"+w+"-") {
				return true
			}
		}
	}
	return false
}

func streamsOf(p *patterns.Pattern) []int {
	if len(p.Streams) == 0 {
		return []int{p.SampleStream}
	}
	return p.Streams
}

// nameLabels are the labels that name a program, the most telling first.
var nameLabels = []string{"service_name", "app", "app_kubernetes_io_name", "k8s_app", "container", "container_name", "unit", "syslog_identifier", "job"}

// nameOf returns the name of what prints a stream, in lower case with dashes.
func nameOf(labels map[string]string) string {
	for _, l := range nameLabels {
		if v := labels[l]; v != "" {
			return joined(segments(strings.ToLower(strings.TrimSuffix(v, ".service"))))
		}
	}
	return ""
}

// sameProgram reports whether two patterns come from one program.
func (j *judge) sameProgram(a, b int) bool {
	for _, m := range streamsOf(&j.in.Patterns[a]) {
		for _, n := range streamsOf(&j.in.Patterns[b]) {
			if m == n {
				return true
			}
			if max(m, n) < len(j.in.Streams) && min(m, n) >= 0 {
				if name := nameOf(j.in.Streams[m]); name != "" && name == nameOf(j.in.Streams[n]) {
					return true
				}
			}
		}
	}
	return false
}
