package redact

import "bytes"

// An operator stands between a name and its value.
type operator struct {
	kind  relation
	value int // where the value starts, before blanks and quotes
	// apart says that a blank stands before the operator.
	apart bool
	// quoted says that the name was in quotes, so that a quote opens the value.
	quoted bool
}

// A relation is how a name relates to its value.
type relation uint8

const (
	absent  relation = iota
	equal            // password=x
	colon            // password:x, password: x
	comma            // "password", "x"; password - "x"; password("x")
	element          // <password>x</password>
	blank            // --password x
	encoded          // password%3Dx
	nested           // name: password, value: x
)

// operator finds what stands behind an identifier.
func (s *scanner) operator(id span) operator {
	text := s.text[:min(len(s.text), id.to+idMax)]
	i, op := id.to, operator{}
	if id.from < id.to && text[id.from] == '-' && i+1 < len(text) && text[i] == ' ' && text[i+1] > ' ' && bytes.IndexByte([]byte("-=:,|"), text[i+1]) < 0 {
		return operator{kind: blank, value: i + 1}
	}
	for _, w := range [...]string{" is:", " was:"} {
		if hasFold(text[i:], w) {
			return operator{kind: colon, value: i + len(w)}
		}
	}
	for ; i < len(text) && i < id.to+32; i++ {
		if n := colour(text[i:]); n > 0 {
			i += n - 1
			continue
		}
		switch c := text[i]; {
		case c == '"' || c == '\'' || c == '`':
			op.quoted = true
		case c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\'' || text[i+1] == '\\'):
		case c == ' ' || c == '\t' || c == ']':
		case c == '&' && hasFold(text[i:], "&quot;"):
			op.quoted = true
			i += len("&quot;") - 1
		case c == '%' && hasFold(text[i:], "%22"):
			op.quoted = true
			i += len("%22") - 1
		default:
			op.kind, op.value = relate(text, i)
			op.apart = text[i-1] == ' '
			if op.kind == absent || op.kind == comma {
				nestedValue(&op, text, i)
			}
			if op.kind == absent && s.opensTag(id) {
				s.attributed(&op, i)
			}
			return op
		}
	}
	return op
}

// relate reads the operator at i and returns what stands behind it.
func relate(text []byte, i int) (relation, int) {
	rest := text[i:]
	switch rest[0] {
	case '=', '?', '+', '.':
		if k := bytes.IndexByte(rest[:min(2, len(rest))], '='); k >= 0 {
			for i += k + 1; i < len(text) && (text[i] == '=' || text[i] == '>'); i++ {
			}
			if c, n := codePoint(text[i:]); c == '>' {
				i += n
			}
			return equal, i
		}
	case ':':
		from := i
		for i++; i < len(text) && (text[i] == ':' || text[i] == '='); i++ {
		}
		if string(text[from:i]) == "::" && i < len(text) && letters.holds(text[i]) {
			return absent, 0 // a qualified name, such as token::Parse
		}
		return colon, i
	case '|':
		if bytes.HasPrefix(rest, []byte("||")) {
			return equal, i + 2
		}
	case '-':
		if bytes.HasPrefix(rest, []byte("-> ")) {
			return equal, i + 3
		}
		if hasAnyPrefix(rest, "- '", "- \"") {
			return comma, i + 2
		}
	case '>':
		return element, i + 1
	case ',':
		return comma, i + 1
	case '(':
		if len(rest) > 1 && (rest[1] == '"' || rest[1] == '\'') {
			return comma, i + 1
		}
	}
	return relateEncoded(rest, i)
}

// relateEncoded reads an operator that is written as an escape.
func relateEncoded(rest []byte, i int) (relation, int) {
	switch rest[0] {
	case '&':
		if hasFold(rest, "&gt;") {
			return element, i + len("&gt;")
		}
		if hasFold(rest, "&#61;") {
			return equal, i + len("&#61;")
		}
	case '%':
		if hasFold(rest, "%3d") || hasFold(rest, "%3a") {
			return encoded, i + len("%3d")
		}
	case '\\':
		switch c, n := codePoint(rest); c {
		case '=':
			return equal, i + n
		case '>':
			return element, i + n
		}
	}
	return absent, 0
}

// nestedValue finds the value of a name that is itself a value: a variable of a
// container, name: DB_PASSWORD, value: x, and a field of a form.
func nestedValue(op *operator, text []byte, i int) {
	for breaks := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n', c == 'n' && text[i-1] == '\\':
			if breaks++; breaks == 2 && op.quoted {
				op.kind, op.value = equal, i+1
				return
			}
		case space(c), c == ',', c == ';', c == '"', c == '\'', c == '\\', c == '{', c == 'r' && text[i-1] == '\\':
		default:
			if hasFold(text[i:], "value") {
				nestedOperator(op, text, i+len("value"))
			}
			return
		}
	}
}

// nestedOperator reads the operator behind the word value.
func nestedOperator(op *operator, text []byte, i int) {
	for ; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'', '\\', ' ':
			op.quoted = op.quoted || c == '"' || c == '\''
		case ':', '=':
			op.kind, op.value = nested, i+1
			return
		default:
			return
		}
	}
}

// opensTag reports whether an identifier is the name of an XML element.
func (s *scanner) opensTag(id span) bool {
	i := id.from
	if i > 0 && s.text[i-1] == ':' {
		i = idSet.start(s.text, i-1, max(0, i-idMax))
	}
	if i == 0 {
		return false
	}
	return s.text[i-1] == '<' || bytes.HasSuffix(s.text[:i], []byte("&lt;")) || i > 5 && escaped(s.text, i) && hasFold(s.text[i-5:], "u003c")
}

// attributed finds the content of an element that has attributes.
func (s *scanner) attributed(op *operator, from int) {
	text := s.text[from:min(len(s.text), from+sampled)]
	if k := bytes.IndexByte(text, '>'); k > 0 && text[k-1] != '/' && bytes.IndexByte(text[:k], '<') < 0 {
		op.kind, op.value = element, from+k+1
	}
}
