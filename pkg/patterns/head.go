package patterns

import "bytes"

// Loki guesses the level of a line that has no field for it from the first word that
// names one, wherever that stands: "Error cleaning up jobs" of an informational line is an
// error to it, and so is what a caller sent. Where a line's head states the level in a
// place that only its program writes to, that counts instead.

// maxHead bounds how much of a line is its head, and maxHeadParts how many parts of it are
// looked at for a level.
const (
	maxHead      = 160
	maxHeadParts = 8
)

// headLevel returns the level that the head of a line states, as klog, Redis, MongoDB,
// PostgreSQL and whatever prints a time and the level in front of its messages write it.
// It reports false for a line whose head states none. A line of an access log is of no
// level, whatever words it repeats. The level is the same in all lines of one masked form.
func headLevel(line []byte) (Level, bool) {
	if len(line) < 8 {
		return LevelUnknown, false
	}
	switch c := line[0]; {
	case c == '{':
		return mongoLevel(line)
	case isDigit(c), c == '[':
		if l, ok := redisLevel(line); ok {
			return l, true
		}
		if l, ok := timedLevel(line[:min(len(line), maxHead)]); ok {
			return l, true
		}
	case klogHead(line):
		return ParseLevel(string(line[:1])), true
	}
	return LevelUnknown, isAccess(line)
}

// klogHead reports whether a line begins as klog writes it: "E0102 15:04:05.000000".
func klogHead[T string | []byte](line T) bool {
	if len(line) < 9 || line[5] != ' ' || line[8] != ':' || !isDigit(line[6]) || !isDigit(line[7]) {
		return false
	}
	for i := 1; i < 5; i++ {
		if !isDigit(line[i]) {
			return false
		}
	}
	return line[0] == 'I' || line[0] == 'W' || line[0] == 'E' || line[0] == 'F'
}

// numberedLevel returns the level of a JSON object that states it by a number, as pino and
// bunyan write it: 30 is info, 50 an error. It must stand in the object itself.
func numberedLevel(line []byte) (Level, bool) {
	const key = `"level":`
	head := line[:min(len(line), maxHead)]
	at := bytes.Index(head, []byte(key))
	if at < 1 || len(head)-at < len(key)+3 || bytes.IndexByte(head[1:at], '{') >= 0 {
		return LevelUnknown, false
	}
	n := head[at+len(key):]
	if n[0] < '1' || n[0] > '6' || n[1] != '0' || (n[2] != ',' && n[2] != '}') {
		return LevelUnknown, false
	}
	return LevelTrace + Level(n[0]-'1'), true
}

// mongoLevel returns the level of a line of MongoDB: {"t":{"$date":"…"},"s":"I",
func mongoLevel(line []byte) (Level, bool) {
	if !bytes.HasPrefix(line, []byte(`{"t":{"$date":"`)) {
		return LevelUnknown, false
	}
	const key = `"},"s":"`
	at := bytes.Index(line[:min(len(line), 64)], []byte(key))
	if at < 0 || at+len(key) >= len(line) {
		return LevelUnknown, false
	}
	l := ParseLevel(string(line[at+len(key) : at+len(key)+1])) // D1 to D5 are debug
	return l, l != LevelUnknown
}

// redisLevel returns the level of a line of Redis: "1:M 02 Jan 2006 15:04:05.000 * …".
func redisLevel(line []byte) (Level, bool) {
	at := bytes.IndexByte(line[:min(len(line), 12)], ':')
	const stamp = len(":M 02 Jan 2006 15:04:05.000 ")
	if at < 1 || len(line) < at+stamp+2 || line[at+2] != ' ' || line[at+stamp-1] != ' ' || line[at+stamp+1] != ' ' || !isDigit(line[at+stamp-2]) {
		return LevelUnknown, false
	}
	switch line[at+stamp] {
	case '.', '-':
		return LevelDebug, true
	case '*':
		return LevelInfo, true
	case '#':
		return LevelWarn, true
	}
	return LevelUnknown, false
}

// timedLevel returns the level that stands behind a time: as a word in capitals, as one in
// brackets, or in front of a colon.
func timedLevel(head []byte) (Level, bool) {
	at := 0
	for range maxHeadParts {
		for at < len(head) && (head[at] == ' ' || head[at] == '\t') {
			at++
		}
		from := at
		for at < len(head) && head[at] != ' ' && head[at] != '\t' {
			at++
		}
		if at == from {
			break
		}
		if l := partLevel(head[from:at]); l != LevelUnknown {
			return l, true
		}
		if !headPart(head[from:at]) {
			break
		}
	}
	return LevelUnknown, false
}

// partLevel returns the level that a part of a head is.
func partLevel(part []byte) Level {
	framed := false
	for len(part) > 0 && (part[0] == '[' || part[0] == '<' || part[0] == '(') {
		part, framed = part[1:], true
	}
	end := 0
	for end < len(part) && isLetter(part[end]) {
		end++
	}
	rest := part[end:]
	if end < 3 || end > len("information") || (len(rest) > 0 && !bytes.ContainsRune([]byte("]>):/|,"), rune(rest[0]))) {
		return LevelUnknown
	}
	word := part[:end]
	if !framed && !capitals(word) {
		return LevelUnknown
	}
	switch string(word) {
	case "LOG", "DETAIL", "HINT", "STATEMENT", "CONTEXT", "QUERY", "LOCATION": // of PostgreSQL
		if string(rest) == ":" {
			return LevelInfo
		}
		return LevelUnknown
	case "Note", "System": // of MySQL
		return LevelInfo
	}
	if len(rest) > 0 && rest[0] == '/' && !capitals(word) {
		return LevelUnknown
	}
	return ParseLevel(string(word))
}

func capitals(word []byte) bool {
	for _, c := range word {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// headPart reports whether a part can stand in front of a level: a time, a number, a zone,
// something in brackets or braces, or a name with an @, as PostgreSQL writes it.
func headPart(part []byte) bool {
	switch c := part[0]; {
	case isDigit(c), c == '[', c == '(', c == '{', c == '<', c == '-', c == '+', c == '*':
		return true
	case part[len(part)-1] == ']', bytes.IndexByte(part, '@') > 0:
		return true
	}
	return len(part) <= 4 && (capitals(part) || len(part) == 3)
}

// isAccess reports whether a line is of an access log: a request in quotes and its status.
func isAccess(line []byte) bool {
	before, rest, ok := bytes.Cut(line, []byte(" HTTP/"))
	if !ok || bytes.IndexByte(before, '"') < 0 {
		return false
	}
	for len(rest) > 0 && (isDigit(rest[0]) || rest[0] == '.') {
		rest = rest[1:]
	}
	return len(rest) >= 5 && rest[0] == '"' && rest[1] == ' ' && isDigit(rest[2]) && isDigit(rest[3]) && isDigit(rest[4])
}
