package patterns

import (
	"bytes"
	"encoding/binary"
)

const (
	// maxTokens bounds the work per line: later tokens stay one last token.
	maxTokens = 160
	// maxQuoted is the longest quoted value that counts as one token.
	maxQuoted = 80
)

// A lexeme is one token of a masked line, as the bytes from:to of it.
type lexeme struct {
	from, to int
	marks    int // the separators behind the text
	// hash is of the whole text, bare of the text without the space in front and the
	// separators behind it.
	hash, bare uint64
	value      bool // it has a placeholder
	closed     bool // it ends with a closing bracket
}

// A lexer cuts masked lines into tokens.
//
// Its hashes are seeded, or one who writes log lines could make two that look the same.
type lexer struct {
	seed uint64
	line []byte
	out  []lexeme
}

// lex returns the tokens of a masked line without its times and with lists of values
// written once. The result is valid until the next call.
func (l *lexer) lex(line []byte) []lexeme {
	l.line, l.out = line, l.out[:0]
	for i := 0; i < len(line); {
		if len(l.out) >= maxTokens-2 { // one place of the line can give two
			l.add(i, len(line))
			break
		}
		i = l.next(i)
	}
	l.withoutTimes()
	return l.out
}

// next adds the tokens from i to the next space or separator and returns where they
// end: it cuts at spaces, behind punctuation that separates values, and behind keys. A
// quoted value is one token unless its key says that a message follows; an empty value
// is an empty token, so that lines with and without the value still align.
func (l *lexer) next(i int) int {
	s, j := l.line, i
	if s[j] == ' ' {
		j++
	}
	if end := l.quoted(i, j); end > 0 {
		j = end
	}
	query := false // of a URL, whose parameters are one value
	for j < len(s) && s[j] != ' ' && (!delimiters[s[j]] || query && s[j] != '"' && s[j] != '\'') {
		query = query || s[j] == '?' && j > i && j+1 < len(s) && s[j+1] != ' '
		j++
	}
	for j < len(s) && delimiters[s[j]] && len(l.out) < maxTokens-2 {
		if j > i && (s[j] == '"' || s[j] == '\'') {
			if end := l.quoted(i, j); end > 0 {
				l.add(i, j)
				i, j = j, end
				continue
			}
		}
		c := s[j]
		j++
		if !opening(c) {
			continue
		}
		l.add(i, j)
		i = j
		if j == len(s) || s[j] == ' ' {
			l.add(j, j)
		}
	}
	if j > i {
		l.add(i, j)
	}
	return j
}

// quoted returns the end of the quoted value that begins at j, or 0. A value stands
// behind a key, a colon or a word; what is quoted elsewhere is a message. from is
// where the token that is being read begins.
func (l *lexer) quoted(from, j int) (end int) {
	s := l.line
	if j == 0 || j >= len(s) || (s[j] != '"' && s[j] != '\'') {
		return 0
	}
	switch c := s[j-1]; {
	case c == ':':
	case c == '=':
		if n := len(l.out); messageKey(s[from:j]) || (from == j && n > 0 && messageKey(s[l.out[n-1].from:l.out[n-1].to])) {
			return 0
		}
	case c == ' ' && j > 1 && (isLetter(s[j-2]) || s[j-2] == ':'):
	default:
		return 0
	}
	n := bytes.IndexByte(s[j+1:min(len(s), j+1+maxQuoted)], s[j])
	if n < 0 {
		return 0
	}
	if end = j + n + 2; end < len(s) && s[end] != ' ' && !delimiters[s[end]] && s[end] != ':' && s[end] != '.' {
		return 0
	}
	return end
}

// add appends the token line[from:to].
func (l *lexer) add(from, to int) {
	a, b := from, to
	if a < b && l.line[a] == ' ' {
		a++
	}
	closed := false
	for b > a && separating(l.line[b-1]) {
		b--
		closed = closed || l.line[b] != ',' && l.line[b] != ';'
	}
	text := l.line[a:b]
	t := lexeme{from: from, to: to, bare: hashBytes(l.seed, text), value: hasPlaceholder(text), closed: closed}
	t.marks = to - b
	t.hash = l.hash(t)
	l.out = append(l.out, t)
	if n := len(l.out); n > 1 && (t.bare == l.out[n-2].bare || (n > 3 && t.bare == l.out[n-3].bare) || (n > 5 && t.bare == l.out[n-4].bare)) {
		l.collapse()
	}
}

func (l *lexer) spaced(t lexeme) bool { return t.to > t.from && l.line[t.from] == ' ' }

// hasPlaceholder reports whether a text has one of the names in angle brackets that
// stand for values.
func hasPlaceholder(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '<')
		if i < 0 {
			return false
		}
		text = text[i+1:]
		n := 0
		for n < len(text) && (text[n] >= 'a' && text[n] <= 'z' || n > 0 && (text[n] == '-' || isDigit(text[n]))) {
			n++
		}
		if n == 0 && len(text) > 0 && text[0] == '*' {
			n = 1
		}
		if n > 0 && n < len(text) && text[n] == '>' {
			return true
		}
	}
}

// hash tells tokens apart that differ in their spaces or separators, too.
func (l *lexer) hash(t lexeme) uint64 {
	h := t.bare
	if l.spaced(t) {
		h++
	}
	for _, c := range l.line[t.to-t.marks : t.to] {
		h = mix(h + uint64(c))
	}
	return h
}

func separating(c byte) bool {
	return c == ',' || c == ';' || c == ')' || c == ']' || c == '}'
}

// collapse writes a run of up to three tokens that repeats itself, as lists of
// values do, only once.
func (l *lexer) collapse() {
	for period := 1; period <= 3 && len(l.out) >= 2*period; period++ {
		n := len(l.out)
		a, b := l.out[n-2*period:n-period], l.out[n-period:]
		if a[period-1].bare != b[period-1].bare {
			continue
		}
		value, same := false, true
		for i := range a {
			same = same && a[i].bare == b[i].bare && (!a[i].closed || b[i].closed)
			value = value || a[i].value
		}
		if same && value {
			switch before, behind := l.spaced(a[0]), l.spaced(b[0]); {
			case behind && !before:
				b[0].from++
			case before && !behind && b[0].marks == 0:
				b[0].from, b[0].to = a[0].from, a[0].to-a[0].marks
			}
			b[0].hash = l.hash(b[0])
			copy(a, b)
			l.out = l.out[:n-period]
			return
		}
	}
}

// withoutTimes drops what only says when and by which process a line was printed:
// each line has its time beside it. That is a time or a klog prefix at the beginning,
// and a key with a time behind it.
func (l *lexer) withoutTimes() {
	t := l.out
	i := 0
	for i < len(t) && (l.time(t[i]) || i+1 < len(t) && l.is(t[i], "[") && l.time(t[i+1])) {
		i++
	}
	if i == 0 && len(t) > 3 && t[0].to == 6 && bytes.HasSuffix(l.line[:6], []byte("<num>")) && l.time(t[1]) && l.is(t[2], " <num>") {
		i = 3 // E1122 10:11:12.000000 1 file.go:12]
	}
	out := t[:0]
	for ; i < len(t); i++ {
		if i+1 < len(t) && l.time(t[i+1]) && l.timeKey(t[i]) && (len(out) == 0 || l.line[out[len(out)-1].to-1] == '>' && out[len(out)-1].value) {
			i++ // a placeholder in front of it also matches it in the raw line
			continue
		}
		out = append(out, t[i])
	}
	if len(out) == 0 {
		out = append(out, t[:min(1, len(t))]...)
	}
	l.out = out
}

func (l *lexer) is(t lexeme, text string) bool { return string(l.line[t.from:t.to]) == text }

// time reports whether a token is nothing but a time.
func (l *lexer) time(t lexeme) bool {
	if !t.value || t.to-t.from > 8 {
		return false
	}
	return string(bytes.Trim(l.line[t.from:t.to], " ,;:]|")) == "<ts>"
}

func (l *lexer) timeKey(t lexeme) bool {
	if t.to <= t.from || l.line[t.to-1] != '=' {
		return false
	}
	return timeKey(bytes.Trim(l.line[t.from:t.to], " ="))
}

var delimiters = func() (t [256]bool) {
	for _, c := range []byte(`=,;|()[]{}"'`) {
		t[c] = true
	}
	return t
}()

func opening(c byte) bool { return c == '=' || c == '(' || c == '[' || c == '{' }

// messageKey reports whether a key of a structured line names a message.
func messageKey(key []byte) bool {
	switch string(bytes.Trim(key, " ,;=")) {
	case "msg", "message", "err", "error", "reason", "event", "log", "description":
		return true
	}
	return false
}

// Two odd constants with bits all over, as multiplicative hashes need.
const (
	mixA = 0x9e3779b97f4a7c15
	mixB = 0xd6e8feb86659fd93
)

// hashBytes is a hash that is the same in every process for the same seed.
func hashBytes(seed uint64, b []byte) uint64 {
	h := mix(seed + uint64(len(b))*mixA)
	for len(b) >= 8 {
		h = (h ^ binary.LittleEndian.Uint64(b)) * mixB
		h ^= h >> 32
		b = b[8:]
	}
	var tail uint64
	for i, c := range b {
		tail |= uint64(c) << (8 * i)
	}
	return mix(h ^ tail)
}

func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= mixB
	h ^= h >> 29
	return h * mixA
}

// placed is what the token with this hash adds to a line's key at place i.
func placed(hash uint64, i int) uint64 { return mix(hash + uint64(i)*mixB) } //nolint:gosec // a place is small

// emptyKey is the key of a line before its tokens are added.
func emptyKey(tokens int, json bool) uint64 {
	if json {
		return uint64(tokens) + mixA //nolint:gosec // a number of tokens is small
	}
	return uint64(tokens) //nolint:gosec // as above
}

// keyOf is the sum over the tokens, so that one can be taken out of it.
func keyOf(tokens []lexeme, json bool) uint64 {
	h := emptyKey(len(tokens), json)
	for i, t := range tokens {
		h += placed(t.hash, i)
	}
	return h
}
