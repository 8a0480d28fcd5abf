package redact

import (
	"fmt"
	"strconv"
	"strings"
)

// A format describes a token that its provider marks with a prefix.
type format struct {
	kind   string
	prefix string
	// set is what follows the prefix, and min how much of it at least.
	set  alphabet
	min  int
	what trait
}

// A trait narrows a format whose prefix alone says little.
type trait uint8

const (
	// bounded: no letter or digit stands before the prefix.
	bounded trait = 1 << iota
	// random: what follows the prefix does not look like words.
	random
	// exact: exactly min bytes follow.
	exact
	// keep: the prefix is no secret and stays.
	keep
	// inner: the first byte of the prefix is what stands before the token.
	inner
	// uuid: a UUID follows.
	uuid
)

// formats reads the tables of formats. It panics where a table is wrong, which a test
// rules out.
func formats() []format {
	var all []format
	for line := range strings.Lines(platformFormats + serviceFormats + urlFormats) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		n, err := strconv.Atoi(f[3])
		set := alphabetOf(f[2])
		if err != nil || set == 0 {
			panic(fmt.Sprintf("redact: format %q: no such set of bytes, or no length", f))
		}
		all = append(all, format{f[0], f[1], set, n, traitsOf(f[4:])})
	}
	for _, c := range "0123456789abcdefABCDEF" {
		all = append(all, format{"twilio-key", "SK" + string(c), hexadecimal, 31, 0})
	}
	for _, c := range " \"'=:" {
		all = append(all, format{"vault-token", string(c) + "s.", alnum, 24, exact | random | inner})
	}
	return all
}

// alphabetOf returns the set of bytes that a table names, 0 for none.
func alphabetOf(name string) alphabet {
	return map[string]alphabet{
		"hex": hexadecimal, "hex-": hexadecimal | hyphen, "upper": digits | uppers, "upper-": digits | uppers | hyphen, "lower": digits | lowers,
		"alnum": alnum, "alnum.": alnum | dot, "alnum%": alnum | percent, "alnum$": alnum | dollar, "word": word, "word=": word | equals,
		"base64": base64, "base64url": base64 | word, "crypt": base64 | dot | dollar, "dotted": dotted,
		"token": token, "token$": token | dollar, "token%": token | percent, "token@": token | percent | atSign,
	}[name]
}

func traitsOf(names []string) trait {
	var t trait
	for _, n := range names {
		t |= map[string]trait{"bounded": bounded, "random": random, "exact": exact, "keep": keep, "uuid": uuid}[n]
	}
	return t
}

// sampled is how much of a token is looked at to tell whether it is random.
const sampled = 256

// format masks the token whose prefix stands at a place.
func (s *scanner) format(f *format, at span) {
	if f.what&bounded != 0 && !boundary(s.text, at.from) {
		return
	}
	head := s.text[at.to:min(len(s.text), at.to+max(f.min, sampled))]
	n := f.set.end(head, 0)
	switch {
	case n < f.min, f.what&exact != 0 && n != f.min:
		return
	case f.what&random != 0 && !looksRandom(head[:n]) && (f.what&exact == 0 || !looksKeyed(head[:n])):
		return
	case f.what&uuid != 0 && uuidLen(head) == 0:
		return
	}
	end := at.to + n
	if n == len(head) {
		end = f.set.end(s.text, end)
	}
	for end > at.to+f.min && s.text[end-1] == '.' {
		end-- // it ends the sentence
	}
	switch {
	case f.what&keep != 0:
		at.from = at.to
	case f.what&inner != 0:
		at.from++
	}
	s.mask(span{at.from, end}, f.kind)
	if f.kind == "aws-key" && len(f.prefix) == len("AKIA") {
		s.awsSecret(end)
	}
}

// awsSecret marks the secret that stands close behind the identity of an AWS key.
func (s *scanner) awsSecret(i int) {
	text := s.text[:min(len(s.text), i+2*idMax)]
	for from := i; from < len(text) && s.later.to == 0; from++ {
		to := base64.end(text, from)
		if to-from == 40 && shapeOf(text[from:to]).upper > 0 && shapeOf(text[from:to]).lower > 0 {
			s.later = span{from, to}
		}
		from = max(from, to)
	}
}

// uuidLen returns the length of the UUID at the start of text, or 0.
func uuidLen(text []byte) int {
	const form = "00000000-0000-0000-0000-000000000000"
	if len(text) < len(form) {
		return 0
	}
	for i := range len(form) {
		if form[i] == '-' {
			if text[i] != '-' {
				return 0
			}
		} else if !hexadecimal.holds(text[i]) {
			return 0
		}
	}
	if len(text) > len(form) && alnum.holds(text[len(form)]) {
		return 0
	}
	return len(form)
}

// An infix is a text inside a token that its provider put there.
type infix struct {
	kind, text string
	// before and after are what stands around the text, with the least lengths.
	before             alphabet
	minBefore          int
	after              alphabet
	minAfter, maxAfter int
}

func infixes() []infix {
	list := []infix{
		{"terraform-token", ".atlasv1.", alnum, 14, word | equals, 50, 128},
		{"authress-key", ".acc_", dotted, 10, token, 30, 160},
		{"authress-key", ".acc-", dotted, 10, token, 30, 160},
		{"telegram-token", ":AA", digits, 5, word, 32, 64},
		{"mailchimp-key", "-us1", lowerHex | digits, 32, digits, 0, 2},
		{"mailchimp-key", "-us2", lowerHex | digits, 32, digits, 0, 2},
		{"mailchimp-key", "-us", lowerHex | digits, 32, digits, 1, 2},
		{"maxmind-key", "_mmk", word, 30, alnum, 0, 0},
		{"new-relic-key", "NRAL", hexadecimal, 30, alnum, 0, 0},
		{"salesforce-token", "!AQ", alnum, 12, dotted, 60, 512},
	}
	for _, c := range "0123456789" {
		list = append(list, infix{"azure-key", string(c) + "Q~", dotted | tilde, 3, dotted | tilde, 28, 64})
	}
	return list
}

// around masks the token that the infix stands in.
func (s *scanner) around(f *infix, at span) {
	from := f.before.start(s.text, at.from, max(s.done, at.from-128))
	if at.from-from < f.minBefore {
		return
	}
	end := f.after.end(s.text[:min(len(s.text), at.to+f.maxAfter+1)], at.to)
	if n := end - at.to; n < f.minAfter || n > f.maxAfter {
		return
	}
	s.mask(span{from, end}, f.kind)
}
