package loki

import (
	"bytes"
	"math"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// This file reads entries of the exact form that Loki writes and that lie whole in
// the scanner's buffer, which are nearly all. Whatever it does not know it leaves to
// page.entry, which gives the same result.

// outcome tells what a step of the fast path found at a place.
type outcome uint8

const (
	found outcome = iota
	// cut: the buffer ends within it.
	cut
	// strange: something else stands there, or a form that only the slow path knows.
	strange
)

// fast reads entries from b, which begins behind the bracket of "values" or behind an
// entry. It returns how many bytes it consumed, and whether it ended because b ends
// within an entry.
func (p *page) fast(b []byte, first bool) (n int, short bool) {
	for {
		at := n
		if !first {
			if at >= len(b) {
				return n, true
			}
			if b[at] != ',' {
				return n, false
			}
			at++
		}
		size, got := p.fastEntry(b[at:])
		if got != found {
			return n, got == cut
		}
		n = at + size
		first = false
	}
}

// fastEntry reads one entry and returns its length.
func (p *page) fastEntry(b []byte) (n int, got outcome) {
	if len(b) < 2 {
		return 0, cut
	}
	if b[0] != '[' || b[1] != '"' {
		return 0, strange
	}
	h := held{}
	i, t := 2, uint64(0)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		t = t*10 + uint64(b[i]-'0')
	}
	if i+3 > len(b) {
		return 0, cut
	}
	const digits = 19 // of the largest time, and of today's
	if i == 2 || i > 2+digits || t > math.MaxInt64 || b[i] != '"' || b[i+1] != ',' || b[i+2] != '"' {
		return 0, strange
	}
	h.time = int64(t)
	i += 3
	from := len(p.text)
	n, got = p.fastLine(b[i:])
	if got == found {
		i += n
		n, got = p.fastExtra(b[i:], &h)
	}
	if got != found {
		p.text = p.text[:from]
		p.labels.forget()
		return 0, got
	}
	p.add(h, from)
	return i + n, found
}

// fastLine appends the string that b begins with behind its opening quote to the
// text.
func (p *page) fastLine(b []byte) (n int, got outcome) {
	q := bytes.IndexByte(b, '"')
	if q < 0 {
		return 0, cut
	}
	if plain := bytes.IndexByte(b[:q], '\\'); plain >= 0 {
		p.text = append(p.text, b[:plain]...)
		p.text, n, got = unquote(p.text, b[plain:])
		return plain + n, got
	}
	p.text = append(p.text, b[:q]...)
	return q + 1, found
}

// unquote appends the string that b begins with behind its opening quote to dst and
// returns its length with the closing quote. Going byte by byte is faster than by
// words here: in logs in JSON every fifth byte or so is an escape.
func unquote(dst, b []byte) (text []byte, n int, got outcome) {
	// An escape is never shorter than what it stands for.
	dst = slices.Grow(dst, len(b))
	free := dst[len(dst):cap(dst)]
	used := 0
	for n < len(b) {
		switch c := b[n]; {
		case c != '"' && c != '\\':
			free[used] = c
			n, used = n+1, used+1
		case c == '"':
			return dst[:len(dst)+used], n + 1, found
		case n+1 < len(b) && b[n+1] == '"':
			free[used] = '"'
			n, used = n+2, used+1
		default:
			took, wrote, got := escape(free[used:], b[n+1:])
			if got != found {
				return dst, 0, got
			}
			n, used = n+1+took, used+wrote
		}
	}
	return dst, 0, cut
}

// escape writes what stands behind a backslash in b to dst.
func escape(dst, b []byte) (took, wrote int, got outcome) {
	if len(b) == 0 {
		return 0, 0, cut
	}
	if b[0] != 'u' {
		if dst[0] = unescaped(b[0]); dst[0] == 0 {
			return 0, 0, strange
		}
		return 1, 1, found
	}
	if len(b) < 5 {
		return 0, 0, cut
	}
	r := rune(0)
	for _, c := range b[1:5] {
		digit := hexDigit(c)
		if digit < 0 {
			return 0, 0, strange
		}
		r = r<<4 | digit
	}
	if utf16.IsSurrogate(r) {
		return 0, 0, strange
	}
	return 5, utf8.EncodeRune(dst, r), found
}

func hexDigit(c byte) rune {
	switch {
	case c-'0' <= 9:
		return rune(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return rune(c|0x20-'a') + 10
	}
	return -1
}

// fastExtra reads the rest of an entry behind its line.
func (p *page) fastExtra(b []byte, h *held) (n int, got outcome) {
	if len(b) < 2 {
		if len(b) == 1 && b[0] == ']' {
			return 1, found
		}
		return 0, cut
	}
	if b[0] == ']' {
		return 1, found
	}
	if b[0] != ',' || b[1] != '{' {
		return 0, strange
	}
	if n = p.fastLevel(b, h); n > 0 {
		return n, found
	}
	n = 2
	for first := true; ; first = false {
		// A category: a name and an object of labels.
		name, size, got := member(b[n:], first, '{')
		if got != found {
			return 0, got
		}
		n += size
		if name == nil {
			break
		}
		for first := true; ; first = false {
			key, size, got := member(b[n:], first, '"')
			if got != found {
				return 0, got
			}
			n += size
			if key == nil {
				break
			}
			if size, got = p.fastLabel(key, b[n:], h); got != found {
				return 0, got
			}
			n += size
		}
	}
	if n >= len(b) {
		return 0, cut
	}
	if b[n] != ']' {
		return 0, strange
	}
	return n + 1, found
}

// fastLevel reads the rest of an entry that has a level and nothing else, as most
// have. It returns 0 for any other.
func (p *page) fastLevel(b []byte, h *held) int {
	const before, behind = `,{"structuredMetadata":{"` + levelLabel + `":"`, `"}}]`
	if len(p.labels.names) > 0 || !bytes.HasPrefix(b, []byte(before)) {
		return 0
	}
	q := bytes.IndexByte(b[len(before):], '"')
	if q < 0 || !bytes.HasPrefix(b[len(before)+q:], []byte(behind)) {
		return 0
	}
	level, ok := knownLevel(b[len(before) : len(before)+q])
	if !ok {
		return 0
	}
	h.labels = uint32(level)
	return len(before) + q + len(behind)
}

// member steps through an object: it reads a comma unless it is the first, a name, a
// colon and the first byte of the value; or the end of the object, where name is nil.
func member(b []byte, first bool, value byte) (name []byte, n int, got outcome) {
	if len(b) == 0 {
		return nil, 0, cut
	}
	if b[0] == '}' {
		return nil, 1, found
	}
	if !first {
		if b[0] != ',' {
			return nil, 0, strange
		}
		n++
	}
	if n >= len(b) {
		return nil, 0, cut
	}
	if b[n] != '"' {
		return nil, 0, strange
	}
	n++
	q := bytes.IndexByte(b[n:], '"')
	if q < 0 || n+q+3 > len(b) {
		return nil, 0, cut
	}
	name = b[n : n+q : n+q]
	n += q
	if b[n+1] != ':' || b[n+2] != value || bytes.IndexByte(name, '\\') >= 0 {
		return nil, 0, strange
	}
	return name, n + 3, found
}

// fastLabel reads the value of a label from b, which begins behind its opening quote.
func (p *page) fastLabel(key, b []byte, h *held) (n int, got outcome) {
	at, isLevel := p.labels.wanted(key), string(key) == levelLabel
	n = skipString(b)
	if n == 0 {
		return 0, cut
	}
	if at < 0 && !isLevel {
		return n, found
	}
	v := b[:n-1]
	if bytes.IndexByte(v, '\\') >= 0 {
		return 0, strange
	}
	if isLevel {
		h.labels = uint32(p.labels.level(v))
	}
	if at >= 0 {
		p.labels.set(at, v)
	}
	return n, found
}
