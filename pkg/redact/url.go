package redact

import (
	"bytes"
	"strings"
)

// at masks what belongs to the sign @ at p: the password of an address such as
// postgres://user:password@host, of a data source name such as
// user:password@tcp(host)/db, or an e-mail address.
func (s *scanner) at(p int) {
	lo := max(s.done, s.lastAt)
	s.lastAt = max(s.lastAt, p+1)
	from := p
	for from > lo && s.text[from-1] > ' ' && s.text[from-1] != '"' && s.text[from-1] != '\'' && s.text[from-1] != '`' {
		from--
	}
	before := s.text[from:p]
	if k := bytes.LastIndex(before, []byte("://")); k >= 0 {
		if s.userinfo(from+k+len("://"), p) {
			return
		}
	} else if s.sourceName(span{from, p}) {
		return
	}
	s.email(p, p+1)
}

// userinfo masks the password, or the token without one, between the scheme of a
// URL and the sign at p, and reports whether there is one.
func (s *scanner) userinfo(from, p int) bool {
	slash, colon := bytes.IndexByte(s.text[from:p], '/'), bytes.IndexByte(s.text[from:p], ':')
	if slash >= 0 && (colon < 0 || colon > slash || digits.end(s.text[:from+slash], from+colon+1) == from+slash) {
		return false // the sign stands in the path
	}
	end := p
	for i := p; i < len(s.text) && s.text[i] > ' ' && strings.IndexByte("/?#\"'<>\\`,;", s.text[i]) < 0; i++ {
		if s.text[i] == '@' {
			end = i
		}
	}
	s.lastAt = end + 1
	if colon < 0 {
		v := s.text[from:p]
		if !looksRandom(v) || len(v) < 16 {
			return false
		}
		s.mask(span{from, p}, kindSecret)
		return true
	}
	password := span{from + colon + 1, end}
	v := s.text[password.from:password.to]
	if len(v) > 0 && !masked(v) && !spared(v) {
		s.mask(password, kindSecret)
	}
	return true
}

// sourceName masks the password of a data source name without a scheme, which ends
// at the sign, and reports whether there is one.
func (s *scanner) sourceName(at span) bool {
	rest := s.text[at.to+1:]
	driver := hasAnyPrefix(rest, "tcp(", "unix(", "udp(", "cloudsql(", "(", "/")
	if !driver && !hostAndPort(rest) {
		return false
	}
	v := s.text[at.from:at.to]
	k := bytes.LastIndexAny(v, "=(,;[{")
	name := k + 1
	colon := bytes.IndexByte(v[name:], ':')
	if colon < 0 { // the password may hold such signs itself
		name = 0
		colon = bytes.IndexByte(v, ':')
	}
	if colon <= 0 || idSet.end(v[:name+colon], name) != name+colon {
		return false
	}
	password := v[name+colon+1:]
	if len(password) == 0 || masked(password) || spared(password) {
		return driver
	}
	if !driver && !looksChosen(password) {
		return false
	}
	s.mask(span{at.from + name + colon + 1, at.to}, kindSecret)
	return true
}

func hasAnyPrefix(text []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if len(text) >= len(p) && string(text[:len(p)]) == p {
			return true
		}
	}
	return false
}

// hostAndPort reports whether text starts with the name of a host and a port.
func hostAndPort(text []byte) bool {
	text = text[:min(len(text), sampled)]
	i := (alnum | hyphen | dot).end(text, 0)
	return i > 0 && i+1 < len(text) && text[i] == ':' && digits.end(text, i+1) > i+2 && !hasFold(text, "sha256")
}

// email masks the e-mail address around the sign that stands between from and to.
func (s *scanner) email(from, to int) {
	local := from
	for local > s.done && local > from-emailMax && emailByte(s.text[local-1]) {
		local--
	}
	if local > 0 && s.text[local-1] == '\\' && escaped(s.text, local+1) {
		local++
	}
	for k := from - 3; k >= local; k-- {
		if escaped(s.text, k+3) && s.text[k] == '%' && !hasAnyPrefix(bytes.ToLower(s.text[k:k+3]), "%2b", "%2d", "%2e", "%5f") {
			local = k + 3
			break
		}
	}
	for local < from && (strings.IndexByte(".-+'%", s.text[local]) >= 0) {
		local++
	}
	end, dots, label := to, 0, to
	for end < len(s.text) && end < to+emailMax {
		c := s.text[end]
		if c == '.' {
			if end == label {
				break
			}
			dots, label = dots+1, end+1
		} else if !alnum.holds(c) && c != '-' && c < 0x80 {
			break
		}
		end++
	}
	for end > to && (s.text[end-1] == '.' || s.text[end-1] == '-') {
		end--
	}
	label = to + bytes.LastIndexByte(s.text[to:end], '.') + 1
	if local >= from || label <= to+1 || dots == 0 || !topLevel(s.text[label:end]) || hasFold(s.text[local:from], "git") && from-local == 3 {
		return
	}
	s.mask(span{local, end}, s.pseudonym(kindEmail, bytes.ToLower(append(append(s.text[local:from:from], '@'), s.text[to:end]...))))
}

// emailMax bounds each part of an e-mail address, in bytes.
const emailMax = 254

func emailByte(c byte) bool {
	return alnum.holds(c) || c >= 0x80 || strings.IndexByte("._%+-'", c) >= 0
}

// topLevel reports whether v can be a top-level domain. Kinds of systemd units and
// of files, which stand behind the sign too, are none.
func topLevel(v []byte) bool {
	if len(v) < 2 || isAny(v, "service", "socket", "target", "timer", "mount", "slice", "scope", "device", "swap", "js", "mjs", "cjs", "jsx", "ts", "tsx") {
		return false
	}
	for _, c := range v {
		if !letters.holds(c) && c < 0x80 {
			return hasFold(v, "xn--")
		}
	}
	return true
}
