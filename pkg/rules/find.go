package rules

import "encoding/binary"

// A finder finds which of many texts occur in a line, in one pass: a text is looked
// at only where its first four bytes stand. Signatures have no shorter texts.
type finder struct {
	texts  []string
	byHead map[uint32][]int
	// heads is a bit for each hash of a text's first bytes.
	heads [1 << 10]uint64
}

// headBytes is how many bytes of a text are looked up.
const headBytes = 4

func newFinder(signatures []Signature) *finder {
	f := &finder{byHead: map[uint32][]int{}}
	known := map[string]int{}
	number := func(texts []string) []int {
		out := make([]int, len(texts))
		for i, t := range texts {
			n, ok := known[t]
			if !ok {
				n = len(f.texts)
				known[t] = n
				f.texts = append(f.texts, t)
				head := binary.LittleEndian.Uint32([]byte(t[:headBytes]))
				f.byHead[head] = append(f.byHead[head], n)
				h := headHash(head)
				f.heads[h>>6] |= 1 << (h & 63)
			}
			out[i] = n
		}
		return out
	}
	for i := range signatures {
		signatures[i].any, signatures[i].all = number(signatures[i].Any), number(signatures[i].All)
	}
	return f
}

func headHash(head uint32) uint32 { return head * 2654435761 >> 16 }

// find sets found for each text that occurs in the line, whatever its case; found must
// be as long as there are texts and false. lower is a buffer.
func (f *finder) find(line string, lower []byte, found []bool) []byte {
	lower = lower[:0]
	for i := range len(line) {
		c := line[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower = append(lower, c)
	}
	for i := 0; i+headBytes <= len(lower); i++ {
		head := binary.LittleEndian.Uint32(lower[i:])
		if h := headHash(head); f.heads[h>>6]&(1<<(h&63)) == 0 {
			continue
		}
		for _, n := range f.byHead[head] {
			if t := f.texts[n]; len(lower)-i >= len(t) && string(lower[i:i+len(t)]) == t {
				found[n] = true
			}
		}
	}
	return lower
}

// matches reports whether the texts that were found make the signature.
func (s *Signature) matches(found []bool) bool {
	for _, n := range s.all {
		if !found[n] {
			return false
		}
	}
	for _, n := range s.any {
		if found[n] {
			return true
		}
	}
	return len(s.any) == 0 && len(s.all) > 0
}
