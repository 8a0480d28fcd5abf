package patterns

import (
	"unicode"
	"unicode/utf8"
)

// The classes of a byte that the masker decides by. A hexadecimal letter is a
// letter, too.
const (
	classLetter = 1 << iota
	classDigit
	classHex
	classUnderscore
	classSpace // white space and control characters
	classHigh  // a part of a character beyond ASCII
	classWord  = classLetter | classDigit | classUnderscore
)

// classOf is the class of each byte; punctuation has none.
var classOf = func() (t [256]uint8) {
	for i := range t {
		switch c := byte(i); {
		case isLetter(c):
			t[i] = classLetter
		case isDigit(c):
			t[i] = classDigit
		case c == '_':
			t[i] = classUnderscore
		case c <= ' ' || c == 0x7f:
			t[i] = classSpace
		case c >= utf8.RuneSelf:
			t[i] = classHigh
		}
		if isHex(byte(i)) {
			t[i] |= classHex
		}
	}
	return t
}()

// A masker rewrites a line so that lines printed by the same statement become
// equal or nearly so: variable values give way to typed placeholders (<num>,
// <ip>, <ts>, <dur>, <size>, <hex>, <id>), ANSI escapes and control characters
// vanish, runs of white space become one space, and bytes that are not UTF-8
// become the replacement character. HTTP status codes keep their class (5xx),
// because it says whether a request failed.
//
// It is one pass over the bytes: a regular expression per kind of value costs
// about twenty times as much.
type masker struct {
	in, out []byte
	i       int
	from    int // in[from:i] is constant text that is not written yet
	start   int // where the line begins in out
}

// mask appends the masked form of line to dst. Equal lines give equal results.
func mask(dst, line []byte) []byte {
	m := masker{in: line, out: dst, start: len(dst)}
	for m.i < len(line) {
		switch k := classOf[line[m.i]]; {
		case k == 0:
			m.i++
		case k&(classLetter|classUnderscore) != 0:
			m.word()
		case k&classDigit != 0:
			m.flush()
			m.number()
			m.from = m.i
		case k == classSpace:
			if m.i > 0 && line[m.i] == ' ' && classOf[line[m.i-1]]&(classSpace|classHigh) == 0 && m.i+1 < len(line) && classOf[line[m.i+1]]&(classSpace|classHigh) == 0 {
				m.i++ // a single space between words is constant text
				continue
			}
			m.flush()
			m.space()
			m.from = m.i
		default:
			m.flush()
			m.rune()
			m.from = m.i
		}
	}
	m.flush()
	if n := len(m.out); n > m.start && m.out[n-1] == ' ' {
		m.out = m.out[:n-1]
	}
	return m.out
}

func (m *masker) flush() { m.out = append(m.out, m.in[m.from:m.i]...) }

// blank writes one space between two words.
func (m *masker) blank() {
	if n := len(m.out); n > m.start && m.out[n-1] != ' ' {
		m.out = append(m.out, ' ')
	}
}

// space consumes white space, control characters and ANSI escape sequences.
func (m *masker) space() {
	escapeOnly := true
	for m.i < len(m.in) && classOf[m.in[m.i]] == classSpace {
		if m.in[m.i] == 0x1b {
			m.i = skipEscape(m.in, m.i)
			continue
		}
		escapeOnly = false
		m.i++
	}
	if !escapeOnly {
		m.blank()
	}
}

// skipEscape returns the index behind the ANSI control sequence at b[i].
func skipEscape(b []byte, i int) int {
	i++
	if i >= len(b) || b[i] != '[' {
		return i
	}
	for i++; i < len(b); i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			return i + 1
		}
	}
	return i
}

func (m *masker) rune() {
	r, n := utf8.DecodeRune(m.in[m.i:])
	m.i += n
	switch {
	case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
		m.blank()
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		// It could change how a terminal or a page shows the text around it.
	default:
		m.out = utf8.AppendRune(m.out, r)
	}
}

// word consumes a run of letters, digits and underscores that does not start with
// a digit. A word without digits is constant text, unless it is a hexadecimal
// number by its length or begins a date.
func (m *masker) word() {
	in, start, j := m.in, m.i, m.i
	some, all := uint8(0), uint8(classHex)
	for j < len(in) && classOf[in[j]]&classWord != 0 {
		some |= classOf[in[j]]
		all &= classOf[in[j]]
		j++
	}
	n := j - start
	if all != 0 {
		if placeholder, end := hexWord(in, start, j, some&classDigit != 0); end > 0 {
			m.replace(placeholder, end)
			return
		}
	}
	if some&classDigit == 0 {
		if n == 3 && j < len(in) && in[j] == ' ' {
			if end := monthTime(in, start); end > 0 {
				m.date(end)
				return
			}
		}
		m.i = j
		return
	}
	m.flush()
	m.mixedWord(in[start:j], j < len(in) && in[j] == '=')
	m.i, m.from = j, j
}

// hexWord tells what in[start:end], which has hexadecimal digits only, is the
// beginning of; end is 0 where it is a mere word.
func hexWord(in []byte, start, end int, digit bool) (placeholder string, to int) {
	n := end - start
	switch {
	case n == 8 && uuidTail(in[end:]):
		return "<id>", end + uuidTailLen
	case n <= 4 && end < len(in) && in[end] == ':' && colonHex(in[start:]) > 0:
		return "<ip>", start + colonHex(in[start:])
	case digit && n >= 6, n >= 8 && n%8 == 0:
		return "<hex>", end
	}
	return "", 0
}

// replace writes a placeholder for in[i:end].
func (m *masker) replace(placeholder string, end int) {
	m.flush()
	m.emit(placeholder, end-m.i)
	m.from = m.i
}

// date writes the placeholder of the date in[i:end], in place of a day of the week
// in front of it, too.
func (m *masker) date(end int) {
	m.flush()
	n := len(m.out)
	if n >= m.start+4 && m.out[n-1] == ' ' && (n == m.start+4 || !isLetter(m.out[n-5])) {
		switch string(m.out[n-4 : n-1]) {
		case "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun":
			m.out = m.out[:n-4]
		}
	}
	m.out = append(m.out, "<ts>"...)
	m.i, m.from = end, end
}

// mixedWord writes a word of letters and digits: a generated identifier such as
// x7f9q2 becomes <id>, a numbered name such as node12 keeps its name, and a key
// stays as it is.
func (m *masker) mixedWord(w []byte, isKey bool) {
	if isKey && len(w) <= maxKey {
		m.out = append(m.out, w...)
		return
	}
	name := 0
	for name < len(w) && isLetter(w[name]) {
		name++
	}
	if name >= 3 && w[name] == '_' && allDigits(w[name+1:]) {
		m.out = append(append(m.out, w[:name+1]...), "<num>"...)
		return
	}
	changes := 0
	for k := 1; k < len(w); k++ {
		if isDigit(w[k]) != isDigit(w[k-1]) {
			changes++
		}
	}
	if changes >= 2 && len(w) >= 5 {
		m.out = append(m.out, "<id>"...)
		return
	}
	for k, c := range w {
		switch {
		case !isDigit(c):
			m.out = append(m.out, c)
		case k == 0 || !isDigit(w[k-1]):
			m.out = append(m.out, "<num>"...)
		}
	}
}

// maxKey bounds what counts as a key: longer words with digits are values.
const maxKey = 24

// emit writes a placeholder for the next consumed bytes. A sign belongs to the
// number when nothing but a separator stands before it.
func (m *masker) emit(placeholder string, consumed int) {
	if k := len(m.out); k > m.start && m.out[k-1] == '-' && (k == m.start+1 || separator(m.out[k-2])) {
		m.out = m.out[:k-1]
	}
	m.out = append(m.out, placeholder...)
	m.i += consumed
}

func separator(c byte) bool {
	switch c {
	case ' ', '=', ':', '(', '[', ',', '"', '_':
		return true
	}
	return false
}

// Placeholders returns the names that stand in angle brackets in a template.
func Placeholders() []string {
	return []string{"*", "num", "ip", "ts", "dur", "size", "hex", "id", "path"}
}
