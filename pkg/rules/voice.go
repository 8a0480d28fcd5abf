package rules

import (
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// A failure's wording proves a failure only where the program says it itself. What its
// users and callers make it repeat (a user agent, a path, a name, a query) is foreign:
// anybody can write "no space left on device" there.

// hole stands in a voice where something foreign stood, so that no text matches across it.
const hole = 0x1f

// A voice is a line's own words: folded as signatures are, with a hole for each foreign part.
type voice struct {
	out []byte
	// starts are where in out a message begins, in rising order.
	starts []int
	// stated says that the line states a level, grave that it is a warning or worse.
	stated, grave bool
	// mute says that what stands in quotes is foreign in this component's lines.
	mute bool
	// marks says that starts are asked for.
	marks bool
	depth int
	last  byte
}

// read sets out to the own words of a line that is printed at a level. Only with marks
// are the beginnings of messages looked for.
func (v *voice) read(line string, level patterns.Level, mute, marks bool) {
	*v = voice{
		out: v.out[:0], starts: v.starts[:0], stated: level != patterns.LevelUnknown, grave: level >= patterns.LevelWarn,
		mute: mute, marks: marks, last: ' ',
	}
	v.line(line)
}

// maxVoiceDepth bounds how deep lines in lines, and quotes in quotes, are read.
const maxVoiceDepth = 6

// line reads a line, or a value that can be one.
func (v *voice) line(line string) {
	v.depth++
	defer func() { v.depth-- }()
	if v.depth > maxVoiceDepth {
		v.blank()
		return
	}
	body := strings.TrimLeft(line, " \t")
	if len(body) > 1 && body[0] == '{' && v.jsonLine(body) {
		return
	}
	if v.accessLog(line) {
		return
	}
	for more := true; more; {
		var one string
		one, line, more = strings.Cut(line, "\n")
		var starts []int
		if v.marks {
			starts = messageStarts(one)
		}
		v.text(one, starts)
		if more {
			v.put(' ')
		}
	}
}

// put appends a byte as folding leaves it.
func (v *voice) put(c byte) {
	c = foldTo[c]
	n := len(v.out)
	if c == 0 || c == ' ' && (v.last == ' ' || v.last == ':' && n > 1 && v.out[n-2] == '"') {
		return
	}
	v.out = append(v.out, c)
	v.last = c
}

func (v *voice) puts(s string) {
	for i := range len(s) {
		v.put(s[i])
	}
}

// blank leaves a hole.
func (v *voice) blank() {
	if v.last != hole {
		v.out = append(v.out, hole)
		v.last = hole
	}
}

// start marks the beginning of a message.
func (v *voice) start() {
	if n := len(v.starts); n == 0 || v.starts[n-1] != len(v.out) {
		v.starts = append(v.starts, len(v.out))
	}
}

// begins reports whether a message begins at out[at:].
func (v *voice) begins(at int) bool {
	if at > 0 && v.out[at-1] == ' ' { // white space behind a start
		if _, ok := slices.BinarySearch(v.starts, at-1); ok {
			return true
		}
	}
	_, ok := slices.BinarySearch(v.starts, at)
	return ok
}

// says reports whether a folded text stands in the voice as words of its own, at the
// beginning of a message if it must. A text that ends in * may end within a word.
func (v *voice) says(text string, atStart bool) bool {
	open := strings.HasSuffix(text, "*")
	text = strings.TrimSuffix(text, "*")
	hay := string(v.out)
	for from := 0; ; {
		i := strings.Index(hay[from:], text)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(text)
		if (!atStart || v.begins(i)) && (isClass(text) || opensWord(hay, i)) && (open || closesWord(hay, end)) {
			return true
		}
		from = i + 1
	}
}

// isClass reports whether a text is the name of an exception's class, in front of which its
// package stands.
func isClass(text string) bool {
	return (strings.HasSuffix(text, "exception") || strings.HasSuffix(text, "error")) && !strings.Contains(text, " ")
}

// opensWord reports whether s[i:] is no tail of a word, a path or a name.
func opensWord(s string, i int) bool {
	if i == 0 || !isWordByte(s[i]) {
		return true
	}
	switch c := s[i-1]; c {
	case '-', '.', '/', '@', '%', '+':
		return i > 1 && s[i-2] == ' ' // a dash or dots between words
	default:
		return !isWordByte(c)
	}
}

// closesWord reports whether s[:end] does not end within a word, a path or a name.
func closesWord(s string, end int) bool {
	if end >= len(s) || !isWordByte(s[end-1]) {
		return true
	}
	switch c := s[end]; c {
	case '-', '.', '@', '%', '+', '/':
		return end+1 >= len(s) || !isNameByte(s[end+1])
	default:
		return !isWordByte(c)
	}
}

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

// accessLog reads a line of an access log: one with a request in quotes and its status. All
// of it comes from the caller but what follows the request up to the next quote: the
// status, and of Envoy the response's flags.
func (v *voice) accessLog(line string) bool {
	for from := 0; ; {
		i := strings.Index(line[from:], "HTTP/")
		if i < 0 {
			return false
		}
		from += i
		status := statusAfter(line[from:])
		if status == 0 {
			from += len("HTTP/")
			continue
		}
		own := line[from:]
		if end := strings.IndexAny(own[status:], `"'`); end >= 0 {
			own = own[:status+end]
		}
		v.blank()
		v.puts(own)
		v.blank()
		return true
	}
}

// statusAfter returns where in s, which begins with HTTP/, the status stands behind the
// quote that closes the request; 0 where none does.
func statusAfter(s string) int {
	i := len("HTTP/")
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	if i >= len(s) || (s[i] != '"' && s[i] != '\'') {
		return 0
	}
	i++
	if i < len(s) && s[i] == ',' {
		i++
	}
	if i+3 < len(s) && s[i] == ' ' {
		i++
	}
	if i+3 > len(s) || !allDigits(s[i:i+3]) || (i+3 < len(s) && isWordByte(s[i+3])) {
		return 0
	}
	return i
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
