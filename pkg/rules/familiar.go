package rules

import (
	"slices"
	"strings"
	"sync"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// Familiar returns a function that reports of a new pattern whether its component said the
// same in its own words before, in a pattern of the input that is not new: then only what
// users made it repeat is new, which anybody can write. The function reads the other
// patterns at its first call, and is safe for concurrent use.
func (s *Set) Familiar(in Input) func(i int) bool {
	before := sync.OnceValue(func() map[string]bool {
		j, said := s.judge(in), map[string]bool{}
		for i := range in.Patterns {
			if p := &in.Patterns[i]; p.BaselineCount > 0 || p.Change == patterns.ChangeSteady {
				said[j.ownWords(i)] = true
			}
		}
		return said
	})
	return func(i int) bool {
		return in.HasBaseline && in.Patterns[i].Change == patterns.ChangeNew && before()[s.judge(in).ownWords(i)]
	}
}

// ownWords are the words of a pattern's component in its line, in their order, without
// those that vary: numbers, names with dots, paths. They end with the component.
func (j *judge) ownWords(i int) string {
	p := &j.in.Patterns[i]
	line := p.Sample
	if line == "" {
		line = p.Template
	}
	from := j.components(i, line)
	// Read as a line that states nothing bad, every value counts as foreign that is not the
	// component's own for certain.
	j.voice.read(line, patterns.LevelInfo, muted(from), true)
	said := string(j.voice.out)
	if !levelOf(p, line).ErrorLike() {
		said = j.voice.withoutTail()
	}
	object := strings.HasPrefix(strings.TrimSpace(line), "{")
	var words []string
	for token := range strings.FieldsFuncSeq(said, func(r rune) bool { return r == ' ' || r == hole }) {
		if !object && strings.ContainsAny(token, "0123456789./\\@") {
			continue // a name, whatever stands in it; between the words of JSON is no space
		}
		words = append(words, strings.FieldsFunc(token, func(r rune) bool { return strings.ContainsRune("\"'=,{}", r) })...)
	}
	words = slices.DeleteFunc(words, func(w string) bool {
		return strings.ContainsAny(w, "0123456789./@") || strings.Trim(w, "-:()[]") == ""
	})
	for _, c := range from {
		words = append(words, c.ID)
	}
	return strings.Join(words, " ")
}

// withoutTail returns the voice up to a colon behind the first two words of its message or
// later. What stands behind it is the reason where a failure is told, and else often what
// a user wrote.
func (v *voice) withoutTail() string {
	said, from := string(v.out), 0
	if n := len(v.starts); n > 0 {
		from = v.starts[n-1]
	}
	for at := from; ; {
		k := strings.Index(said[at:], ": ")
		if k < 0 {
			return said
		}
		if at += k; len(strings.Fields(said[from:at])) > 1 {
			return said[:at]
		}
		at += 2
	}
}
