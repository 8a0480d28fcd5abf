package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// perturbed returns the set as another system would have logged it: other words, other values and another order, with
// the same truth. A rule that serves one data set only serves its perturbed copy no more.
//
// A word becomes the same made-up word everywhere, of its length and capitals, and a number the same other number of
// its length everywhere, both one to one: what was equal stays equal and what was different stays different. Times and
// IP addresses stay valid ones. What tells the kind of a value in any log stays: units, months, booleans, hexadecimal
// digits.
func perturbed(set logSet, seed uint64) logSet {
	p := &perturbation{
		r:       rand.New(rand.NewPCG(seed, 0x9e47)), //nolint:gosec // the same copy each time
		words:   newOneToOne(),
		numbers: newOneToOne(),
	}
	out := logSet{name: set.name, contents: make([]string, len(set.contents)), truth: make([]string, len(set.truth))}
	for to, from := range p.r.Perm(len(set.contents)) {
		out.truth[to] = set.truth[from]
		out.contents[to] = numberText.ReplaceAllStringFunc(p.rename(set.contents[from]), p.number)
	}
	return out
}

var (
	// keptText is what rename leaves alone: hexadecimal values with a digit in them and groups of these.
	keptText = regexp.MustCompile(`\b(?:0[xX])?[0-9a-fA-F]*[0-9][0-9a-fA-F]*(?:[-:][0-9a-fA-F]+)*\b|[A-Za-z]+`)
	// numberText is a time, an IPv4 address or a run of digits.
	numberText = regexp.MustCompile(`\b[012]?\d:[0-5]\d:[0-5]\d\b|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|\d+`)
	// kindWord is a word that tells the kind of a value in any log.
	kindWord = regexp.MustCompile(`^(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|` +
		`ns|us|ms|s|sec|secs|seconds|min|mins|minutes|h|hours|b|bytes|[kmgt]i?b|true|false|null|none|https?|gmt|utc)$`)
)

type perturbation struct {
	r              *rand.Rand
	words, numbers oneToOne
}

// oneToOne holds replacements, of which no two are equal.
type oneToOne struct {
	to    map[string]string
	taken map[string]bool
}

func newOneToOne() oneToOne { return oneToOne{map[string]string{}, map[string]bool{}} }

// get returns the replacement of text, which it draws until it is one that no other text has.
func (o oneToOne) get(text string, draw func(try int) string) string {
	to, ok := o.to[text]
	for try := 0; !ok; try++ {
		if to = draw(try); !o.taken[to] {
			o.to[text], o.taken[to], ok = to, true, true
		}
	}
	return to
}

// rename replaces the words of a line.
func (p *perturbation) rename(line string) string {
	return keptText.ReplaceAllStringFunc(line, func(word string) string {
		if len(word) == 1 || kindWord.MatchString(word) || strings.ContainsAny(word, "0123456789") {
			return word
		}
		to := []byte(p.words.get(strings.ToLower(word), func(try int) string { return p.word(len(word), try) }))
		for i := range to {
			if unicode.IsUpper(rune(word[i])) {
				to[i] -= 'a' - 'A'
			}
		}
		return string(to)
	})
}

// word makes up a word in which vowels and consonants take turns, or, where many tries found all of these taken, any.
func (p *perturbation) word(length, try int) string {
	sets := [2]string{"bcdfghjklmnpqrstvwxyz", "aeiou"}
	if try > 1000 {
		sets[1] = sets[0] + sets[1]
		sets[0] = sets[1]
	}
	out, first := make([]byte, length), p.r.IntN(2)
	for i := range out {
		set := sets[(first+i)%2]
		out[i] = set[p.r.IntN(len(set))]
	}
	return string(out)
}

// number replaces a time, an address or a run of digits.
func (p *perturbation) number(text string) string {
	return p.numbers.get(text, func(int) string {
		switch {
		case strings.Contains(text, ":"):
			if text[1] == ':' {
				return fmt.Sprintf("%d:%02d:%02d", p.r.IntN(10), p.r.IntN(60), p.r.IntN(60))
			}
			return fmt.Sprintf("%02d:%02d:%02d", p.r.IntN(24), p.r.IntN(60), p.r.IntN(60))
		case strings.Contains(text, "."):
			parts := strings.Split(text, ".")
			for i, part := range parts {
				parts[i] = p.octet(part)
			}
			return strings.Join(parts, ".")
		}
		return p.digits(text)
	})
}

// octet draws another number of at most 255 with as many digits.
func (p *perturbation) octet(text string) string {
	switch n, _ := strconv.Atoi(text); { // at most three digits
	case n < 10 || n > 255: // with the latter it is no address
		return p.digits(text)
	case n < 100:
		return strconv.Itoa(10 + p.r.IntN(90))
	}
	return strconv.Itoa(100 + p.r.IntN(156))
}

// digits draws as many other digits; leading zeros stay.
func (p *perturbation) digits(text string) string {
	out := []byte(text)
	for i := len(text) - len(strings.TrimLeft(text, "0")); i < len(out); i++ {
		out[i] = "0123456789"[p.r.IntN(10)]
	}
	if zeros := len(text) - len(strings.TrimLeft(text, "0")); zeros < len(out) {
		out[zeros] = "123456789"[p.r.IntN(9)]
	}
	return string(out)
}
