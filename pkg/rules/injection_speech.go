package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// What a word can be in a sentence that tells a judge what to answer. Sentences are found by
// what they are made of, not by their wording: whom they address, what shall be left out, and
// what shall be answered.
type part uint8

const (
	partWho    part = iota // the one who judges
	partDrop               // leave out
	partThese              // what is left out: errors, rules, the rest
	partSay                // answer, rate, report
	partResult             // what is answered
	partAim                // what is judged, and words that make an order of an English verb
	partDo                 // an order that is complete: wake everyone
	partMute               // words around the others that make them an ordinary message
	parts
)

// speechWords are the words of one language. A * at the end stands for any ending.
type speechWords struct {
	Who    []string `yaml:"who"`
	Drop   []string `yaml:"drop"`
	These  []string `yaml:"these"`
	Say    []string `yaml:"say"`
	Result []string `yaml:"result"`
	Aim    []string `yaml:"aim"`
	Do     []string `yaml:"do"`
	Mute   []string `yaml:"mute"`
}

func (w *speechWords) lists() [parts][]string {
	return [parts][]string{w.Who, w.Drop, w.These, w.Say, w.Result, w.Aim, w.Do, w.Mute}
}

// A speechWord is what a text of the finder is in a language.
type speechWord struct {
	language int
	part     part
}

// anyLanguage is the language of words that several have.
const anyLanguage = 0

// A speech knows the words of all languages. It is immutable.
type speech struct {
	finder *finder
	words  [][]speechWord
	// needsAim says of a language that its verbs are nouns, too.
	needsAim []bool
}

func newSpeech() *speech { return &speech{finder: newFinder(), needsAim: []bool{false}} }

// Letters that Arabic writes in front of a word.
var arabicBefore = []string{"", "و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "لل", "ولا", "ول"}

// add adds a rule's words. announce is called with those that announce them in a skeleton.
func (s *speech) add(r *injectionRule, announce func(text string)) error {
	language := anyLanguage
	if r.Any != true {
		language = len(s.needsAim)
		s.needsAim = append(s.needsAim, len(r.Words.Aim) > 0)
	}
	var f folder
	for p, list := range r.Words.lists() {
		for _, word := range list {
			text, open := strings.CutSuffix(word, "*")
			plain := string(spoken(nil, text))
			plain = strings.Trim(plain, " ")
			if plain == "" {
				return fmt.Errorf("the word %q says nothing", word)
			}
			first, _ := utf8.DecodeRuneInString(plain)
			last, _ := utf8.DecodeLastRuneInString(plain)
			before := []string{""}
			if unicode.Is(unicode.Arabic, first) {
				before = arabicBefore
			}
			for _, b := range before {
				t := b + plain
				if !unspaced(first) {
					t = " " + t
				}
				if !open && !unspaced(last) {
					t += " "
				}
				if len(t) < gramBytes {
					return fmt.Errorf("the word %q is too short", word)
				}
				n := s.finder.add(t)
				for len(s.words) <= n {
					s.words = append(s.words, nil)
				}
				s.words[n] = append(s.words[n], speechWord{language, part(p)}) //nolint:gosec // few parts
			}
			switch part(p) {
			case partWho, partDrop, partResult, partDo:
				f.fold(plain)
				if len(f.skeleton) >= gramBytes && plain[0] < utf8.RuneSelf {
					announce(string(f.skeleton))
				}
			}
		}
	}
	return nil
}

// unspaced reports whether a letter is of a script that writes words without spaces, or with
// endings that matter little; Korean has spaces, but its words are found without.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// unitEnd ends what one field of a line says.
const unitEnd = 0x1f

// spoken appends the words of a text in lower case, without marks, with one space around
// each, and unitEnd between fields. at has, where it is not nil, the offset in the text of
// each byte.
func spoken(at *[]int, s string) []byte {
	out := make([]byte, 1, len(s)+16)
	out[0] = ' '
	offsets := make([]int, 1, len(s)+16)
	inWord, word := false, 0
	var prev rune
	put := func(r rune, from int) {
		n := len(out)
		out = utf8.AppendRune(out, r)
		for range len(out) - n {
			offsets = append(offsets, from)
		}
	}
	gap := func(from int) {
		if out[len(out)-1] != ' ' {
			put(' ', from)
		}
	}
	end := func(from int) {
		gap(from)
		if len(out) > 2 && out[len(out)-2] != unitEnd {
			put(unitEnd, from)
			put(' ', from)
		}
	}
	letter := func(r rune, from int) {
		if !inWord {
			if unspaced(r) && unspaced(prev) && len(out) > 1 && out[len(out)-2] != unitEnd && out[len(out)-1] == ' ' {
				out, offsets = out[:len(out)-1], offsets[:len(offsets)-1]
			}
			word = len(out)
		}
		inWord, prev = true, r
		switch r {
		case 'ł':
			r = 'l'
		case 'đ', 'ð':
			r = 'd'
		case 'ı':
			r = 'i'
		case 'ø':
			r = 'o'
		case 'ß':
			put('s', from)
			r = 's'
		case 'æ':
			put('a', from)
			r = 'e'
		case 'œ':
			put('o', from)
			r = 'e'
		}
		put(r, from)
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			switch {
			case c >= 'A' && c <= 'Z':
				letter(rune(c|0x20), i)
			case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
				letter(rune(c), i)
			case c == '\'' && inWord:
				// An apostrophe ends no word, as in don't.
			case c == '=' && inWord:
				// A key begins a field.
				inWord = false
				key, from := slices.Clone(out[word:]), slices.Clone(offsets[word:])
				out, offsets = out[:word], offsets[:word]
				end(i)
				out, offsets = append(out, key...), append(offsets, from...)
				gap(i)
			case c == '"' && (i == 0 || s[i-1] != '\\'), c == '/' && i > 0 && s[i-1] != '<':
				inWord = false
				end(i)
			default:
				inWord = false
				gap(i)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		var buf [16]byte
		for _, d := range string(norm.NFKD.AppendString(buf[:0], s[i:i+n])) {
			switch {
			case unicode.In(d, unicode.Mn, unicode.Cf, unicode.Me):
			case unicode.IsLetter(d) || unicode.IsDigit(d) || unicode.Is(unicode.Mc, d):
				letter(unicode.ToLower(d), i)
			case r == '’' && inWord:
			default:
				inWord = false
				gap(i)
			}
		}
		i += n
	}
	gap(len(s))
	if at != nil {
		*at = append(offsets, len(s))
	}
	return out
}

// A spokenPart is a word that was found, and where.
type spokenPart struct {
	from, to int
	speechWord
}

// How far apart, in letters, the parts of an order can be.
const (
	nearLetters  = 45
	orderLetters = 170
)

// An orderSpan is an order in a spoken text. It is strong where a program would not say it.
type orderSpan struct {
	from, to int
	strong   bool
}

// orders finds the orders in a spoken text. found must be as long as there are texts.
func (s *speech) orders(text []byte, found []bool, hits []int) ([]orderSpan, []int) {
	hits = s.finder.find(text, found, hits[:0])
	var list []spokenPart
	for _, n := range hits {
		found[n] = false
		t := []byte(s.finder.texts[n])
		for from := 0; ; {
			i := bytes.Index(text[from:], t)
			if i < 0 {
				break
			}
			at := from + i
			for _, w := range s.words[n] {
				list = append(list, spokenPart{at, at + len(t), w})
			}
			from = at + 1
		}
	}
	if len(list) == 0 {
		return nil, hits
	}
	slices.SortFunc(list, func(a, b spokenPart) int { return a.from - b.from })
	var out []orderSpan
	for language := 1; language < len(s.needsAim); language++ {
		if slices.ContainsFunc(list, func(p spokenPart) bool { return p.language == language }) {
			out = s.ordersIn(out, text, list, language)
		}
	}
	return out, hits
}

// ordersIn appends the orders of one language.
func (s *speech) ordersIn(out []orderSpan, text []byte, list []spokenPart, language int) []orderSpan {
	var of [parts][]spokenPart
	for _, p := range list {
		if p.language == language || p.language == anyLanguage {
			of[p.part] = append(of[p.part], p)
		}
	}
	for p := range partMute {
		of[p] = slices.DeleteFunc(of[p], func(a spokenPart) bool {
			return slices.ContainsFunc(of[partMute], func(m spokenPart) bool { return a.from >= m.from && a.to <= m.to+1 })
		})
	}
	// Whole orders, then those who are addressed.
	first := len(out)
	join := func(a, b []spokenPart, letters int, need []spokenPart) (pairs []orderSpan) {
		for _, x := range a {
			for _, y := range b {
				span := orderSpan{min(x.from, y.from), max(x.to, y.to), false}
				if x.from < y.to-1 && y.from < x.to-1 || !together(text, span, letters) {
					continue
				}
				if need != nil && !slices.ContainsFunc(need, func(n spokenPart) bool {
					return together(text, orderSpan{min(span.from, n.from), max(span.to, n.to), false}, nearLetters+25)
				}) {
					continue
				}
				pairs = append(pairs, span)
			}
		}
		return pairs
	}
	var aim []spokenPart
	if s.needsAim[language] {
		aim = append([]spokenPart{}, of[partAim]...)
	}
	drops := join(of[partDrop], of[partThese], nearLetters, nil)
	says := join(of[partSay], of[partResult], nearLetters+15, aim)
	var dos []orderSpan
	for _, d := range of[partDo] {
		dos = append(dos, orderSpan{d.from, d.to, false})
	}
	whole := slices.Concat(drops, says, dos)
	out = append(out, whole...)
	for i, kinds := range [][2][]orderSpan{{drops, says}, {drops, dos}, {says, dos}} {
		_ = i
		out = both(out, text, kinds[0], kinds[1])
	}
	var whos []orderSpan
	for _, w := range of[partWho] {
		whos = append(whos, orderSpan{w.from, w.to, false})
	}
	out = both(out, text, whos, whole)
	for _, p := range []part{partDrop, partSay, partResult} {
		out = append(out, join(of[partWho], of[p], nearLetters, nil)...)
	}
	_ = first
	return out
}

// both appends what two orders make together.
func both(out []orderSpan, text []byte, a, b []orderSpan) []orderSpan {
	for _, x := range a {
		for _, y := range b {
			span := orderSpan{min(x.from, y.from), max(x.to, y.to), true}
			if (x.to <= y.from+1 || y.to <= x.from+1) && together(text, span, orderLetters) {
				return append(out, span)
			}
		}
	}
	return out
}

// together reports whether a span is in one field and not longer than so many letters.
func together(text []byte, span orderSpan, letters int) bool {
	t := text[span.from:span.to]
	if len(t) > 3*(letters+20) || bytes.IndexByte(t, unitEnd) >= 0 {
		return false
	}
	return utf8.RuneCount(t) <= letters+20
}

// orders reports whether a text gives orders to a judge. What the component's own words say
// counts only where no program would say it; own are the spans that do, which is known of
// the line before what it encodes is asked for.
func (r *injectionReader) orders(text string, ownWords ownWordsFunc) bool {
	words := spoken(&r.at, text)
	var spans []orderSpan
	spans, r.hits = r.set.speech.orders(words, r.spoken, r.hits)
	for _, span := range spans {
		if span.strong {
			return true
		}
		said := string(words[span.from:span.to])
		if slices.Contains(r.own, said) {
			continue
		}
		if ownWords != nil && ownWords(quoted(text[r.at[span.from]:r.at[span.to]])) {
			r.own = append(r.own, said)
			continue
		}
		return true
	}
	return false
}

// quoted is an expression for the words of a text.
func quoted(text string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("(?i)")
	for i, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }) {
		if i > 0 {
			b.WriteString(`[^\pL\pN]{1,8}`)
		}
		b.WriteString(regexp.QuoteMeta(w))
	}
	return regexp.MustCompile(b.String())
}

// otherScript reports whether a text has letters of a script that is not Latin.
func otherScript(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0xD0 && s[i] < 0xE2 || s[i] >= 0xE3 && s[i] <= 0xED {
			return true
		}
	}
	return false
}
