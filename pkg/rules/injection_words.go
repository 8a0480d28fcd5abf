package rules

import (
	"slices"
	"strings"
)

// A beginning is how a text begins: with a word, or one of which word is the beginning, and
// with the first letters of the next word, which is 0 where that is left open. languages has a
// bit for each language.
type beginning struct {
	word      string
	open      bool
	next      uint32
	part      part
	languages uint32
}

// start remembers how a text begins.
func (s *speech) start(text string, open bool, p part, languages uint32) {
	word, rest, more := strings.Cut(text, " ")
	w := beginning{word: word, open: open && !more, part: p, languages: languages}
	if more {
		// A next word that is left open may be longer than its letters.
		if key, end := startOf(rest, 0); end < len(rest) || !open || end >= 4 {
			w.next = key
		}
	}
	key, _ := startOf(word, 0)
	keys := []uint32{key}
	if w.open && len(word) < 4 {
		for c := byte('a'); c <= 'z'; c++ {
			k, _ := startOf(word+string(c), 0)
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		h := gramHash(k)
		s.startBits[h>>6] |= 1 << (h & 63)
		if triggering(p) {
			s.triggers[h>>6] |= 1 << (h & 63)
		}
		i := slices.IndexFunc(s.starts[k], func(o beginning) bool {
			return o.word == w.word && o.open == w.open && o.next == w.next && o.part == w.part
		})
		if i < 0 {
			s.starts[k] = append(s.starts[k], w)
		} else {
			s.starts[k][i].languages |= languages
		}
	}
}

// startOf returns the first four letters of the word at s[i:], and where it ends.
func startOf(s string, i int) (key uint32, end int) {
	n := 0
	for ; i < len(s); i++ {
		c := spokenByte[s[i]]
		if c == 0 {
			break
		}
		if n < 4 {
			key |= uint32(c) << (8 * n)
			n++
		}
	}
	// As in don't.
	if n < 4 && i+1 < len(s) && s[i] == '\'' && s[i+1]|0x20 == 't' {
		key |= uint32('t') << (8 * n)
	}
	return key, i
}

// spokenByte is the lower case of letters and digits, and 0 of other bytes.
var spokenByte = func() (t [256]byte) {
	for c := range t {
		switch b := byte(c); {
		case b >= 'A' && b <= 'Z':
			t[c] = b | 0x20
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9':
			t[c] = b
		}
	}
	return t
}()

// triggering reports whether an order needs one of such parts.
func triggering(p part) bool { return p == partWho || p == partDrop || p == partSay || p == partDo }

// mayOrder reports whether a line has words that an order can be made of, by how its words
// begin.
func (s *speech) mayOrder(line string) bool {
	var has [parts]uint32
	if !s.scan(line, &s.triggers, &has) {
		return false
	}
	s.scan(line, &s.startBits, &has)
	says := has[partSay] & has[partResult]
	return has[partDo]|has[partDrop]&has[partThese]|says&(has[partAim]|^s.aimed)|has[partWho]&(has[partDrop]|has[partSay]|has[partResult]) != 0
}

// scan notes which parts the words of a line can be whose beginnings are among bits, and in
// which languages. Among the triggers it stops at the first.
func (s *speech) scan(line string, bits *[1 << 10]uint64, has *[parts]uint32) bool {
	for i := 0; i < len(line); i++ {
		if spokenByte[line[i]] == 0 || i > 0 && line[i-1] == '\\' && escapedSpace(line[i]) {
			continue
		}
		from := i
		var key uint32
		key, i = startOf(line, i)
		h := gramHash(key)
		if bits[h>>6&(1<<10-1)]&(1<<(h&63)) == 0 {
			continue
		}
		list := s.starts[key]
		for k := range list {
			w := &list[k]
			if w.languages&^has[w.part] == 0 || bits == &s.triggers && !triggering(w.part) || !w.begins(line, from, i) {
				continue
			}
			if bits == &s.triggers {
				return true
			}
			has[w.part] |= w.languages
		}
	}
	return false
}

// begins reports whether a word of a line begins a text.
func (w *beginning) begins(line string, from, to int) bool {
	n := 0
	for ; n < len(w.word) && from+n < len(line); n++ {
		if c := line[from+n]; spokenByte[c] != w.word[n] {
			if c == '\'' && n+1 == len(w.word) && w.word[n] == 't' {
				to = from + len(w.word) // as in don't
				break
			}
			return false
		}
	}
	if n+1 < len(w.word) || !w.open && to-from != len(w.word) {
		return false
	}
	if w.next == 0 {
		return true
	}
	for i := to; i < len(line) && i < to+8; i++ {
		if spokenByte[line[i]] == 0 || line[i-1] == '\\' && escapedSpace(line[i]) || i == to+1 && line[to] == '\'' && line[i]|0x20 == 't' && w.word[len(w.word)-1] == 't' {
			continue
		}
		key, _ := startOf(line, i)
		return key == w.next
	}
	return false
}

// escapedSpace reports whether a letter behind a backslash is white space.
func escapedSpace(c byte) bool { return c == 'n' || c == 't' || c == 'r' }
