package rules

import "encoding/binary"

// gramBytes is how many bytes of a text are looked up. Signatures have no shorter texts.
const gramBytes = 4

// A finder finds which of many texts occur in a folded line, in one pass: a text is
// looked at only where its rarest four bytes stand. It is immutable once it is filled.
type finder struct {
	texts []string
	known map[string]int
	// grams is a bit for each hash of a gram; first is, for each shorter hash, the number of
	// an anchor from 1.
	grams   [1 << 10]uint64
	first   [1 << 12]int32
	anchors []anchor
}

// An anchor is where in a text its gram stands. Those with one hash are chained by next.
type anchor struct {
	gram         uint32
	text, offset int32
	next         int32
}

func newFinder() *finder { return &finder{known: map[string]int{}} }

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
	h := gramHash(gram)
	f.grams[h>>6] |= 1 << (h & 63)
	f.anchors = append(f.anchors, anchor{gram: gram, text: int32(n), offset: int32(at), next: f.first[h>>4]}) //nolint:gosec // some thousands
	f.first[h>>4] = int32(len(f.anchors))                                                                     //nolint:gosec // as above
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
	gram := binary.LittleEndian.Uint32(folded)
	for i := gramBytes; ; i++ {
		if h := gramHash(gram); f.grams[h>>6&(1<<10-1)]&(1<<(h&63)) != 0 {
			hits = f.at(folded, i-gramBytes, gram, found, hits)
		}
		if i == len(folded) {
			return hits
		}
		gram = gram>>8 | uint32(folded[i])<<24
	}
}

// at looks for the texts whose gram stands at folded[i:].
func (f *finder) at(folded []byte, i int, gram uint32, found []bool, hits []int) []int {
	for k := f.first[gramHash(gram)>>4]; k > 0; k = f.anchors[k-1].next {
		a := &f.anchors[k-1]
		if a.gram != gram || found[a.text] {
			continue
		}
		from := i - int(a.offset)
		t := f.texts[a.text]
		if from >= 0 && len(folded)-from >= len(t) && string(folded[from:from+len(t)]) == t {
			found[a.text] = true
			hits = append(hits, int(a.text))
		}
	}
	return hits
}
