package redact

import (
	"bytes"
	"strings"
)

// Bounds for what is looked at around a name. The gap is what may stand between a
// root and its operator beyond the identifier, as in "api token of bob: x7f9…".
const (
	idMax  = 64
	gapMax = 20
)

// hintedMax is how far a value is read whose name alone does not decide, in bytes.
const hintedMax = 256

// idSet is what identifiers are made of.
const idSet = word | dot | dollar | foreign

// A root is a part of a name and says what is masked when the whole name does not
// tell.
type root uint8

const (
	// plainRoot: nothing.
	plainRoot root = iota
	// directRoot: a random value right behind the name.
	directRoot
	// keyRoot: a random value behind the name or a few words on.
	keyRoot
	// providerRoot: a value such as the provider's keys, there as well.
	providerRoot
)

// assign masks the value that belongs to the name around the root at a place.
func (s *scanner) assign(at span, kind root) {
	id := span{s.idStart(at.from), 0}
	id.to = idSet.end(s.text[:min(len(s.text), at.to+idMax)], at.to)
	op := s.operator(id)
	if op.kind == absent {
		if !s.phrase(id) && !s.protocol(id) && kind >= keyRoot {
			s.assignApart(at.to, kind)
		}
		return
	}
	if op.value == s.seen && kind != providerRoot {
		return
	}
	whole := bytes.TrimPrefix(s.text[id.from:id.to], []byte("-D")) // which sets a property of Java
	c := s.classify(id, whole)
	switch c {
	case authorization:
		s.authorization(id, op)
	case cookie:
		s.cookies(id, op)
	case none, opaque:
	default:
		s.known(c, id, op)
	}
	if s.done < op.value && (kind == providerRoot || kind != plainRoot && c == none && !benign(whole, false) && !s.inImage(id, op)) {
		s.guess(op, kind)
	}
	s.seen = op.value
}

// names reports whether a word is a name, as of a logger's field, and a value.
func names(v []byte) bool {
	k := (lowers | underscore | dot).end(v, 0)
	return k > 0 && k < len(v)-2 && v[k] == '='
}

// idStart returns where the identifier starts that at stands in. The end of an escape
// before it is no part of it.
func (s *scanner) idStart(at int) int {
	limit := max(s.done, at-idMax)
	from := idSet.start(s.text, at, limit)
	if from == limit {
		return from
	}
	switch head := s.text[from:at]; s.text[from-1] {
	case '\\':
		if len(head) >= 5 && escaped(s.text, from+5) {
			return from + 5
		}
		if len(head) >= 1 && escaped(s.text, from+1) {
			return from + 1
		}
	case '[':
		if k := bytes.IndexByte(head, 'm'); k > 0 && escaped(s.text, from+k+1) {
			return from + k + 1
		}
	case '%':
		if len(head) >= 2 && escaped(s.text, from+2) {
			return from + 2
		}
	}
	return from
}

// assignApart masks a random value whose operator stands a few words behind a root.
func (s *scanner) assignApart(to int, kind root) {
	text := s.text[:min(len(s.text), to+gapMax+1)]
	i, from := to, to
	for i < len(text) && (idSet.holds(text[i]) || text[i] == ' ' || text[i] == '\t') {
		if text[i] == ' ' || text[i] == '\t' {
			from = i + 1
		}
		i++
	}
	if from == to || i > to+gapMax {
		return
	}
	op := s.operator(span{from, i})
	if op.kind != absent && op.value != s.seen && !benign(s.text[from:i], true) {
		s.guess(op, kind)
	}
}

// phrase masks a value behind a name and a blank, as in "password is hunter2" and
// "token x7f9…", where it does not look like a word.
func (s *scanner) phrase(id span) bool {
	text := s.text[:min(len(s.text), id.to+sampled)]
	i := id.to
	if i+1 >= len(text) || text[i] != ' ' {
		return false
	}
	i++
	is := false
	for _, w := range [...]string{"is ", "was ", "set to ", "changed to ", "7 ", "5 "} {
		if is = hasFold(text[i:], w); is {
			i += len(w)
			break
		}
	}
	quoted := i < len(text) && (text[i] == '\'' || text[i] == '"')
	if quoted {
		i++
	}
	to := i
	for to < len(text) && text[to] > ' ' && strings.IndexByte("\"',;<>()\\", text[to]) < 0 {
		to++
	}
	v := bytes.TrimRight(text[i:to], ".:!?")
	if k := bytes.IndexByte(v, '='); len(v) == 0 || k > 0 && k < len(v)-2 {
		return false // the next name
	}
	statement := quoted && hasAnySuffix(s.text[id.from:id.to], "PASSWORD") // as in SQL
	if !looksChosen(v) && !statement || masked(v) {
		return false
	}
	c := s.classify(id, s.text[id.from:id.to])
	random := looksRandom(v) && uuidLen(v) == 0
	if c == password && (quoted || len(v) >= 6) && !spared(v) || random && (c == secret || c == hinted && quoted || c == none && is && len(v) >= 16 && keyed(s.text[id.from:id.to])) {
		s.mask(span{i, i + len(v)}, kindSecret)
		return true
	}
	return false
}

// keyed reports whether an identifier ends in key or token.
func keyed(id []byte) bool { return hasSuffixFold(id, "key") || hasSuffixFold(id, "token") }

// classify tells what an identifier says about its value, together with the word
// before it where it is but "key", as in "API key".
func (s *scanner) classify(id span, whole []byte) class {
	c := classify(bytes.Trim(whole, ".-$"))
	if c != none || len(whole) != len("key") || id.from == 0 {
		return c
	}
	if s.inQuery(id) && keyed(whole) {
		return hinted
	}
	if s.text[id.from-1] == ' ' {
		return classify(s.text[s.idStart(id.from-1):id.to])
	}
	return none
}

// protocol masks the password in a command of a protocol: AUTH of Redis and SMTP,
// PASS of FTP and POP3.
func (s *scanner) protocol(id span) bool {
	if verb := s.text[id.from:id.to]; string(verb) != "AUTH" && string(verb) != "PASS" {
		return false
	}
	text := s.text[:min(len(s.text), id.to+sampled)]
	i := id.to
	for range 2 {
		for i < len(text) && strings.IndexByte(" \"'\\", text[i]) >= 0 {
			i++
		}
		from := i
		for i < len(text) && text[i] > ' ' && strings.IndexByte("\"'\\,()<>", text[i]) < 0 {
			i++
		}
		v := text[from:i]
		last := i == len(text) || strings.IndexByte("\"'\\\r\n", text[i]) >= 0
		if last && from > id.to && looksChosen(v) && !spared(v) && bytes.IndexByte(v, '.') < 0 {
			s.mask(span{from, i}, kindSecret)
			return true
		}
	}
	return false
}

// guess masks the word behind an operator if it looks like a key.
func (s *scanner) guess(op operator, kind root) {
	from := op.value
	for end := from + 8; from < len(s.text) && from < end; from++ {
		if c := s.text[from]; !space(c) && strings.IndexByte("\"'`=[\\", c) < 0 {
			break
		}
	}
	set := token | tilde
	if op.kind != encoded {
		set |= percent
	}
	limit := min(len(s.text), from+sampled)
	to := set.end(s.text[:limit], from)
	if kind == providerRoot && to+1 < limit && (s.text[to] == '|' || s.text[to] == ':') && alnum.holds(s.text[to+1]) {
		to = set.end(s.text[:limit], to+1) // an id and its secret in one
	}
	if to < limit && (strings.IndexByte(":@({[#*?!$^", s.text[to]) >= 0 || s.text[to] == '<' && (to+1 == limit || s.text[to+1] != '/')) {
		return
	}
	v := bytes.TrimRight(s.text[from:to], ".")
	if hasFold(v, "0x") || kind == directRoot && !looksSession(v) || names(v) && (op.kind == comma || op.kind == colon) {
		return
	}
	if kind == directRoot || kind == providerRoot && looksKeyed(v) || looksRandom(v) && uuidLen(v) != len(v) {
		s.mask(span{from, set.end(s.text, to)}, kindSecret)
	}
}

// known masks a value whose name tells that it is a secret.
func (s *scanner) known(c class, id span, op operator) {
	if op.kind == element && !op.quoted && !s.opensTag(id) {
		return
	}
	if op.kind == comma && !op.quoted && s.text[op.value-1] == ',' {
		return
	}
	limit := len(s.text)
	if c != password && c != secret {
		limit = min(limit, op.value+hintedMax)
	}
	at, quoted := s.value(c, id, op, limit)
	v := s.text[at.from:at.to]
	if op.kind == comma && s.text[op.value-1] != '(' && (!quoted || s.text[id.from] != '-' && !looksChosen(v)) {
		return // the next of a list of names
	}
	if len(v) == 0 || masked(v) || spared(v) {
		return
	}
	switch c {
	case hinted:
		if !looksChosen(v) || s.inQuery(id) && len(v) < 12 || op.kind == colon && string(s.text[id.from:id.to]) == "PASS" {
			return // PASS: is what tests print
		}
	case number:
		if digits.end(v, 0) < 3 || len(v) > 12 {
			return
		}
	case signature:
		if !s.inQuery(id) && (len(v) < 16 || !looksRandom(v)) {
			return
		}
	case encodedAuth:
		if !pair(v) && !looksKeyed(v) && !userAndPassword(v) && (len(v) < 16 || len(v)%4 != 0 || v[len(v)-1] != '=') {
			return
		}
	case secret:
		if bytes.Count(v, []byte(" ")) > 2 || s.parserToken(id, v) || id.to-id.from == len("secret") && (objectName(v) || s.inARN(id)) {
			return
		}
	}
	if op.kind == colon && !quoted && !op.quoted && at.from > op.value && prose(v) {
		return
	}
	if at.to == limit {
		at, _ = s.value(c, id, op, len(s.text))
	}
	s.mask(at, kindSecret)
}

// inQuery reports whether an identifier is a parameter of a URL.
func (s *scanner) inQuery(id span) bool {
	return id.from > 0 && (s.text[id.from-1] == '?' || s.text[id.from-1] == '&')
}

// inImage reports whether an identifier is the name of an image and the value its tag.
func (s *scanner) inImage(id span, op operator) bool {
	return op.kind == colon && id.from > 0 && s.text[id.from-1] == '/' && op.value < len(s.text) && !space(s.text[op.value])
}

// inARN reports whether an identifier is the kind of a resource in AWS's names.
func (s *scanner) inARN(id span) bool {
	return bytes.HasSuffix(s.text[:id.from], []byte(":")) && bytes.Contains(s.text[max(0, id.from-2*idMax):id.from], []byte("arn:"))
}

// parserToken reports whether the name is that of a language's token: a parser's
// complaint, or the number of a token in a model's vocabulary.
func (s *scanner) parserToken(id span, v []byte) bool {
	before := bytes.TrimRight(s.text[max(0, id.from-16):id.from], " ")
	for _, w := range [...]string{"unexpected", "unrecognized", "illegal"} {
		if k := len(before) - len(w); k >= 0 && hasFold(before[k:], w) {
			return true
		}
	}
	return id.to-id.from == len("token") && len(v) <= 6 && digits.end(v, 0) == len(v) && !s.inQuery(id)
}
