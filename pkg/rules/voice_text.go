package rules

import "strings"

// text reads a line of words, of key=value pairs, or of both. starts are where in it a
// message begins.
func (v *voice) text(s string, starts []int) {
	pairs := strings.Count(s, "=") > 1 && pairAhead(s) == 0
	prev := ""
	for i := 0; i < len(s); {
		for len(starts) > 0 && starts[0] <= i {
			if starts[0] == i {
				v.start()
			}
			starts = starts[1:]
		}
		c := s[i]
		switch {
		case c == 0x1b:
			i = skipEscape(s, i)
		case opensQuote(s, i):
			i, prev = v.quoted(s, i, prev), ""
		case c == '<' && mailAddress(s[i:]) > 0:
			v.blank()
			i += mailAddress(s[i:])
		case c == '/' && (i == 0 || !isWordByte(s[i-1])) && i+1 < len(s) && isNameByte(s[i+1]):
			v.blank()
			i = tokenEnd(s, i)
		case isNameByte(c):
			i, prev = v.word(s, i, prev, pairs)
		default:
			v.put(c)
			i++
		}
	}
}

func isNameByte(c byte) bool { return isWordByte(c) || c == '-' || c == '.' || c == '$' }

// word reads the word at s[i] and what belongs to it, and returns what follows and the
// word, by which a quoted text behind it is judged.
func (v *voice) word(s string, i int, prev string, pairs bool) (next int, word string) {
	j := i
	for j < len(s) && isNameByte(s[j]) {
		j++
	}
	raw := s[i:j]
	switch {
	case j < len(s) && s[j] == '=':
		v.puts(s[i : j+1])
		return v.value(s, j+1, raw, pairs), ""
	case strings.HasPrefix(s[j:], "://"), j+1 < len(s) && s[j] == '@' && isNameByte(s[j+1]):
		v.blank()
		return tokenEnd(s, i), ""
	case j < len(s) && s[j] == '/' && j+1 < len(s) && isNameByte(s[j+1]):
		// A path or an image: words of a failure in it do not begin a word.
		end := tokenEnd(s, i)
		v.puts(s[i:end])
		return end, ""
	}
	if v.mute && strings.Count(strings.TrimRight(raw, "."), ".") > 1 && letters(raw) != "" {
		v.blank() // a name of the domain name system
		return j, ""
	}
	v.puts(raw)
	word = letters(raw)
	if k := statementAt(s[j:], word); k > 0 {
		v.puts(s[j : j+k])
		return v.skip(s, j+k, len(s)), ""
	}
	if j < len(s) && s[j] == ':' && v.isHeader(word) {
		v.put(':')
		return v.skip(s, j+1, itemEnd(s, j+1)), ""
	}
	if j < len(s) && s[j] == ' ' {
		switch {
		case personWords[word] && !strings.HasPrefix(s[j:], " or ") && (v.mute || named[prev] || !verbs[letters(s[j+1:tokenEnd(s, j+1)])]):
			v.put(' ')
			return v.skip(s, j+1, v.personEnd(s, j+1)), word
		case lookups[word] && j+1 < len(s) && isNameByte(s[j+1]):
			return v.lookup(s, j+1), word
		}
	}
	if strings.HasPrefix(s[j:], " (") && word == "key" {
		return v.skip(s, j, len(s)), "" // PostgreSQL: Key (email)=(...) already exists
	}
	return j, word
}

// statementAt returns how long the introduction of a statement is, as databases print it:
// "STATEMENT:", "statement: " or "execute <unnamed>: ". It is 0 where s, which follows the
// word, is none.
func statementAt(s, word string) int {
	if word != "execute" && (word != "statement" || !strings.HasPrefix(s, ":")) {
		return 0
	}
	if k := strings.Index(s, ": "); k >= 0 && k < 40 {
		return k + 1
	}
	return 0
}

// isHeader reports whether a word and a colon are followed by foreign words: words that
// say so wherever they stand, and in lines that state nothing bad all that speak of input.
func (v *voice) isHeader(word string) bool {
	return headerWords[word] || (v.stated && !v.grave && foreignWords[word])
}

// skip leaves a hole for s[from:to] and returns to.
func (v *voice) skip(s string, from, to int) int {
	for from < to && s[from] == ' ' {
		v.put(' ')
		from++
	}
	if from < to {
		v.blank()
	}
	return to
}

// lookup skips a name behind a word such as lookup, if it is one: a word with a dot.
func (v *voice) lookup(s string, i int) int {
	v.put(' ')
	end := tokenEnd(s, i)
	if name := s[i:end]; strings.Contains(strings.TrimRight(name, "."), ".") && letters(name) != "" {
		return v.skip(s, i, end)
	}
	return i
}

// personEnd returns where a name ends that begins at s[i] and has no quotes.
func (v *voice) personEnd(s string, i int) int {
	if i >= len(s) || (!v.mute && opensQuote(s, i)) {
		return i
	}
	rest := s[i:]
	for _, stop := range []string{" from ", " port ", " [preauth]", " at "} {
		if k := strings.LastIndex(rest, stop); k >= 0 && addressAt(rest[k+len(stop):]) {
			return i + k
		}
	}
	if opensQuote(s, i) {
		return i
	}
	for _, stop := range []string{" not found", " does not exist", " not allowed", " logged in", " logged out", " signed ", " failed", " denied", " rejected", " locked", " created", " deleted", " [preauth]", " authenticated", " from "} {
		if k := strings.LastIndex(rest, stop); k >= 0 {
			return i + k
		}
	}
	if v.stated && !v.grave {
		if k := pairAhead(rest); k > 0 {
			return i + k
		}
		return len(s)
	}
	return min(tokenEnd(s, i), len(s))
}

// addressAt reports whether s begins like an address or a number.
func addressAt(s string) bool {
	return s == "" || s[0] >= '0' && s[0] <= '9' || s[0] == '<' || s[0] == '[' || s[0] == ':' || strings.HasPrefix(s, "UNKNOWN") || strings.HasPrefix(s, "ip ")
}

// value reads the value of a key at s[i] and returns what follows.
func (v *voice) value(s string, i int, key string, pairs bool) int {
	who := speakerOf(key)
	if end := tokenEnd(s, i); pairs && who == unknownSpeaker && (s[i:end] == "true" || s[i:end] == "false") {
		v.puts(s[i:end]) // nobody's words
		return end
	}
	if who == unknownSpeaker && !v.grave && (v.stated || pairs) {
		who = foreignSpeaker
	}
	switch {
	case i >= len(s) || s[i] == ' ':
		return i
	case s[i] == '"' || s[i] == '\'' || s[i] == '`':
		end := closing(s, i)
		if end < 0 {
			end = len(s) // cut
		}
		v.put(s[i])
		if who == foreignSpeaker || v.mute && !pairs {
			v.blank()
		} else {
			v.own(unescape(s[i+1 : end]))
		}
		v.put(s[i])
		return min(end+1, len(s))
	case s[i] == '<' && who != ownSpeaker && strings.IndexByte(s[i:], '>') > 0:
		return v.skip(s, i, i+strings.IndexByte(s[i:], '>')+1)
	case who == ownSpeaker:
		v.start()
		return i // read on as words
	case who == unknownSpeaker:
		return i
	case s[i] == '{' || s[i] == '[' || strings.HasPrefix(s[i:], "map["):
		return v.skip(s, i, balanced(s, i))
	}
	end := tokenEnd(s, i)
	if k := pairAhead(s[end:]); k > 0 && (pairs || !strings.Contains(s[end:end+k], ": ")) {
		end += k
	} else if k < 0 && pairs && headerWords[letters(key)] {
		end = len(s)
	}
	return v.skip(s, i, end)
}

// own reads a value that holds the program's own words.
func (v *voice) own(text string) {
	v.start()
	v.line(text)
}

// quoted reads the quoted text at s[i], whose speaker the word before tells.
func (v *voice) quoted(s string, i int, prev string) int {
	end := closing(s, i)
	if end < 0 {
		if speakerOf(prev) == foreignSpeaker {
			return v.skip(s, i, len(s))
		}
		v.put(s[i])
		return i + 1
	}
	text := s[i+1 : end]
	first := len(v.out) == 0 || v.begins(len(v.out)) || strings.HasSuffix(string(v.out[max(0, len(v.out)-2):]), "] ") // as klog prints it
	v.put(s[i])
	switch {
	case v.foreignQuote(text, prev, first), end+1 < len(s) && s[end+1] == '@':
		v.blank()
	case first:
		v.own(unescape(text))
	default:
		if v.depth++; v.depth <= maxVoiceDepth {
			v.text(unescape(text), nil)
		}
		v.depth--
	}
	v.put(s[i])
	return end + 1
}

func (v *voice) foreignQuote(text, prev string, first bool) bool {
	if prev == "to" { // failed to "StartContainer"
		prev = ""
	}
	switch who := speakerOf(prev); {
	case strings.HasPrefix(text, "/") || strings.Contains(text, "://"):
		return true
	case who != unknownSpeaker:
		return who == foreignSpeaker
	case v.mute:
		return true
	case first:
		return false
	}
	return v.stated && !v.grave
}
