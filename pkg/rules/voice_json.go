package rules

import "strings"

// maxJSONDepth bounds how deep an object is read.
const maxJSONDepth = 8

// jsonLine reads a line that is a JSON object. It reports false, and leaves the voice as
// it was, for any other.
func (v *voice) jsonLine(s string) bool {
	n, k, last := len(v.out), len(v.starts), v.last
	r := jsonReader{voice: v, s: s}
	r.ownBody = !strings.Contains(s, `"msg"`) && !strings.Contains(s, `"message"`) && !strings.Contains(s, `"log"`)
	if !r.object(unknownSpeaker, 0) {
		// A line that was cut is read as far as it goes; what it is then, its keys still tell.
		if !r.cut {
			v.out, v.starts, v.last = v.out[:n], v.starts[:k], last
			return false
		}
	}
	return true
}

type jsonReader struct {
	*voice
	s string
	i int
	// cut says that the text ended too early.
	cut bool
	// ownBody says that the key body holds the line, as in OpenTelemetry's records.
	ownBody bool
}

func (r *jsonReader) space() {
	for r.i < len(r.s) && r.s[r.i] <= ' ' {
		r.i++
	}
	r.cut = r.i >= len(r.s)
}

// take consumes a byte, or reports false.
func (r *jsonReader) take(c byte) bool {
	r.space()
	if r.cut || r.s[r.i] != c {
		return false
	}
	r.i++
	return true
}

// str consumes a string and returns what stands between its quotes.
func (r *jsonReader) str() (string, bool) {
	if !r.take('"') {
		return "", false
	}
	from := r.i
	for ; r.i < len(r.s); r.i++ {
		switch r.s[r.i] {
		case '\\':
			r.i++
		case '"':
			r.i++
			return r.s[from : r.i-1], true
		}
	}
	r.i = len(r.s)
	r.cut = true
	return r.s[from:], false
}

func (r *jsonReader) object(who speaker, depth int) bool {
	if depth > maxJSONDepth || !r.take('{') {
		return false
	}
	r.put('{')
	for first := true; ; first = false {
		if r.take('}') {
			r.put('}')
			return true
		}
		if !first && !r.take(',') {
			return false
		}
		key, ok := r.str()
		if !ok || !r.take(':') {
			return false
		}
		if !first {
			r.put(',')
		}
		r.put('"')
		r.puts(key)
		r.puts(`":`)
		if !r.value(r.speaker(key, who, depth), depth) {
			return false
		}
	}
}

// speaker tells whose words the value of a key is in an object of somebody's.
func (r *jsonReader) speaker(key string, outer speaker, depth int) speaker {
	if outer == foreignSpeaker {
		return foreignSpeaker
	}
	if depth == 0 && r.ownBody && key == "body" {
		return ownSpeaker
	}
	if who := speakerOf(key); who != unknownSpeaker {
		return who
	}
	return outer
}

func (r *jsonReader) value(who speaker, depth int) bool {
	r.space()
	if r.cut {
		return false
	}
	switch r.s[r.i] {
	case '{':
		return r.object(who, depth+1)
	case '[':
		return r.array(who, depth+1)
	case '"':
		text, ok := r.str()
		r.put('"')
		if who == ownSpeaker || who == unknownSpeaker && r.grave {
			r.own(unescape(text))
		} else {
			r.blank()
		}
		r.put('"')
		return ok
	}
	from := r.i
	for r.i < len(r.s) && strings.IndexByte(",}] \t\r\n", r.s[r.i]) < 0 {
		r.i++
	}
	r.puts(r.s[from:r.i])
	return r.i > from
}

func (r *jsonReader) array(who speaker, depth int) bool {
	if depth > maxJSONDepth || !r.take('[') {
		return false
	}
	r.put('[')
	for first := true; ; first = false {
		if r.take(']') {
			r.put(']')
			return true
		}
		if !first && !r.take(',') {
			return false
		}
		if !r.value(who, depth) {
			return false
		}
		r.put(' ')
	}
}
