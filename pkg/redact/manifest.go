package redact

import (
	"bytes"
	"strings"
)

// secretData masks every value under the key data or stringData of a Kubernetes
// Secret, whatever its key is called.
func (s *scanner) secretData(at span) {
	if at.from < s.data {
		return
	}
	text := s.text
	i := at.to
	for i < len(text) && (text[i] == '"' || text[i] == '\\' || text[i] == '\'') {
		i++
	}
	if i >= len(text) || text[i] != ':' {
		return
	}
	for i++; i < len(text) && text[i] == ' '; i++ {
	}
	if i < len(text) && text[i] != '{' && text[i] != '\n' && text[i] != '\r' && !newline(text[i:]) || !s.isSecret() {
		return
	}
	if i < len(text) && text[i] == '{' {
		s.data = s.dataFields(i + 1)
		return
	}
	s.data = s.dataLines(i)
}

// isSecret reports whether the text holds a manifest of kind Secret.
func (s *scanner) isSecret() bool {
	if s.manifest == 0 {
		s.manifest = -1
		for rest := s.text; ; {
			k := bytes.Index(rest, []byte("Secret"))
			if k < 0 {
				break
			}
			before := bytes.TrimRight(rest[:k], "\"'\\ :")
			if len(before) < k && bytes.HasSuffix(before, []byte("kind")) && (k+6 == len(rest) || !letters.holds(rest[k+6])) {
				s.manifest = 1
				break
			}
			rest = rest[k+6:]
		}
	}
	return s.manifest > 0
}

// dataFields masks the values of a JSON object whose first field starts at i, and
// returns where it ends.
func (s *scanner) dataFields(i int) int {
	text := s.text
	for i < len(text) {
		for i < len(text) && (space(text[i]) || strings.IndexByte("\"'\\,", text[i]) >= 0 || text[i] == 'n' && text[i-1] == '\\') {
			i++
		}
		key := i
		if i = (word | dot).end(text, i); i == key {
			return i
		}
		for i < len(text) && strings.IndexByte("\"'\\: ", text[i]) >= 0 {
			if text[i] == ':' {
				i++
				for i < len(text) && text[i] == ' ' {
					i++
				}
				break
			}
			i++
		}
		q, k, n := quoteAt(text[min(i, len(text)):])
		if n == 0 {
			return i
		}
		from := i + n
		i = closing(text, from, q, k)
		if !masked(text[from:i]) {
			s.mask(span{from, i}, kindSecret)
		}
	}
	return i
}

// dataLines masks the values of a YAML mapping that starts behind the line end at i,
// and returns where it ends.
func (s *scanner) dataLines(i int) int {
	first := -1
	for i < len(s.text) {
		for i < len(s.text) && (s.text[i] == '\n' || s.text[i] == '\r' || newline(s.text[i:])) {
			if s.text[i] == '\\' {
				i++
			}
			i++
		}
		line := i
		for i < len(s.text) && s.text[i] == ' ' {
			i++
		}
		indent := i - line
		if first < 0 {
			first = indent
		}
		if indent == 0 || indent < first {
			return i
		}
		end := i
		for end < len(s.text) && s.text[end] != '\n' && !newline(s.text[end:]) {
			end++
		}
		from := i
		if key := (word | dot).end(s.text[:end], i); indent == first {
			if key == i || key == end || s.text[key] != ':' {
				return i
			}
			for from = key + 1; from < end && (s.text[from] == ' ' || s.text[from] == '"' || s.text[from] == '\''); from++ {
			}
		}
		v := bytes.TrimRight(s.text[from:end], "\"' \r")
		if len(v) > 0 && !masked(v) && v[0] != '|' && v[0] != '>' {
			s.mask(span{from, from + len(v)}, kindSecret)
		}
		i = end
	}
	return i
}

// identifiedBy masks the password in an SQL statement such as IDENTIFIED BY 'x'.
func (s *scanner) identifiedBy(at span) {
	text := s.text[:min(len(s.text), at.to+idMax)]
	k := bytes.Index(bytes.ToLower(text[at.to:]), []byte("by "))
	if k < 0 || k > 0 && !hasFold(text[at.to:], "with ") {
		return
	}
	i := at.to + k + len("by ")
	if hasFold(text[i:], "password ") {
		i += len("password ")
	}
	var to int
	if q, k, n := quoteAt(s.text[i:]); n > 0 {
		i += n
		to = closing(s.text, i, q, k)
	} else {
		for to = i; to < len(s.text) && s.text[to] > ' ' && s.text[to] != ';' && s.text[to] != '"'; {
			to++
		}
	}
	if v := s.text[i:to]; len(v) > 0 && !masked(v) {
		s.mask(span{i, to}, kindSecret)
	}
}
