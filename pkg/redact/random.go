package redact

import "bytes"

// A shape tells what a word is made of.
type shape struct {
	lower, upper, digit, sign int
	// plain counts the letters that no hexadecimal number has.
	plain int
	// pairs counts neighbours that are both letters or digits, changes those of
	// them that differ in class: lower case, upper case, digit.
	pairs, changes int
	// consonants is the longest run of consonants, segment the longest run of
	// letters and digits that holds both.
	consonants, segment int
}

// shapeOf looks at every byte of v once.
func shapeOf(v []byte) shape {
	var sh shape
	var last alphabet
	run, from, mixed := 0, 0, alphabet(0)
	for i, c := range v {
		class := kindOf(c)
		switch class {
		case lowers:
			sh.lower++
		case uppers:
			sh.upper++
		case digits:
			sh.digit++
		default:
			sh.sign++
		}
		if class&letters != 0 && !vowel(c) {
			run++
			sh.consonants = max(sh.consonants, run)
		} else {
			run = 0
		}
		if class == 0 {
			from, mixed = i+1, 0
		} else {
			mixed |= class
			if mixed&digits != 0 && mixed&letters != 0 {
				sh.segment = max(sh.segment, i+1-from)
			}
			if last != 0 {
				sh.pairs++
				if class != last {
					sh.changes++
				}
			}
		}
		last = class
	}
	return sh
}

// kindOf returns lowers, uppers or digits, and 0 for anything else.
func kindOf(c byte) alphabet {
	switch {
	case c >= 'a' && c <= 'z':
		return lowers
	case c >= 'A' && c <= 'Z':
		return uppers
	case c >= '0' && c <= '9':
		return digits
	}
	return 0
}

func vowel(c byte) bool {
	switch lower(c) {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return true
	}
	return false
}

// looksRandom reports whether v reads like a key: letters and digits mixed as no
// word, number, version or name has them. Names such as coredns-5d78c9869d-x2v9q
// have only short mixed segments.
func looksRandom(v []byte) bool {
	if len(v) < 10 {
		return false
	}
	sh := shapeOf(v)
	if sh.digit == 0 || sh.lower+sh.upper == 0 || sh.pairs == 0 {
		long := len(v) >= 20 && sh.sign == 0 && sh.consonants >= 5
		return (long || v[len(v)-1] == '=') && sh.changes*100 >= 35*sh.pairs // letters as base64 has them
	}
	if sh.sign > 0 && (sh.lower == 0 || sh.upper == 0) && (sh.lower > 0 || len(v) < 16) {
		if bytes.IndexByte(v, '/') >= 0 {
			return false // the path of an object
		}
		return sh.segment >= 12 && dense(sh)
	}
	return dense(sh)
}

// dense reports whether the classes change often enough for random text. Text of
// 62 letters and digits changes at 62 of 100 places, hexadecimal at 47, base32 at 30.
func dense(sh shape) bool {
	return sh.pairs >= 20 && sh.changes*100 >= 15*sh.pairs || sh.changes*100 >= 22*sh.pairs || sh.consonants >= 5 && sh.changes >= 2
}

// looksKeyed is looksRandom for a value behind the name of a provider that gives
// keys: it also takes a number of many digits, a UUID, and random letters.
func looksKeyed(v []byte) bool {
	if len(v) < 14 {
		return false
	}
	sh := shapeOf(v)
	switch {
	case uuidLen(v) == len(v):
		return true
	case sh.lower+sh.upper == 0:
		return sh.digit >= 15 && sh.sign == 0 || sh.digit >= 10 && sh.sign == 1
	case sh.digit == 0:
		return sh.consonants >= 5 || sh.changes*100 >= 35*sh.pairs
	}
	return sh.changes*100 >= 20*sh.pairs || sh.consonants >= 6
}

// looksSession reports whether v reads like the identity of a session that gives
// access, not like a number.
func looksSession(v []byte) bool {
	sh := shapeOf(v)
	return len(v) >= 20 && sh.digit > 0 && sh.lower+sh.upper > 0 && (sh.sign == 0 || looksRandom(v)) && uuidLen(v) != len(v)
}

// pair reports whether v is a name, a colon and a password, not a host and a port.
func pair(v []byte) bool {
	k := (word | dot).end(v, 0)
	return k > 0 && k+3 < len(v) && v[k] == ':' && v[k+1] != '/' && digits.end(v, k+1) < len(v) && bytes.IndexByte(v[k+1:], ':') < 0
}

// looksChosen reports whether v reads like a password that a person chose: letters
// with digits or signs, no word and no number.
func looksChosen(v []byte) bool {
	if len(v) < 5 {
		return false
	}
	letter, other := false, false
	for _, c := range v {
		switch {
		case letters.holds(c):
			letter = true
		case c >= '0' && c <= '9', c == '!', c == '@', c == '#', c == '$', c == '%', c == '^', c == '&', c == '*', c == '?', c == '+', c == '~':
			other = true
		}
	}
	return letter && other
}

// A long word has at least longMin bytes; it is random when a part of it of
// randomWindow bytes is.
const (
	longMin      = 40
	randomWindow = 32
)

// longWord returns the first run of at least longMin token bytes at or behind from,
// or a span far behind the text. Every such run covers a multiple of 32.
func (s *scanner) longWord(from int) span {
	text := s.text
	for i := (from + 31) &^ 31; i < len(text); i = (i + 32) &^ 31 {
		if !token.holds(text[i]) {
			continue
		}
		w := span{token.start(text, i, from), token.end(text, i)}
		if w.to-w.from >= longMin {
			return w
		}
		i = w.to
	}
	return span{len(text) + 1, len(text) + 1}
}

// randomWord masks a long word that reads like a key although nothing announces it.
func (s *scanner) randomWord(w span) {
	w.from = max(w.from, s.done)
	if k := w.to - 36; k > w.from && uuidLen(s.text[k:w.to]) > 0 {
		w.to = k // a name and an identity
	}
	if k := bytes.IndexByte(s.text[w.from:max(w.from, w.to)], '='); k > 0 && w.from+k+2 < w.to {
		w.from += k + 1 // a name is no part of the key
	}
	if w.to-w.from < longMin {
		return
	}
	v := s.text[w.from:w.to]
	var sh shape
	at := -1
	for i := range v {
		sh.count(v, i, 1)
		if i >= randomWindow {
			sh.count(v, i-randomWindow, -1)
		}
		if i >= randomWindow-1 && sh.upper >= 3 && sh.lower >= 3 && sh.digit >= 2 && sh.plain >= 6 && sh.pairs >= 20 && sh.changes*100 >= 45*sh.pairs {
			at = i + 1 - randomWindow
			break
		}
	}
	if at < 0 {
		return
	}
	from := word.start(s.text, w.from+at, w.from)
	if w.from < s.public || public(s.text[from:]) || public(v) {
		return
	}
	if from > w.from && s.text[from-1] == '+' {
		from = w.from
	}
	if !digest(s.text, from) && !digest(s.text, w.from) {
		s.mask(span{from, w.to}, kindSecret)
	}
}

// public reports whether a word starts as certificates and public keys do in base64:
// in PEM encoded again, as a key's own encoding, and as SSH has them.
func public(v []byte) bool {
	return hasAnyPrefix(v, "LS0tLS1CRUdJTiBDRVJU", "MFkwEwYHKoZIzj0", "MIIBIjANBgkqhkiG9w0BAQ", "MIGfMA0GCSqG", "AAAAB3NzaC1", "AAAAC3NzaC1", "AAAAE2VjZHNh")
}

// count adds the byte at i and its pair with the byte before to the shape, by times
// 1, or takes them away by times -1.
func (sh *shape) count(v []byte, i, times int) {
	class := kindOf(v[i])
	switch class {
	case lowers:
		sh.lower += times
	case uppers:
		sh.upper += times
	case digits:
		sh.digit += times
	}
	if (lowerRest | upperRest).holds(v[i]) {
		sh.plain += times
	}
	if i == 0 || class == 0 {
		return
	}
	if last := kindOf(v[i-1]); last != 0 {
		sh.pairs += times
		if last != class {
			sh.changes += times
		}
	}
}

// digest reports whether the word at from is named as a digest: SHA256:…, sha512-…
func digest(text []byte, from int) bool {
	if hasFold(text[from:], "sha") && digits.end(text, from+3) > from+3 {
		return true
	}
	if from == 0 || text[from-1] != ':' && text[from-1] != '=' {
		return false
	}
	d := digits.start(text, from-1, max(0, from-4))
	return d < from-1 && d >= 3 && hasFold(text[d-3:], "sha")
}
