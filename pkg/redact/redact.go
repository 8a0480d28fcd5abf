// Package redact masks secrets and personal data in text that is about to leave
// the plugin towards a model, a notification or the history. It knows nothing of
// where the text comes from or goes to.
//
// A line is read once. A table that is indexed with the last three bytes finds the
// places where a rule may apply ([newRules]), and only there a rule looks closer:
// at tokens that a provider marks with a prefix ([formats]), at a value behind a
// name such as password ([scanner.assign]), at headers, addresses with a user and
// a password, commands, keys in PEM, and long random words that nothing announces.
package redact

import (
	"bytes"
	"slices"
	"strings"
)

// Version names the set of masks. It is part of the ledger's key, because other
// masks give other prompts.
const Version = "2"

// maxPasses bounds how often masked text is read again. A mask can bring to light
// what the text before it hid, and reading until nothing changes makes masking
// idempotent. Text from logs needs two passes, the second without a finding.
const maxPasses = 8

// A Redactor masks text. It is immutable and safe for concurrent use.
type Redactor struct {
	rules *rules
	key   []byte
}

// New returns a redactor with the built-in masks. Addresses become <ip> and <mac>,
// e-mail addresses <email>: see [Redactor.WithKey] for pseudonyms. It builds tables
// of some 100 KiB, so make one and share it.
func New() *Redactor { return &Redactor{rules: newRules()} }

// WithKey returns a redactor with the same masks whose [Redactor.Mask] writes keyed
// pseudonyms for addresses, such as <ip-7k2fqa>, <mac-x3pq5d> and <email-ab2cde>:
// one address has one pseudonym under one key, however it is written, and another
// under another key. Nobody without the key can tell the address. An empty key gives
// no pseudonyms. The call is cheap: the masks are shared.
func (r *Redactor) WithKey(key []byte) *Redactor {
	return &Redactor{rules: r.rules, key: slices.Clone(key)}
}

// Mask returns s with secrets, personal data and addresses replaced by placeholders
// that say what stood there. It is for everything that is shown or sent. Masking
// masked text changes nothing, and neither does masking the placeholders of package
// patterns. The time it takes grows linearly with the length of s.
func (r *Redactor) Mask(s string) string {
	text, masked := []byte(s), false
	for range maxPasses {
		var a, b bool
		text, a = r.pass(text, r.key)
		text, b = r.personal(text)
		if !a && !b {
			break
		}
		masked = true
	}
	if !masked {
		return s
	}
	return string(text)
}

// Secrets returns line with secrets and e-mail addresses replaced by placeholders,
// and whether it replaced any. It is for raw lines before they are mined: it leaves
// addresses, which mining masks, and writes <email> without a pseudonym, because a
// pattern must not depend on who was meant. A line without a finding is returned
// itself, and nothing is allocated for it. line is never written to.
func (r *Redactor) Secrets(line []byte) (masked []byte, changed bool) {
	for range maxPasses {
		text, again := r.pass(line, nil)
		if !again {
			break
		}
		line, changed = text, true
	}
	return line, changed
}

// pass masks what one reading of text finds.
func (r *Redactor) pass(text, key []byte) ([]byte, bool) {
	s := scanner{rules: r.rules, text: text, key: key, seen: -1}
	s.scan()
	return s.finish()
}

// A scanner reads one text and collects what is to be written instead of it.
type scanner struct {
	rules *rules
	text  []byte
	key   []byte
	// out holds the masked form of text[:done]; it is nil until the first mask.
	out  []byte
	done int
	// seen is the start of the value that an earlier name was tried for.
	seen int
	// later is a mask ahead of the reading position, commands the ends of the
	// arguments that were looked at for each command.
	later    span
	commands [commandMax]int
	// noEnd says that no end of a private key in PEM follows, manifest whether the
	// text is a Kubernetes Secret: 0 not looked, 1 it is, -1 it is not.
	noEnd    bool
	public   int // the end of the last certificate or public key in PEM
	manifest int8
	// header and data are where the last header and the last data of a Secret end.
	header, data int
	// found are the values of the first masks, which may stand elsewhere again.
	found [repeatMax]repeat
	finds int
	// lastAt is behind the last sign @ that was looked at, dotless the end of a
	// word that holds no dot.
	lastAt, dotless int
}

// A span is a part of the text.
type span struct{ from, to int }

// mask replaces the span by a placeholder, except what is replaced already.
func (s *scanner) mask(at span, kind string) {
	at.from = max(at.from, s.done)
	if at.to <= at.from {
		return
	}
	if s.out == nil {
		s.out = make([]byte, 0, len(s.text)+32)
	}
	if v := s.text[at.from:at.to]; s.finds < len(s.found) && len(v) >= repeatMin && len(v) <= 4<<10 && kind != kindEmail && (looksChosen(v) || looksKeyed(v)) {
		s.found[s.finds] = repeat{v, kind}
		s.finds++
	}
	s.out = append(s.out, s.text[s.done:at.from]...)
	s.out = append(s.out, '<')
	s.out = append(s.out, kind...)
	s.out = append(s.out, '>')
	s.done = at.to
}

// finish returns the text with the masks, and whether there are any. A value that was
// masked at one place is masked everywhere.
func (s *scanner) finish() ([]byte, bool) {
	if s.out == nil {
		return s.text, false
	}
	out := append(s.out, s.text[s.done:]...)
	for _, r := range s.found[:s.finds] {
		if bytes.Contains(out, r.value) && !strings.Contains(kinds, string(r.value)) {
			out = bytes.ReplaceAll(out, r.value, []byte("<"+r.kind+">"))
		}
	}
	return out, true
}

// A repeat is a masked value of at least repeatMin bytes. The first repeatMax of a
// text are looked for elsewhere.
type repeat struct {
	value []byte
	kind  string
}

const (
	repeatMin = 8
	repeatMax = 8
)

// scan reads the text once.
func (s *scanner) scan() {
	text := s.text
	at := indexFrom(text, '@', 0)
	word := s.longWord(0)
	gram := uint32(0)
	for i := 0; i < len(text); {
		stop := min(at, word.to-1, len(text)-1)
		if s.later.to > 0 {
			stop = min(stop, max(s.later.from-1, i))
		}
		for ; i <= stop; i++ {
			gram = (gram<<5 | uint32(text[i]&31)) & (gramCount - 1)
			if first := s.rules.first[gram]; first != 0 {
				if s.try(int(first)-1, gram, i); s.done > i+1 || s.later.to > 0 {
					i++
					break
				}
			}
		}
		last := i - 1
		if last == at {
			s.at(at)
		}
		if last == word.to-1 {
			s.randomWord(word)
		}
		if s.later.to > 0 && i >= s.later.from {
			s.mask(s.later, kindSecret)
			s.later = span{}
		}
		if s.done > i {
			i, gram = s.done, 0
		}
		if at < i {
			at = indexFrom(text, '@', i)
		}
		if word.to <= i {
			word = s.longWord(i)
		}
	}
}

// indexFrom returns where c is in text at or behind from, or a place far behind
// its end.
func indexFrom(text []byte, c byte, from int) int {
	if k := bytes.IndexByte(text[from:], c); k >= 0 {
		return from + k
	}
	return len(text) + 1
}
