package rules

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
				s.words[n] = append(s.words[n], speechWord{language, part(p)})
			}
			if first < utf8.RuneSelf {
				s.start(plain, open, part(p), mask)
			}
		}
	}
	return nil
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
