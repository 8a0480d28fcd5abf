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
	// final says of a language that verbs can stand at the end.
	final []bool
	aimed uint32 // the same as a bit for each language
	// starts are, by their first four letters, words that texts begin with. startBits has a bit
	// for each hash of such letters, and triggers for those of parts without which no order is.
	starts              map[uint32][]beginning
	startBits, triggers [1 << 10]uint64
}

func newSpeech() *speech {
	return &speech{finder: newFinder(), needsAim: []bool{false}, final: []bool{false}, starts: map[uint32][]beginning{}}
}

// Letters that Arabic writes in front of a word.
var arabicBefore = []string{"", "و", "ف", "ب", "ل", "ك", "ال", "وال", "بال", "لل", "ولا", "ول"}

// add adds a rule's words.
func (s *speech) add(r *injectionRule) error {
	language, mask := anyLanguage, ^uint32(0)
	if !r.Any {
		language = len(s.needsAim)
		mask = 1 << language
		s.needsAim = append(s.needsAim, len(r.Words.Aim) > 0)
		s.final = append(s.final, r.Final)
		if len(r.Words.Aim) > 0 {
			s.aimed |= mask
		}
	}
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
			if first < utf8.RuneSelf {
				s.start(plain, open, part(p), mask) //nolint:gosec // few parts
			}
		}
	}
	return nil
}

// A beginning is how a text begins: with a word, or one of which word is the beginning, and
// with the first letters of the next word, which is 0 where that is left open. languages has a
// bit for each language.
type beginning struct {
	word      string
	open      bool
	next      uint32
	part      part
	languages uint32
}

// start remembers how a text begins.
func (s *speech) start(text string, open bool, p part, languages uint32) {
	word, rest, more := strings.Cut(text, " ")
	w := beginning{word: word, open: open && !more, part: p, languages: languages}
	if more {
		// A next word that is left open may be longer than its letters.
		if key, end := startOf(rest, 0); end < len(rest) || !open || end >= 4 {
			w.next = key
		}
	}
	key, _ := startOf(word, 0)
	keys := []uint32{key}
	if w.open && len(word) < 4 {
		for c := byte('a'); c <= 'z'; c++ {
			k, _ := startOf(word+string(c), 0)
			keys = append(keys, k)
		}
	}
	for _, k := range keys {
		h := gramHash(k)
		s.startBits[h>>6] |= 1 << (h & 63)
		if triggering(p) {
			s.triggers[h>>6] |= 1 << (h & 63)
		}
		i := slices.IndexFunc(s.starts[k], func(o beginning) bool {
			return o.word == w.word && o.open == w.open && o.next == w.next && o.part == w.part
		})
		if i < 0 {
			s.starts[k] = append(s.starts[k], w)
		} else {
			s.starts[k][i].languages |= languages
		}
	}
}

// startOf returns the first four letters of the word at s[i:], and where it ends.
func startOf(s string, i int) (key uint32, end int) {
	n := 0
	for ; i < len(s); i++ {
		c := spokenByte[s[i]]
		if c == 0 {
			break
		}
		if n < 4 {
			key |= uint32(c) << (8 * n)
			n++
		}
	}
	// As in don't.
	if n < 4 && i+1 < len(s) && s[i] == '\'' && s[i+1]|0x20 == 't' {
		key |= uint32('t') << (8 * n)
	}
	return key, i
}

// spokenByte is the lower case of letters and digits, and 0 of other bytes.
var spokenByte = func() (t [256]byte) {
	for c := range t {
		switch b := byte(c); {
		case b >= 'A' && b <= 'Z':
			t[c] = b | 0x20
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9':
			t[c] = b
		}
	}
	return t
}()

// triggering reports whether an order needs one of such parts.
func triggering(p part) bool { return p == partWho || p == partDrop || p == partSay || p == partDo }

// mayOrder reports whether a line has words that an order can be made of, by how its words
// begin.
func (s *speech) mayOrder(line string) bool {
	var has [parts]uint32
	if !s.scan(line, &s.triggers, &has) {
		return false
	}
	s.scan(line, &s.startBits, &has)
	says := has[partSay] & has[partResult]
	return has[partDo]|has[partDrop]&has[partThese]|says&(has[partAim]|^s.aimed)|has[partWho]&(has[partDrop]|has[partSay]|has[partResult]) != 0
}

// scan notes which parts the words of a line can be whose beginnings are among bits, and in
// which languages. Among the triggers it stops at the first.
func (s *speech) scan(line string, bits *[1 << 10]uint64, has *[parts]uint32) bool {
	for i := 0; i < len(line); i++ {
		if spokenByte[line[i]] == 0 || i > 0 && line[i-1] == '\\' && escapedSpace(line[i]) {
			continue
		}
		from := i
		var key uint32
		key, i = startOf(line, i)
		h := gramHash(key)
		if bits[h>>6&(1<<10-1)]&(1<<(h&63)) == 0 {
			continue
		}
		list := s.starts[key]
		for k := range list {
			w := &list[k]
			if w.languages&^has[w.part] == 0 || bits == &s.triggers && !triggering(w.part) || !w.begins(line, from, i) {
				continue
			}
			if bits == &s.triggers {
				return true
			}
			has[w.part] |= w.languages
		}
	}
	return false
}

// begins reports whether a word of a line begins a text.
func (w *beginning) begins(line string, from, to int) bool {
	n := 0
	for ; n < len(w.word) && from+n < len(line); n++ {
		if c := line[from+n]; spokenByte[c] != w.word[n] {
			if c == '\'' && n+1 == len(w.word) && w.word[n] == 't' {
				to = from + len(w.word) // as in don't
				break
			}
			return false
		}
	}
	if n+1 < len(w.word) || !w.open && to-from != len(w.word) {
		return false
	}
	if w.next == 0 {
		return true
	}
	for i := to; i < len(line) && i < to+8; i++ {
		if spokenByte[line[i]] == 0 || line[i-1] == '\\' && escapedSpace(line[i]) || i == to+1 && line[to] == '\'' && line[i]|0x20 == 't' && w.word[len(w.word)-1] == 't' {
			continue
		}
		key, _ := startOf(line, i)
		return key == w.next
	}
	return false
}

// escapedSpace reports whether a letter behind a backslash is white space.
func escapedSpace(c byte) bool { return c == 'n' || c == 't' || c == 'r' }

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
			case c == '\'' && inWord && i+1 < len(s) && s[i+1]|0x20 == 't' && (i+2 == len(s) || spokenByte[s[i+2]] == 0):
				// Don't is one word.
			case c == '\\' && i+1 < len(s) && escapedSpace(s[i+1]):
				inWord = false
				gap(i)
				i++
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
			case r == '’' && inWord && i+n < len(s) && s[i+n]|0x20 == 't' && (i+n+1 == len(s) || spokenByte[s[i+n+1]] == 0):
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
	if !s.final[language] {
		says = slices.DeleteFunc(says, func(o orderSpan) bool {
			return !slices.ContainsFunc(of[partSay], func(p spokenPart) bool { return p.from == o.from })
		})
	}
	var dos []orderSpan
	for _, d := range of[partDo] {
		dos = append(dos, orderSpan{d.from, d.to, false})
	}
	whole := slices.Concat(drops, says, dos)
	out = append(out, join(of[partDrop], of[partThese], nearLetters, aim)...)
	out = append(append(out, says...), dos...)
	for _, kinds := range [][2][]orderSpan{{drops, says}, {drops, dos}, {says, dos}} {
		out = both(out, text, kinds[0], kinds[1])
	}
	var whos []orderSpan
	for _, w := range of[partWho] {
		whos = append(whos, orderSpan{w.from, w.to, false})
	}
	out = both(out, text, whos, whole)
	out = append(out, join(of[partWho], of[partDrop], nearLetters, nil)...)
	out = append(out, join(of[partWho], of[partSay], nearLetters, aim)...)
	// Who is named at length is talked to.
	of[partWho] = slices.DeleteFunc(of[partWho], func(w spokenPart) bool { return !atLength(text[w.from:w.to]) })
	out = append(out, join(of[partWho], of[partResult], nearLetters, nil)...)
	return out
}

// atLength reports whether somebody is named with several words.
func atLength(text []byte) bool {
	text = bytes.TrimSpace(text)
	return bytes.Count(text, []byte(" ")) > 1 || text[0] >= 0xE3 && utf8.RuneCount(text) >= 6
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
