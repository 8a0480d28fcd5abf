package rules

// Folding makes spellings equal that mean the same in a log: upper and lower case, runs
// of white space, and what a JSON encoder adds.

// foldTo is what a byte folds to; 0 is left out.
var foldTo = func() (t [256]byte) {
	for i := range t {
		c := byte(i)
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c == '\t' || c == '\n' || c == '\r':
			c = ' '
		case c == '\\' || c < ' ':
			c = 0
		}
		t[i] = c
	}
	return t
}()

// skeletonOf is the letter that a byte stands for in a skeleton; 0 is left out. A digit
// or sign that is used in place of a letter stands for it, and l for i, because 1 is
// used for both.
var skeletonOf = func() (t [256]byte) {
	for i := range t {
		switch c := byte(i); {
		case c >= 'A' && c <= 'Z':
			t[i] = c | 0x20
		case c >= 'a' && c <= 'z':
			t[i] = c
		}
	}
	for from, to := range map[byte]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', '$': 's', 'l': 'i', 'L': 'i'} {
		t[from] = to
	}
	return t
}()

// What a line holds besides plain text, so that it is worth decoding.
const (
	holdsHigh   = 1 << iota // bytes beyond ASCII
	holdsEscape             // % \ or &
)

// folding is foldTo, skeletonOf, what a byte holds, and whether it is in the skeleton.
var folding = func() (t [256]uint32) {
	for i := range t {
		holds := uint32(0)
		switch c := byte(i); {
		case c >= 0x80:
			holds = holdsHigh
		case c == '%' || c == '\\' || c == '&':
			holds = holdsEscape
		}
		t[i] = uint32(foldTo[i]) | uint32(skeletonOf[i])<<8 | holds<<16
		if skeletonOf[i] != 0 {
			t[i] |= 1 << 24
		}
	}
	return t
}()

// A folder holds the buffers of one folded line.
type folder struct {
	lower, skeleton []byte
	holds           uint8
}

// fold sets lower to the folded line and skeleton to its letters only.
func (f *folder) fold(line string) {
	if cap(f.lower) < len(line) {
		f.lower, f.skeleton = make([]byte, 2*len(line)), make([]byte, 2*len(line))
	}
	lower, skeleton := f.lower[:len(line)], f.skeleton[:len(line)]
	n, k, holds := 0, 0, uint32(0)
	last := byte(' ')
	for i := range len(line) {
		x := folding[line[i]]
		holds |= x
		skeleton[k] = byte(x >> 8 & 0xff)
		k += int(x >> 24)
		c := byte(x & 0xff)
		if c <= ' ' && (c == 0 || last == ' ' || last == ':' && n > 1 && lower[n-2] == '"') {
			continue
		}
		lower[n] = c
		n++
		last = c
	}
	f.lower, f.skeleton, f.holds = lower[:n], skeleton[:k], uint8(holds>>16)
}

// foldText returns the folded text of a signature.
func foldText(text string) string {
	var f folder
	f.fold(text)
	return string(f.lower)
}
