package redact

import "bytes"

// publicMax bounds a certificate in PEM, in bytes.
const publicMax = 16 << 10

// privateKey masks a private key in PEM, PGP's or SSH2's armour. Its lines may be
// separated by escaped line ends, as in JSON; the end may be cut off.
func (s *scanner) privateKey(at span) {
	from := at.from
	for from > s.done && (s.text[from-1] == '-' || s.text[from-1] == ' ' && at.from-from < 2) {
		from--
	}
	if at.from-from < 4 {
		return
	}
	n := privateLabel(s.text[at.to:])
	if n == 0 {
		s.public = at.to
		if k := bytes.Index(s.text[at.to:min(len(s.text), at.to+publicMax)], []byte("-END ")); k >= 0 {
			s.public += k
		}
		return
	}
	i := at.to + n
	s.mask(span{from, s.keyEnd(i)}, kindPrivateKey)
}

// privateLabel returns the length of the label of a private key and its dashes at
// the start of text, or 0.
func privateLabel(text []byte) int {
	text = text[:min(len(text), 128)]
	k := 0
	for k < len(text) && (alnum.holds(text[k]) || text[k] == ' ' || text[k] == '_') {
		k++
	}
	if !bytes.Contains(bytes.ToUpper(text[:k]), []byte("PRIVATE KEY")) {
		return 0
	}
	for k < len(text) && text[k] == '-' {
		k++
	}
	return k
}

// keyEnd returns where a key ends whose first line ends at i: behind its last line,
// or with what can belong to it.
func (s *scanner) keyEnd(i int) int {
	for k := i; !s.noEnd; {
		n := bytes.Index(s.text[k:], []byte("END "))
		if n < 0 {
			s.noEnd = true
			break
		}
		k += n + len("END ")
		if l := privateLabel(s.text[k:]); l > 0 && s.text[k-len("END ")-1] == '-' || s.text[k-len("END ")-1] == ' ' {
			return k + l
		}
	}
	for i < len(s.text) && ((base64 | hyphen | underscore).holds(s.text[i]) || space(s.text[i]) || s.text[i] == '\\' || s.text[i] == ':' || s.text[i] == ',') {
		i++
	}
	return i
}

// puttyMax bounds the private lines of a PuTTY key, in bytes.
const puttyMax = 16 << 10

// puttyKey masks the private lines of a PuTTY key and leaves its head.
func (s *scanner) puttyKey(at span) {
	i := at.to
	for i < len(s.text) && (s.text[i] == ' ' || digits.holds(s.text[i])) {
		i++
	}
	to := min(len(s.text), i+puttyMax)
	if k := bytes.Index(s.text[i:to], []byte("Private-MAC")); k >= 0 {
		to = i + k
	}
	for i < to && (space(s.text[i]) || s.text[i] == '\\' || escaped(s.text, i+1)) {
		i++
	}
	for to > i && (space(s.text[to-1]) || escaped(s.text, to)) {
		if to--; to > i && s.text[to-1] == '\\' {
			to--
		}
	}
	if !masked(s.text[i:to]) {
		s.mask(span{i, to}, kindPrivateKey)
	}
}

// webToken masks a JSON Web Token at a place, and base64 of one or of a private key.
func (s *scanner) webToken(at span) {
	if !boundary(s.text, at.from) || at.from < s.dotless {
		return
	}
	kind, head := kindJWT, token.end(s.text[:min(len(s.text), at.from+40)], at.from)
	switch s.text[at.from] {
	case 'L':
		rest := s.text[at.to:]
		if bytes.HasPrefix(rest, []byte("BDRVJU")) || bytes.HasPrefix(rest, []byte("BQVUJM")) {
			return // a certificate or a public key
		}
		kind = kindPrivateKey
		fallthrough
	case 'Z':
		if head < at.from+40 {
			return
		}
	default:
		first := (word | slash | equals).end(s.text, at.to)
		if first == len(s.text) || s.text[first] != '.' {
			s.dotless = first
			return
		}
		if first < at.from+12 || token.end(s.text[:min(len(s.text), first+12)], first) < min(len(s.text), first+10) {
			return
		}
	}
	s.mask(span{at.from, token.end(s.text, at.to)}, kind)
}
