package patterns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// template renders what the members of a cluster have in common. A wildcard keeps
// the punctuation that all its values begin or end with, and is a <path> where all
// of them are; wildcards in a row are written once.
func (v *vocabulary) template(x *cluster) string { return v.render(x, len(x.tokens)) }

// head renders the first line of a cluster whose members all have several; empty for
// others.
func (v *vocabulary) head(x *cluster) string {
	n := len(x.tokens)
	for _, s := range x.members {
		n = min(n, int(s.head))
	}
	if n == 0 {
		return ""
	}
	return v.render(x, n)
}

// render renders the first n tokens.
func (v *vocabulary) render(x *cluster, n int) string {
	var b strings.Builder
	last := ""
	for i, t := range x.tokens[:n] {
		word := v.words[t]
		if isWildcard(t) {
			word = v.wild(x, i)
		}
		if word == last && strings.HasSuffix(word, "<*>") {
			continue
		}
		last = word
		b.WriteString(word)
	}
	return strings.TrimSpace(b.String())
}

const edgeMarks = " \"'()[]{},;:=<>|"

func (v *vocabulary) wild(x *cluster, at int) string {
	prefix, suffix, name := "", "", "<*>"
	paths := true
	for i, s := range x.members {
		if len(s.tokens) != len(x.tokens) {
			continue // it has the same template all the same
		}
		w := v.words[s.tokens[at]]
		if isWildcard(s.tokens[at]) {
			return v.words[x.tokens[at]]
		}
		bare := strings.Trim(w, edgeMarks)
		paths = paths && strings.HasPrefix(bare, "/")
		before, after, _ := strings.Cut(w, bare)
		if bare == "" {
			before, after = "", ""
			if strings.HasPrefix(w, " ") {
				before = " "
			}
		}
		before, after = outside(before), outside(after)
		if i == 0 {
			prefix, suffix = before, after
			continue
		}
		for !strings.HasPrefix(before, prefix) {
			prefix = prefix[:len(prefix)-1]
		}
		for !strings.HasSuffix(after, suffix) {
			suffix = suffix[1:]
		}
	}
	if paths {
		name = "<path>"
	}
	return prefix + name + suffix
}

// outside drops what belongs to a placeholder's brackets.
func outside(marks string) string {
	return strings.Map(func(r rune) rune {
		if r == '<' || r == '>' {
			return -1
		}
		return r
	}, marks)
}

// How much of the events a value must have to be named, and how long a name is
// shown.
const (
	minShare    = 0.2
	maxVariable = 48
)

// variable describes the wildcard whose most frequent value stands out most.
func (v *vocabulary) variable(x *cluster, share func(*shape) float64) string {
	if len(x.members) < 2 {
		return ""
	}
	best, highest := "", 0.0
	for i, t := range x.tokens {
		if !isWildcard(t) {
			continue
		}
		if text, top := v.values(x, i, share); top > highest {
			best, highest = text, top
		}
	}
	return best
}

func (v *vocabulary) values(x *cluster, at int, share func(*shape) float64) (text string, top float64) {
	counts, total := map[token]float64{}, 0.0
	for _, s := range x.members {
		if len(s.tokens) != len(x.tokens) {
			continue // it has the same template all the same
		}
		t := s.tokens[at]
		n := share(s)
		counts[t] += n
		total += n
	}
	if total == 0 || len(counts) < 2 {
		return "", 0
	}
	order := make([]token, 0, len(counts))
	for t := range counts {
		order = append(order, t)
	}
	slices.SortFunc(order, func(a, b token) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(v.words[a], v.words[b]))
	})
	var parts []string
	for _, t := range order[:min(2, len(order))] {
		value, part := strings.Trim(v.words[t], edgeMarks), counts[t]/total
		if part < minShare || len(value) > maxVariable || v.traits[t].kind != kindWord || !anyLetter(value) {
			break
		}
		parts = append(parts, fmt.Sprintf("%s %.0f%%", value, part*100))
	}
	if len(parts) == 0 {
		return "", 0
	}
	return strings.Join(parts, ", "), counts[order[0]] / total
}
