package patterns

import (
	"unicode"
	"unicode/utf8"
)

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
	in  []byte
	out []byte
	i   int
}

// mask appends the masked form of line to dst. Equal lines give equal results.
func mask(dst, line []byte) []byte {
	m := masker{in: line, out: dst}
	start := len(dst)
	for m.i < len(m.in) {
		c := m.in[m.i]
		switch {
		case isLetter(c) || c == '_':
			m.word()
		case isDigit(c):
			m.number()
		case c <= ' ' || c == 0x7f:
			m.space()
		case c >= utf8.RuneSelf:
			m.rune()
		default:
			m.out = append(m.out, c)
			m.i++
		}
	}
	if n := len(m.out); n > start && m.out[n-1] == ' ' {
		m.out = m.out[:n-1]
	}
	return m.out
}

// space consumes white space, control characters and ANSI escape sequences.
func (m *masker) space() {
	escapeOnly := true
	for m.i < len(m.in) && (m.in[m.i] <= ' ' || m.in[m.i] == 0x7f) {
		if m.in[m.i] == 0x1b {
			m.i = skipEscape(m.in, m.i)
			continue
		}
		escapeOnly = false
		m.i++
	}
	if !escapeOnly && len(m.out) > 0 && m.out[len(m.out)-1] != ' ' {
		m.out = append(m.out, ' ')
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
		if len(m.out) > 0 && m.out[len(m.out)-1] != ' ' {
			m.out = append(m.out, ' ')
		}
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		// It could change how a terminal or a page shows the text around it.
	default:
		m.out = utf8.AppendRune(m.out, r)
	}
}

// word consumes a run of letters, digits and underscores that starts with a
// letter or an underscore.
func (m *masker) word() {
	start, digit, hexOnly := m.i, false, true
	j := m.i
	for j < len(m.in) && (isLetter(m.in[j]) || isDigit(m.in[j]) || m.in[j] == '_') {
		digit = digit || isDigit(m.in[j])
		hexOnly = hexOnly && isHex(m.in[j])
		j++
	}
	w := m.in[start:j]
	m.i = j
	switch {
	case hexOnly && len(w) == 8 && uuidTail(m.in[j:]):
		m.i = j + uuidTailLen
		m.out = append(m.out, "<id>"...)
	case !digit:
		if hexOnly && colonHex(m.in[start:]) > 0 {
			m.i = start + colonHex(m.in[start:])
			m.out = append(m.out, "<ip>"...)
			return
		}
		m.out = append(m.out, w...)
	case hexOnly && colonHex(m.in[start:]) > 0:
		m.i = start + colonHex(m.in[start:])
		m.out = append(m.out, "<ip>"...)
	case hexOnly && len(w) >= 6:
		m.out = append(m.out, "<hex>"...)
	default:
		m.mixedWord(w)
	}
}

// mixedWord writes a word of letters and digits: a generated identifier such as
// x7f9q2 becomes <id>, a numbered name such as node12 keeps its name.
func (m *masker) mixedWord(w []byte) {
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
	inDigits := false
	for _, c := range w {
		if isDigit(c) {
			if !inDigits {
				m.out = append(m.out, "<num>"...)
			}
			inDigits = true
			continue
		}
		inDigits = false
		m.out = append(m.out, c)
	}
}

// number consumes a value that starts with a digit.
func (m *masker) number() {
	b := m.in[m.i:]
	if n := timestampLen(b); n > 0 {
		m.emit("<ts>", n)
		return
	}
	if n := ipv4Len(b); n > 0 {
		m.emit("<ip>", n)
		return
	}
	if n := colonHex(b); n > 0 {
		m.emit("<ip>", n)
		return
	}
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' && isHex(b[2]) {
		n := 2
		for n < len(b) && isHex(b[n]) {
			n++
		}
		m.emit("<hex>", n)
		return
	}
	w, letter := 0, false // the whole run of letters and digits
	for w < len(b) && (isDigit(b[w]) || isLetter(b[w])) {
		letter = letter || isLetter(b[w])
		w++
	}
	if w == 8 && allHex(b[:8]) && uuidTail(b[8:]) {
		m.emit("<id>", 8+uuidTailLen)
		return
	}
	if w >= 6 && letter && allHex(b[:w]) {
		m.emit("<hex>", w)
		return
	}
	m.plainNumber(b)
}

// plainNumber consumes a decimal number with its unit.
func (m *masker) plainNumber(b []byte) {
	n := decimalLen(b)
	if n == 3 && b[0] >= '1' && b[0] <= '5' && statusContext(m.out) && (len(b) == 3 || !isLetter(b[3])) {
		m.out = append(m.out, b[0], 'x', 'x')
		m.i += 3
		return
	}
	if d := durationLen(b, n); d > 0 {
		m.emit("<dur>", d)
		return
	}
	u := n
	for u < len(b) && (isLetter(b[u]) || isDigit(b[u])) {
		u++
	}
	switch {
	case u == n:
		m.emit("<num>", n)
	case sizeUnit(b[n:u]):
		m.emit("<size>", u)
	default:
		m.emit("<id>", u)
	}
}

func (m *masker) emit(placeholder string, consumed int) {
	// A sign belongs to the number when nothing but a separator stands before it.
	if k := len(m.out); k > 0 && m.out[k-1] == '-' && (k == 1 || separator(m.out[k-2])) {
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
	return []string{"*", "num", "ip", "ts", "dur", "size", "hex", "id"}
}
