package rules

import "strings"

// What quotes, tokens, items and pairs are in a line of text.

func opensQuote(s string, i int) bool {
	c := s[i]
	if c != '"' && c != '\'' && c != '`' {
		return false
	}
	return c == '"' || i == 0 || !isWordByte(s[i-1]) // no apostrophe
}

// closing returns where the quote at s[i] is closed, -1 where it is not.
func closing(s string, i int) int {
	q := s[i]
	for j := i + 1; j < len(s); j++ {
		switch s[j] {
		case '\\':
			if j+1 < len(s) && s[j+1] == q && q != '"' {
				continue
			}
			j++
		case q:
			if j+1 < len(s) && (isWordByte(s[j+1]) || s[j+1] == q) {
				continue // an apostrophe, or a quote within
			}
			return j
		}
	}
	return -1
}

// unescape removes one level of backslashes.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'r':
			b = append(b, '\n')
		case 't':
			b = append(b, ' ')
		case 'u':
			if c, ok := shortUnicode(s[i+1:]); ok {
				b = append(b, c)
				i += 4
			}
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// shortUnicode reads the four hexadecimal digits of an ASCII character.
func shortUnicode(s string) (byte, bool) {
	if len(s) < 4 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[:4]) {
		d := strings.IndexByte("0123456789abcdef", c|0x20)
		if d < 0 {
			return 0, false
		}
		n = n<<4 | d
	}
	if n >= 0x80 {
		return '?', true
	}
	return byte(n), true
}

// tokenEnd returns where the token at s[i] ends: before white space, quotes or a bracket,
// and before punctuation at its end.
func tokenEnd(s string, i int) int {
	j := i
	for j < len(s) && strings.IndexByte(" \t\n\"'`,;()[]{}<>|", s[j]) < 0 {
		j++
	}
	for j > i+1 && (s[j-1] == ':' || s[j-1] == '.') {
		j--
	}
	return j
}

// itemEnd returns where an item of a list ends that begins at s[i].
func itemEnd(s string, i int) int {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	if i < len(s) && opensQuote(s, i) {
		if end := closing(s, i) + 1; end > 0 && (end == len(s) || s[end] == ' ' || strings.HasPrefix(s[end:], ", ")) {
			return end
		}
	}
	for j := i; j < len(s); j++ {
		switch s[j] {
		case ';', '|', '}', '\n':
			return j
		case ',':
			if k := j + 1; k < len(s) && s[k] == ' ' && headerAhead(s[k+1:]) {
				return j
			}
		}
	}
	return len(s)
}

// headerAhead reports whether s begins with a word and a colon or an equals sign.
func headerAhead(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i]) {
			return i > 0 && (s[i] == ':' || s[i] == '=')
		}
	}
	return false
}

// pairAhead returns where the next key=value pair begins in s, at the white space before
// it or at 0 for one at its beginning; -1 where there is none.
func pairAhead(s string) int {
	if headerAhead(s) && strings.IndexAny(s, "=:") == strings.IndexByte(s, '=') {
		return 0
	}
	for i := 0; i+1 < len(s); i++ {
		if s[i] != ' ' && s[i] != ',' {
			continue
		}
		j := i + 1
		for j < len(s) && isNameByte(s[j]) {
			j++
		}
		if j > i+1 && j < len(s) && s[j] == '=' {
			return i
		}
	}
	return -1
}

// balanced returns where the bracket that s[i:] begins with is closed.
func balanced(s string, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return j + 1
			}
		}
	}
	return len(s)
}

// mailAddress returns the length of an address in angle brackets at the beginning of s.
func mailAddress(s string) int {
	end := strings.IndexByte(s, '>')
	if end > 0 && strings.IndexByte(s[:end], '@') > 0 {
		return end + 1
	}
	return 0
}

// skipEscape returns the index behind the ANSI control sequence at s[i].
func skipEscape(s string, i int) int {
	i++
	if i >= len(s) || s[i] != '[' {
		return i
	}
	for i++; i < len(s); i++ {
		if s[i] >= 0x40 && s[i] <= 0x7e {
			return i + 1
		}
	}
	return i
}
