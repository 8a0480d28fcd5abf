package testmodel

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pair is two neighbouring pieces that a merge joins.
type pair struct{ left, right string }

// learner holds the merges learned so far, in order of rank.
type learner struct {
	merges []pair
	rank   map[pair]int
}

// learn finds up to limit merges in the words of text: always the most frequent pair of neighbours that occurs at
// least twice, of equally frequent ones the alphabetically first.
func learn(text string, limit int) *learner {
	counts := map[string]int{}
	for _, word := range split(text) {
		counts[trainingForm(word)]++
	}
	type entry struct {
		pieces []string
		count  int
	}
	var entries []entry
	for _, word := range sortedKeys(counts) {
		entries = append(entries, entry{pieces: bytesOf(word), count: counts[word]})
	}
	l := &learner{rank: map[pair]int{}}
	for len(l.merges) < limit {
		pairs := map[pair]int{}
		for _, e := range entries {
			for i := 1; i < len(e.pieces); i++ {
				pairs[pair{e.pieces[i-1], e.pieces[i]}] += e.count
			}
		}
		best, most := pair{}, 1
		for p, n := range pairs {
			if n > most || (n == most && n > 1 && comparePairs(p, best) < 0) {
				best, most = p, n
			}
		}
		if most < 2 {
			break
		}
		l.add(best)
		for i := range entries {
			entries[i].pieces = joinPair(entries[i].pieces, best)
		}
	}
	return l
}

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.left, b.left), cmp.Compare(a.right, b.right))
}

// add appends a merge unless it is known.
func (l *learner) add(p pair) {
	if _, ok := l.rank[p]; ok {
		return
	}
	l.rank[p] = len(l.merges)
	l.merges = append(l.merges, p)
}

// pieces returns how the merges split a word.
func (l *learner) pieces(word string) []string {
	pieces := bytesOf(word)
	for {
		best, rank := pair{}, -1
		for i := 1; i < len(pieces); i++ {
			p := pair{pieces[i-1], pieces[i]}
			if r, ok := l.rank[p]; ok && (rank < 0 || r < rank) {
				best, rank = p, r
			}
		}
		if rank < 0 {
			return pieces
		}
		pieces = joinPair(pieces, best)
	}
}

// teach appends the merges that make one token of word wherever it stands. They rank last, so they change no other word
// that is split already.
func (l *learner) teach(word string) {
	pieces := l.pieces(word)
	for len(pieces) > 1 {
		l.add(pair{pieces[0], pieces[1]})
		pieces = l.pieces(word)
	}
}

func joinPair(pieces []string, p pair) []string {
	out := pieces[:0]
	for i := 0; i < len(pieces); i++ {
		if i+1 < len(pieces) && pieces[i] == p.left && pieces[i+1] == p.right {
			out = append(out, p.left+p.right)
			i++
			continue
		}
		out = append(out, pieces[i])
	}
	return out
}

func bytesOf(word string) []string {
	pieces := make([]string, len(word))
	for i := range len(word) {
		pieces[i] = word[i : i+1]
	}
	return pieces
}

// trainingForm drops the sign that is glued to a word's front, such as = or ", so that no merge is learned across it
// and a word is found whole behind any sign. A space stays.
func trainingForm(word string) string {
	first, size := utf8.DecodeRuneInString(word)
	next, _ := utf8.DecodeRuneInString(word[size:])
	if first != ' ' && !isLetter(first) && isLetter(next) {
		return word[size:]
	}
	return word
}

// split cuts text as llama.cpp's pre-tokenizer "llama-bpe" does, except for English contractions: a word with one sign
// or space before it, up to three digits, a run of signs with one space before and line ends after it, white space.
func split(text string) []string {
	var words []string
	for len(text) > 0 {
		n := nextWord(text)
		words = append(words, text[:n])
		text = text[n:]
	}
	return words
}

// nextWord returns the length in bytes of the first word of text.
func nextWord(text string) int {
	first, size := utf8.DecodeRuneInString(text)
	rest := text[size:]
	next, _ := utf8.DecodeRuneInString(rest)
	switch {
	case isLetter(first):
		return size + span(rest, isLetter)
	case first != '\r' && first != '\n' && !unicode.IsNumber(first) && isLetter(next):
		return size + span(rest, isLetter)
	case unicode.IsNumber(first):
		return digits(text)
	case isSign(first):
		n := size + span(rest, isSign)
		return n + span(text[n:], isLineEnd)
	case first == ' ' && isSign(next) && rest != "":
		n := size + span(rest, isSign)
		return n + span(text[n:], isLineEnd)
	}
	return whitespace(text)
}

// whitespace returns the length of a run of white space: up to its last line end, else without the last character when
// a word follows, which takes it.
func whitespace(text string) int {
	n := span(text, unicode.IsSpace)
	if end := strings.LastIndexAny(text[:n], "\r\n"); end >= 0 {
		return end + 1
	}
	if n == len(text) {
		return n
	}
	if _, last := utf8.DecodeLastRuneInString(text[:n]); n > last {
		return n - last
	}
	return n
}

func digits(text string) int {
	n := 0
	for i, r := range text {
		if n == 3 || !unicode.IsNumber(r) {
			return i
		}
		n++
	}
	return len(text)
}

func span(text string, is func(rune) bool) int {
	for i, r := range text {
		if !is(r) {
			return i
		}
	}
	return len(text)
}

func isLetter(r rune) bool  { return unicode.IsLetter(r) }
func isLineEnd(r rune) bool { return r == '\r' || r == '\n' }
func isSign(r rune) bool    { return !unicode.IsSpace(r) && !unicode.IsLetter(r) && !unicode.IsNumber(r) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
