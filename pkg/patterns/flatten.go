package patterns

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// flattenJSON appends the fields of the JSON object in line to dst as
// "key=value" pairs in their order, so that a JSON log is mined by its keys and
// the words of its values rather than by its punctuation. Time fields are left
// out: each line has its timestamp beside it. Nested values are kept as their
// JSON text. It reports false, with dst unchanged, where line is no JSON object.
func flattenJSON(dst, line []byte) ([]byte, bool) {
	n := len(line)
	for n > 0 && line[n-1] <= ' ' {
		n--
	}
	if n < 2 || line[0] != '{' || line[n-1] != '}' {
		return dst, false
	}
	out := dst
	for i := skipBlank(line, 1); i < n-1; {
		key, next, ok := jsonString(line, i)
		if !ok {
			return dst, false
		}
		i = skipBlank(line, next)
		if i >= n || line[i] != ':' {
			return dst, false
		}
		i = skipBlank(line, i+1)
		value, next, ok := jsonValue(line[:n-1], i)
		if !ok {
			return dst, false
		}
		if !timeKey(key) {
			if len(out) > len(dst) {
				out = append(out, ' ')
			}
			out = append(append(out, key...), '=')
			if spaced := bytes.IndexByte(value, ' ') >= 0 && line[next-1] == '"' && !messageKey(key); spaced {
				out = append(appendUnescaped(append(out, '"'), value), '"')
			} else {
				out = appendUnescaped(out, value)
			}
		}
		i = skipBlank(line, next)
		if i < n-1 {
			if line[i] != ',' {
				return dst, false
			}
			i = skipBlank(line, i+1)
		}
	}
	return out, len(out) > len(dst)
}

func skipBlank(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	return i
}

// jsonString returns the bytes between the quotes of the string at b[i] and the
// index behind it.
func jsonString(b []byte, i int) (s []byte, next int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return nil, i, false
	}
	for j := i + 1; j < len(b); j++ {
		switch b[j] {
		case '\\':
			j++
		case '"':
			return b[i+1 : j], j + 1, true
		}
	}
	return nil, i, false
}

// jsonValue returns the text of the value at b[i], a string without its quotes,
// and the index behind it.
func jsonValue(b []byte, i int) (v []byte, next int, ok bool) {
	if i >= len(b) {
		return nil, i, false
	}
	if b[i] == '"' {
		return jsonString(b, i)
	}
	depth, j := 0, i
	for j < len(b) {
		switch b[j] {
		case '"':
			_, end, closed := jsonString(b, j)
			if !closed {
				return nil, i, false
			}
			j = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth == 0 {
				return b[i:j], j, j > i
			}
		}
		j++
	}
	return b[i:j], j, depth == 0 && j > i
}

// appendUnescaped appends a JSON string's content with its white-space escapes
// as spaces; other escapes lose their backslash, which is enough to mine by.
func appendUnescaped(out, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 't', 'r':
			out = append(out, ' ')
		case 'u':
			r, n := unescapeRune(s[i-1:])
			out = utf8.AppendRune(out, r)
			i += n - 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// unescapeRune reads a character written as \uXXXX, or as two such, and returns how long
// it is there; what is none is the replacement character.
func unescapeRune(s []byte) (r rune, n int) {
	unit := func(s []byte) rune {
		if len(s) < 6 || s[0] != '\\' || s[1] != 'u' || !allHex(s[2:6]) {
			return -1
		}
		v, _ := strconv.ParseUint(string(s[2:6]), 16, 16) // four hexadecimal digits
		return rune(v)
	}
	first := unit(s)
	if first < 0 {
		return utf8.RuneError, 2
	}
	if utf16.IsSurrogate(first) {
		if second := unit(s[6:]); second >= 0 {
			if both := utf16.DecodeRune(first, second); both != utf8.RuneError {
				return both, 12
			}
		}
		return utf8.RuneError, 6
	}
	return first, 6
}

func allHex(b []byte) bool {
	for _, c := range b {
		if !isHex(c) {
			return false
		}
	}
	return true
}

func timeKey(k []byte) bool {
	switch string(k) {
	case "time", "ts", "timestamp", "@timestamp", "t", "datetime":
		return true
	}
	return false
}
