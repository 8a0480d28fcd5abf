package rules

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unspaced reports whether a letter is of a script that writes words without spaces, or with
// endings that matter little; Korean has spaces, but its words are found without.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// unitEnd ends what one field of a line says.
const unitEnd = 0x1f

// spoken returns the words of a text in lower case, without marks, with one space around
// each, and unitEnd between fields. at gets, where it is not nil, the offset in the text of
// each byte.
func spoken(at *[]int, s string) []byte {
	w := wordWriter{text: s, out: make([]byte, 1, len(s)+16), offsets: make([]int, 1, len(s)+16)}
	w.out[0] = ' '
	for w.i < len(s) {
		if s[w.i] < utf8.RuneSelf {
			w.ascii(s[w.i])
		} else {
			w.other()
		}
	}
	w.gap()
	if at != nil {
		*at = append(w.offsets, len(s))
	}
	return w.out
}

// A wordWriter writes what spoken returns.
type wordWriter struct {
	text    string
	i       int // what is read next
	out     []byte
	offsets []int
	// inWord says that a letter was written last, word where its word begins, and prev what
	// it was.
	inWord bool
	word   int
	prev   rune
}

func (w *wordWriter) put(r rune) {
	n := len(w.out)
	w.out = utf8.AppendRune(w.out, r)
	for range len(w.out) - n {
		w.offsets = append(w.offsets, w.i)
	}
}

func (w *wordWriter) gap() {
	w.inWord = false
	if w.out[len(w.out)-1] != ' ' {
		w.put(' ')
	}
}

// end ends a field.
func (w *wordWriter) end() {
	w.gap()
	if len(w.out) > 2 && w.out[len(w.out)-2] != unitEnd {
		w.put(unitEnd)
		w.put(' ')
	}
}

// plainLetters are letters that are no others with marks.
var plainLetters = map[rune]string{'ł': "l", 'đ': "d", 'ð': "d", 'ı': "i", 'ø': "o", 'ß': "ss", 'æ': "ae", 'œ': "oe"}

func (w *wordWriter) letter(r rune) {
	if !w.inWord {
		if n := len(w.out); unspaced(r) && unspaced(w.prev) && n > 1 && w.out[n-2] != unitEnd && w.out[n-1] == ' ' {
			w.out, w.offsets = w.out[:n-1], w.offsets[:n-1]
		}
		w.word = len(w.out)
	}
	w.inWord, w.prev = true, r
	if r < utf8.RuneSelf {
		w.put(r)
		return
	}
	if plain, ok := plainLetters[r]; ok {
		for _, r := range plain {
			w.put(r)
		}
		return
	}
	w.put(r)
}

// dont reports whether text[i:] is the end of a word like don't.
func (w *wordWriter) dont(i int) bool {
	return w.inWord && i < len(w.text) && w.text[i]|0x20 == 't' && (i+1 == len(w.text) || spokenByte[w.text[i+1]] == 0)
}

func (w *wordWriter) ascii(c byte) {
	s, i := w.text, w.i
	switch {
	case spokenByte[c] != 0:
		w.letter(rune(spokenByte[c]))
	case c == '\'' && w.dont(i+1):
	case c == '\\' && i+1 < len(s) && escapedSpace(s[i+1]):
		w.gap()
		w.i++
	case c == '=' && w.inWord: // a key begins a field
		key, from := slices.Clone(w.out[w.word:]), slices.Clone(w.offsets[w.word:])
		w.out, w.offsets = w.out[:w.word], w.offsets[:w.word]
		w.end()
		w.out, w.offsets = append(w.out, key...), append(w.offsets, from...)
		w.gap()
	case c == '"' && (i == 0 || s[i-1] != '\\'), c == '/' && i > 0 && s[i-1] != '<':
		w.end()
	default:
		w.gap()
	}
	w.i++
}

func (w *wordWriter) other() {
	r, n := utf8.DecodeRuneInString(w.text[w.i:])
	var buf [16]byte
	for _, d := range string(norm.NFKD.AppendString(buf[:0], w.text[w.i:w.i+n])) {
		switch {
		case unicode.In(d, unicode.Mn, unicode.Cf, unicode.Me):
		case unicode.IsLetter(d) || unicode.IsDigit(d) || unicode.Is(unicode.Mc, d):
			w.letter(unicode.ToLower(d))
		case r == '’' && w.dont(w.i+n):
		default:
			w.gap()
		}
	}
	w.i += n
}
