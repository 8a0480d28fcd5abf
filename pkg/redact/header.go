package redact

import (
	"bytes"
	stdbase64 "encoding/base64"
	"strings"
)

// authorization masks the credentials of an Authorization header and leaves the
// scheme.
func (s *scanner) authorization(id span, op operator) {
	if id.from < s.header {
		return
	}
	i := s.open(op)
	at, bounded := s.headerValue(id, op, i)
	v := s.text[at.from:at.to]
	first := bytes.IndexByte(v, ' ')
	if first < 0 {
		first = len(v)
	}
	if !bounded {
		first = min(first, s.parameters(at.from, at.to)-at.from)
	}
	known := scheme(v[:first])
	rest := at.from + first
	for rest < at.to && s.text[rest] == ' ' {
		rest++
	}
	switch {
	case rest == at.to || rest == at.from+first: // one word: a key, or what became of the request
		v = bytes.TrimRight(v[:first], ",;)]}")
		if at.to = at.from + len(v); !known && !masked(v) && !spared(v) && (looksChosen(v) || len(v) > 20 || bounded && letters.end(v, 0) < len(v)) {
			s.mask(at, kindSecret)
		}
		return
	case !bounded:
		at.to = s.parameters(rest, at.to)
	}
	s.header = at.to
	v = bytes.TrimRight(s.text[rest:at.to], ",;)]}")
	if masked(v) || spared(v) {
		return
	}
	if known && (bounded || !prose(v)) || looksChosen(v) && len(v) >= 8 {
		s.mask(span{rest, rest + len(v)}, kindSecret)
	}
}

// headerValue returns the extent of a header's value, and whether quotes bound it:
// its own, or those of a text such as an argument of curl that holds the header.
func (s *scanner) headerValue(id span, op operator, i int) (at span, bounded bool) {
	if q, k, n := quoteAt(s.text[i:]); n > 0 {
		return span{i + n, closing(s.text, i+n, q, k)}, true
	}
	if !op.quoted && id.from > 0 {
		if c := s.text[id.from-1]; c == '"' || c == '\'' {
			k := id.from - 1
			for k > 0 && s.text[k-1] == '\\' {
				k--
			}
			return span{i, closing(s.text, i, string(c), id.from-1-k)}, true
		}
	}
	text := s.text[:min(len(s.text), i+headerMax)]
	to := i
	for to < len(text) && text[to] >= ' ' && !newline(text[to:]) {
		to++
	}
	return span{i, to}, false
}

// headerMax bounds the value of a header, in bytes, as servers do.
const headerMax = 8 << 10

// newline reports whether text starts with an escaped end of line.
func newline(text []byte) bool {
	return len(text) > 1 && text[0] == '\\' && (text[1] == 'n' || text[1] == 'r')
}

// parameters returns where the credentials end that start at i: with the word, or
// with the last of the parameters that commas join.
func (s *scanner) parameters(i, to int) int {
	for {
		for i < to && s.text[i] > ' ' {
			q, k, n := quoteAt(s.text[i:to])
			switch {
			case n == 0:
				i++
			case s.text[i-1] == '=':
				i = closing(s.text[:to], i+n, q, k) + k + 1
			default:
				return i // the quote ends a text around the header
			}
		}
		i = min(i, to)
		if i == to || s.text[i-1] != ',' || !nextName(s.text[i:to]) {
			return i
		}
		i++
	}
}

// scheme reports whether a word names a scheme of HTTP authentication.
func scheme(v []byte) bool {
	return isAny(v, "basic", "bearer", "token", "digest", "apikey", "api-key", "api-token", "apitoken", "negotiate", "ntlm", "oauth", "hawk", "aws4-hmac-sha256", "aws",
		"aws4-ecdsa-p256-sha256", "sharedkey", "sharedkeylite", "sharedaccesssignature", "hmac", "hoba", "mutual", "vapid", "ssws", "bot", "jwt", "key",
		"splunk", "geniekey", "sso-key", "scram-sha-256", "scram-sha-1", "gnap", "dpop", "privatetoken", "zoho-oauthtoken", "mac", "goog4-rsa-sha256",
		"tc3-hmac-sha256", "acs3-hmac-sha256", "signature", "httpsig", "pop", "macaroon", "client-token", "x-api-key", "mediabrowser", "discogs")
}

// scheme masks credentials behind the name of a scheme where no header is named.
func (s *scanner) scheme(at span) {
	i := at.to
	for i < len(s.text) && i < at.to+3 && (s.text[i] == ' ' || s.text[i] == ':') {
		i++
	}
	if hasFold(s.text[i:], "%20") {
		i += 3
	}
	if i == at.to && s.text[i-1] != ' ' || !boundary(s.text, at.from) {
		return
	}
	to := (token | tilde).end(s.text, i)
	v := s.text[i:to]
	if hasFold(s.text[at.from:], "basic") {
		if userAndPassword(v) {
			s.mask(span{i, to}, kindSecret)
		}
		return
	}
	if k := bytes.IndexByte(v, '='); k > 0 && k+1 < len(v) && alnum.holds(v[k+1]) {
		return // the parameter of a challenge
	}
	if len(v) >= 8 && looksChosen(v) || len(v) >= 24 {
		s.mask(span{i, to}, kindSecret)
	}
}

// userAndPassword reports whether v is base64 of a name, a colon and a password.
func userAndPassword(v []byte) bool {
	if len(v) < 4 || len(v) > 1024 {
		return false
	}
	plain, err := stdbase64.RawStdEncoding.DecodeString(strings.TrimRight(string(v), "="))
	if err != nil {
		return false
	}
	for _, c := range plain {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return bytes.IndexByte(plain, ':') >= 0
}

// cookies masks the values of cookies and leaves their names and attributes.
func (s *scanner) cookies(id span, op operator) {
	if id.from < s.header {
		return
	}
	at, _ := s.headerValue(id, op, s.open(op))
	s.header = at.to
	for i := at.from; i < at.to; {
		for i < at.to && (s.text[i] == ' ' || s.text[i] == ';') {
			i++
		}
		name := i
		for i < at.to && s.text[i] > ' ' && strings.IndexByte("=;,\"'", s.text[i]) < 0 {
			i++
		}
		if i == at.to || s.text[i] != '=' {
			if v := s.text[name:i]; name == at.from && looksChosen(v) && !masked(v) {
				s.mask(span{name, i}, kindSecret)
			}
		} else {
			i = s.cookie(name, i, at.to)
		}
		if i < at.to && s.text[i] != ';' {
			k := restOfAttribute(s.text[i:at.to])
			if k == 0 {
				return
			}
			i += k
		}
	}
}

// cookie masks the value behind the equals sign at i and returns where it ends.
func (s *scanner) cookie(name, i, limit int) int {
	from := i + 1
	for i = from; i < limit && s.text[i] > ' ' && s.text[i] != ';' && s.text[i] != '"' && !newline(s.text[i:limit]); {
		i++
	}
	to := i
	for to > from && strings.IndexByte("]})',", s.text[to-1]) >= 0 {
		to--
	}
	v := s.text[from:to]
	if len(v) > 0 && !masked(v) && !isAny(s.text[name:from-1], "path", "domain", "expires", "max-age", "samesite", "version", "priority") {
		s.mask(span{from, to}, kindSecret)
	}
	return i
}

// restOfAttribute returns how much of a cookie's attribute follows a blank, as in a
// date, or 0.
func restOfAttribute(text []byte) int {
	text = text[:min(len(text), 32)]
	k := bytes.IndexByte(text, ';')
	if k < 0 || bytes.ContainsAny(text[:k], "=\"\n") {
		return 0
	}
	return k
}
