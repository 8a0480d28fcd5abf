package redact

import (
	"bytes"
	"strings"
)

// value returns the extent of the value behind an operator, without its quotes, and
// whether it had any. It reads no further than limit.
func (s *scanner) value(c class, id span, op operator, limit int) (at span, quoted bool) {
	i := s.open(op)
	if i >= limit {
		return span{i, i}, false
	}
	if op.kind == element {
		return s.content(i), false
	}
	if placeholderLen(s.text[i:]) > 0 || object(s.text[i:]) {
		return span{i, i}, false
	}
	if q, k, n := quoteAt(s.text[i:]); n > 0 {
		from := i + n
		if placeholderLen(s.text[from:]) > 0 {
			return span{from, from}, true
		}
		to := closing(s.text[:max(from, limit)], from, q, k)
		if !op.quoted && op.kind != blank && s.text[i-1] == ' ' && closes(s.text, from) {
			return span{from, from}, true // the quote ends the text that the name stands in
		}
		return span{from, to}, true
	}
	if op.kind == equal && i < len(s.text) && s.text[i] == '{' && c == password {
		if k := bytes.IndexByte(s.text[i:], '}'); k > 0 && bytes.IndexByte([]byte("\"=:{"), s.text[i+1]) < 0 {
			return span{i + 1, i + k}, true
		}
	}
	return s.bare(id, op, i, limit), false
}

// open skips what stands before a value: blanks, brackets and constructors.
func (s *scanner) open(op operator) int {
	text := s.text
	i := op.value
	if i < len(text) && text[i] == ' ' && op.kind == equal && !op.apart && parameter(text[i+1:]) {
		return i
	}
	i += colour(text[i:])
	for i < len(text) && i < op.value+8 && (text[i] == ' ' || text[i] == '\t' || op.kind == element && space(text[i])) {
		i++
	}
	if i+1 < len(text) && (text[i] == '|' || text[i] == '>') && (text[i+1] == '\n' || text[i+1] == '-') && op.kind == colon {
		for i++; i < len(text) && (text[i] == '-' || space(text[i])); i++ {
		}
	}
	if i < len(text) && text[i] == '\n' && (op.kind == colon || op.kind == equal) {
		i = nextLine(text, i, op.kind == equal)
	}
	for _, w := range [...]string{"some(", "optional[", "just ", "!!str ", "!!binary "} {
		if hasFold(text[i:], w) {
			i += len(w)
		}
	}
	i += colour(text[i:])
	if i < len(text) && text[i] == '{' {
		var inner operator
		nestedValue(&inner, text[:min(len(text), i+idMax)], i+1)
		if inner.kind == nested {
			for i = inner.value; i < len(text) && text[i] == ' '; i++ {
			}
		}
	}
	for i < len(text) && (text[i] == '[' || text[i] == '(') {
		i++
	}
	if i+1 < len(text) && (text[i] == 'b' || text[i] == 'u' || text[i] == '@') && (text[i+1] == '\'' || text[i+1] == '"') {
		i++
	}
	return i
}

// parameter reports whether text starts with a name and an equals sign: what stands
// before it has an empty value.
func parameter(text []byte) bool {
	k := (letters | underscore).end(text[:min(len(text), idMax)], 0)
	return k > 0 && k < len(text) && text[k] == '='
}

// nextLine returns where the single word starts that makes up the indented line
// behind the line end at i, as a value in YAML may, or where quoted says so the quote
// that starts it; i where there is none.
func nextLine(text []byte, i int, quoted bool) int {
	from := i + 1
	for from < len(text) && text[from] == ' ' {
		from++
	}
	if quoted {
		if from < len(text) && from > i+1 && (text[from] == '"' || text[from] == '\'') {
			return from
		}
		return i
	}
	to := from
	for to < len(text) && to < from+sampled && text[to] > ' ' {
		to++
	}
	if from == i+1 || to == from || to < len(text) && text[to] != '\n' || text[to-1] == ':' {
		return i
	}
	return from
}

// quoteAt returns the quote at the start of text, the number of backslashes before
// it, and the length of both; the length is 0 where there is none.
func quoteAt(text []byte) (quote string, slashes, n int) {
	k := 0
	for k < len(text) && k < 32 && text[k] == '\\' {
		k++
	}
	rest := text[k:]
	if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'' || rest[0] == '`') {
		if len(rest) > 3 && rest[1] == rest[0] && rest[2] == rest[0] {
			return string(rest[:1]), k, k + 3 // as in Python
		}
		return string(rest[:1]), k, k + 1
	}
	for _, q := range [...]string{"&quot;", "&#34;", "&#39;", "%22", "%27"} {
		if hasFold(text, q) {
			return q, 0, len(q)
		}
	}
	if c, n := codePoint(text); c == '"' || c == '\'' {
		return string(text[:n]), 0, n
	}
	return "", 0, 0
}

// closing returns where the quotes that opened before from close: at the next same
// quote with as many backslashes. Without one the value ends with its line.
func closing(text []byte, from int, quote string, slashes int) int {
	if len(quote) > 1 {
		if k := bytes.Index(text[from:], []byte(quote)); k >= 0 {
			return from + k
		}
		return lineEnd(text, from)
	}
	before := 0
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '\\':
			before++
			continue
		case quote[0]:
			if slashes == 0 && before%2 == 0 || slashes > 0 && before <= slashes {
				return max(from, i-min(before, slashes))
			}
		case '\n':
			if bytes.IndexByte(text[i:min(len(text), i+sampled)], quote[0]) < 0 {
				return i
			}
		}
		before = 0
	}
	return len(text)
}

func lineEnd(text []byte, from int) int {
	if k := bytes.IndexByte(text[from:], '\n'); k >= 0 {
		return from + k
	}
	return len(text)
}

// closes reports whether a quote before i ends a text instead of opening a value.
func closes(text []byte, i int) bool {
	return i >= len(text) || space(text[i]) || strings.IndexByte(",}])", text[i]) >= 0
}

// content returns the text of an XML element. It is empty where no tag closes the
// element: what looks like a tag may be a placeholder.
func (s *scanner) content(from int) span {
	for i := from; i < len(s.text); i++ {
		n := 0
		switch c := s.text[i]; {
		case c == '<':
			n = 1
		case c == '&' && hasFold(s.text[i:], "&lt;"):
			n = len("&lt;")
		case c == '\\':
			if c, k := codePoint(s.text[i:]); c == '<' {
				n = k
			}
		}
		if n == 0 {
			continue
		}
		if i+n == len(s.text) || s.text[i+n] != '/' {
			break
		}
		for i > from && space(s.text[i-1]) {
			i--
		}
		return span{from, i}
	}
	return span{from, from}
}

// bare returns the extent of a value without quotes. It ends with the word, or
// before what looks like the next name.
func (s *scanner) bare(id span, op operator, from, limit int) span {
	text := s.text[:limit]
	query := s.inQuery(id)
	i := from
	for i < len(text) && !s.ends(op, query, i) {
		if text[i] <= ' ' || text[i] == 0x7f {
			k := s.inConnection(id, i)
			if k == 0 {
				break
			}
			i += k
			continue
		}
		i++
	}
	to := i
	for to > from && (strings.IndexByte(",;:.)]}'\"\\", text[to-1]) >= 0 || text[to-1] == '>' && text[from] != '<') {
		to--
	}
	return span{from, to}
}

// quotes reports whether text starts with an escaped quote.
func quotes(text []byte) bool {
	_, slashes, n := quoteAt(text)
	return n > 0 && slashes > 0
}

// ends reports whether a bare value ends before its byte at i for another reason
// than a blank.
func (s *scanner) ends(op operator, query bool, i int) bool {
	text := s.text
	rest := text[i:]
	switch c := text[i]; c {
	case '"', '\'', '`':
		return op.quoted || len(rest) < 2 || !alnum.holds(rest[1])
	case '\\':
		e, _ := codePoint(rest)
		return len(rest) > 1 && strings.IndexByte("nrt\"'", rest[1]) >= 0 || e == '&' || e == '<' || e == '"' || e == '\'' || quotes(rest)
	case ',', ';', '|':
		return nextName(rest[1:])
	case '&':
		return query || nextName(rest[1:]) || hasFold(rest, "&amp;") || hasFold(rest, "&quot;") || hasFold(rest, "&lt;")
	case '#':
		return query
	case ')', ']', '}':
		return !continues(rest[1:])
	case '<':
		return len(rest) > 1 && rest[1] == '/' || hasFold(rest, "<br")
	case '%':
		return op.kind == encoded && (hasFold(rest, "%26") || hasFold(rest, "%22") || hasFold(rest, "%20") || hasFold(rest, "%0a"))
	}
	return false
}

// nextName reports whether text starts with a name and an operator.
func nextName(text []byte) bool {
	text = text[:min(len(text), idMax)]
	i := 0
	for i < len(text) && (space(text[i]) || strings.IndexByte("\"'{[(-\\", text[i]) >= 0) {
		i++
	}
	if i == len(text) || !letters.holds(text[i]) && text[i] != '_' {
		return false
	}
	i = idSet.end(text, i)
	for i < len(text) && (text[i] == ' ' || text[i] == '"' || text[i] == '\'' || text[i] == '\\') {
		i++
	}
	return i < len(text) && (text[i] == '=' || text[i] == ':')
}

// continues reports whether a word goes on behind a closing bracket.
func continues(text []byte) bool {
	for _, c := range text[:min(len(text), 32)] {
		switch {
		case alnum.holds(c):
			return true
		case c <= ' ', c == '"', c == '\'', c == ',', c == ';':
			return false
		}
	}
	return false
}

// inConnection returns how many blanks stand at i if they are part of a value in a
// connection string: its fields end with semicolons and may hold blanks.
func (s *scanner) inConnection(id span, i int) int {
	before := bytes.TrimRight(s.text[max(0, id.from-8):id.from], " ")
	if len(before) == 0 || before[len(before)-1] != ';' || s.text[i] != ' ' {
		return 0
	}
	for k, c := range s.text[i:min(len(s.text), i+idMax)] {
		switch c {
		case ';':
			return max(1, k)
		case '=', '"', '\'', '\n', '&':
			return 0
		}
	}
	return 0
}
