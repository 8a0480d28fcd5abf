package generate

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// gramSize is how many words in a row must agree to count as leaked: fewer are common
// phrases.
const gramSize = 8

// A Wording is a text of a split with its placeholders masked.
type Wording struct {
	// Story is FAMILY/STORY, Act the statement's id in it.
	Story, Act, Text string
}

// A Document is what must not know the test cases, such as a prompt or a signature.
type Document struct{ Name, Text string }

// A Leak is a wording that a document has.
type Leak struct {
	Wording  Wording
	Document string
	// Words are the first ones that they have in common, and Runs how many runs of eight.
	Words string
	Runs  int
}

func (l Leak) String() string {
	return fmt.Sprintf("%s\t%s\t%s\t%d\t%s", l.Wording.Story, l.Wording.Act, l.Document, l.Runs, l.Words)
}

// Wordings returns what faults, twins and injections of a split say.
func Wordings(split golden.Split) ([]Wording, error) {
	lib, err := load(embedded)
	if err != nil {
		return nil, err
	}
	return lib.wordings(split), nil
}

func (lib *library) wordings(split golden.Split) []Wording {
	var out []Wording
	for _, f := range lib.families {
		for _, s := range f.Stories {
			if s.Split != split {
				continue
			}
			for _, a := range slices.Concat(s.Fault, s.Twin) {
				out = append(out, Wording{f.ID + "/" + s.ID, a.ID, masked(a.Say)})
			}
		}
	}
	for i, in := range lib.injections.Texts {
		if in.Split == split {
			out = append(out, Wording{"injections", fmt.Sprintf("text %d", i), in.Suppress}, Wording{"injections", fmt.Sprintf("text %d", i), in.Forge})
		}
	}
	return out
}

// masked replaces the placeholders of a text by a number, which [Leakage] counts as a value.
func masked(say string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(say, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, say, _ = strings.Cut(rest, "}")
		b.WriteString("0")
	}
}

// Leakage returns the wordings of which eight words in a row, with values masked, are in a
// document, and those documents that hold the canary.
func Leakage(wordings []Wording, documents []Document) []Leak {
	grams := map[string][]int{}
	for i, w := range wordings {
		for _, g := range gramsOf(w.Text) {
			grams[g] = append(grams[g], i)
		}
	}
	var out []Leak
	for _, d := range documents {
		if strings.Contains(d.Text, Canary) {
			out = append(out, Leak{Document: d.Name, Words: Canary, Runs: 1})
		}
		at, seen := map[int]int{}, map[string]bool{}
		for _, g := range gramsOf(d.Text) {
			if seen[g] {
				continue
			}
			seen[g] = true
			for _, i := range slices.Compact(grams[g]) {
				if at[i] == 0 {
					out = append(out, Leak{Wording: wordings[i], Document: d.Name, Words: g})
					at[i] = len(out)
				}
				out[at[i]-1].Runs++
			}
		}
	}
	return out
}

// gramsOf returns each eight words in a row of a text. Words with digits or of one letter
// are values and keys; runs in which they are the half or more say nothing.
func gramsOf(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, w := range words {
		if len(w) == 1 || strings.ContainsFunc(w, unicode.IsDigit) {
			words[i] = "#"
		}
	}
	var out []string
	for i := 0; i+gramSize <= len(words); i++ {
		values := 0
		for _, w := range words[i : i+gramSize] {
			if w == "#" {
				values++
			}
		}
		if values*2 < gramSize {
			out = append(out, strings.Join(words[i:i+gramSize], " "))
		}
	}
	return out
}
