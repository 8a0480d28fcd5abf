package rules

import "encoding/binary"

// gramBytes is how many bytes of a text are looked up. Signatures have no shorter texts.
const gramBytes = 4

// A finder finds which of many texts occur in a folded line, in one pass: a text is
// looked at only where its rarest four bytes stand. It is immutable once it is filled.
type finder struct {
	texts  []string
	known  map[string]int
	byGram map[uint32][]anchor
	// grams is a bit for each hash of a gram.
	grams [1 << 10]uint64
}

// An anchor is where in a text its gram stands.
type anchor struct{ text, offset int }

func newFinder() *finder {
	return &finder{known: map[string]int{}, byGram: map[uint32][]anchor{}}
}

// clone returns a copy that texts can be added to.
func (f *finder) clone() *finder {
	out := newFinder()
	for _, t := range f.texts {
		out.add(t)
	}
	return out
}

// add returns the number of a folded text of at least four bytes.
func (f *finder) add(text string) int {
	if n, ok := f.known[text]; ok {
		return n
	}
	n := len(f.texts)
	f.texts = append(f.texts, text)
	f.known[text] = n
	at := rarest(text)
	gram := binary.LittleEndian.Uint32([]byte(text[at : at+gramBytes]))
	f.byGram[gram] = append(f.byGram[gram], anchor{n, at})
	h := gramHash(gram)
	f.grams[h>>6] |= 1 << (h & 63)
	return n
}

func gramHash(gram uint32) uint32 { return gram * 2654435761 >> 16 }

// rarest returns where the four bytes of a text stand that are least common in logs.
func rarest(text string) (at int) {
	best := 1 << 20
	for i := 0; i+gramBytes <= len(text); i++ {
		cost := 0
		for _, c := range []byte(text[i : i+gramBytes]) {
			cost += commonness(c)
		}
		if cost < best {
			best, at = cost, i
		}
	}
	return at
}

// commonness is about how many of a hundred bytes of English text and of logs are c.
func commonness(c byte) int {
	switch c {
	case 'e', ' ':
		return 12
	case 't', 'a', 'o', 'i', 'n', 's', 'r':
		return 7
	case 'd', 'l', 'c', 'u', 'm', 'p', 'f', '.', '/', '-', '=', ':', '"':
		return 3
	}
	return 1
}

// find appends the numbers of the texts that occur in the folded line to hits, each once.
// found must be as long as there are texts; what is set in it is not appended again.
func (f *finder) find(folded []byte, found []bool, hits []int) []int {
	if len(folded) < gramBytes {
		return hits
	}
	gram := binary.LittleEndian.Uint32(folded) << 8
	for i := gramBytes - 1; i < len(folded); i++ {
		gram = gram>>8 | uint32(folded[i])<<24
		if i == gramBytes-1 {
			gram = binary.LittleEndian.Uint32(folded)
		}
		h := gramHash(gram)
		if f.grams[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, a := range f.byGram[gram] {
			from := i - gramBytes + 1 - a.offset
			t := f.texts[a.text]
			if !found[a.text] && from >= 0 && len(folded)-from >= len(t) && string(folded[from:from+len(t)]) == t {
				found[a.text] = true
				hits = append(hits, a.text)
			}
		}
	}
	return hits
}
