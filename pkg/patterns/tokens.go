package patterns

import "strings"

// A token is the number of a text in a vocabulary. A token that follows a space in
// the line begins with one, so that tokens in a row give the line.
type token uint32

// The wildcards are the first texts of every vocabulary.
const (
	wildcard       token = iota // <*>
	spacedWildcard              // <*> behind a space
)

// A kind tells how much a token varies from line to line.
type kind uint8

const (
	kindWord  kind = iota // constant text
	kindMixed             // letters beside a placeholder
	kindValue             // nothing but placeholders and closing punctuation
)

// The weight of a token in the similarity of two lines: how much a difference says
// that two statements printed them. Words tell statements apart; a value says next
// to nothing, and a key, a path or a dotted name only a little.
const (
	weightWord  = 10
	weightMixed = 5
	weightName  = 3
	weightValue = 1
)

// traits is what is known of a token.
type traits struct {
	kind   kind
	weight uint8
	key    bool // ends with '='
	level  bool // a key that names the line's level
	upper  bool // an upper-case word such as RUNNING, by which programs name states
	plain  bool // neither a path nor a dotted name, of which there are any number
}

// A vocabulary numbers tokens.
type vocabulary struct {
	ids    map[uint64]token // by hash
	words  []string
	hashes []uint64 // the lexer's
	stable []uint64 // the same in every process, for orders that must be
	traits []traits
	seed   uint64
	bytes  int
}

func newVocabulary(seed uint64) vocabulary {
	v := vocabulary{ids: map[uint64]token{}, seed: seed}
	v.text("<*>")
	v.text(" <*>")
	return v
}

// text returns the token of a text.
func (v *vocabulary) text(s string) token {
	l := lexer{seed: v.seed, line: []byte(s)}
	l.add(0, len(s))
	return v.token(l.out[0].hash, l.line)
}

// token returns the token of a text with a hash of the lexer's.
func (v *vocabulary) token(hash uint64, text []byte) token {
	if t, ok := v.ids[hash]; ok {
		return t
	}
	s := string(text)
	t := token(len(v.words)) //nolint:gosec // the book's bound on shapes bounds it
	v.ids[hash] = t
	v.words = append(v.words, s)
	v.hashes, v.stable = append(v.hashes, hash), append(v.stable, hashBytes(0, text))
	v.bytes += len(s) + tokenBytes
	v.traits = append(v.traits, describe(s))
	return t
}

// tokenBytes is what a token takes beside its text.
const tokenBytes = 64

func describe(s string) traits {
	w := strings.TrimPrefix(s, " ")
	t := traits{kind: kindOf(w), upper: upperWord(w), plain: true, weight: weightWord}
	t.key = strings.HasSuffix(w, "=")
	t.level = w == "level=" || w == "lvl=" || w == "severity="
	switch {
	case w == "<*>":
		// A position that varied already still speaks against one more variation.
	case t.kind == kindValue || !anyLetter(w):
		t.weight = weightValue
	case t.key:
		t.weight = weightName
	case nameLike(w):
		t.weight, t.plain = weightName, false
	case t.kind == kindMixed:
		t.weight = weightMixed
	}
	return t
}

func kindOf(w string) kind {
	letter := false
	value := strings.Trim(w, `)]},;"'`) == "" || hasPlaceholder([]byte(w))
	for i := 0; i < len(w); i++ {
		if end := strings.IndexByte(w[i:], '>'); w[i] == '<' && end > 1 && hasPlaceholder([]byte(w[i:i+end+1])) {
			i += end
			continue
		}
		letter = letter || isLetter(w[i]) || w[i] >= 0x80
	}
	switch {
	case value && !letter:
		return kindValue
	case value:
		return kindMixed
	}
	return kindWord
}

func anyLetter(w string) bool {
	for i := range len(w) {
		if isLetter(w[i]) || w[i] >= 0x80 {
			return true
		}
	}
	return false
}

// upperWord reports whether the letters of w beside its placeholders are upper case.
func upperWord(w string) bool {
	letters := 0
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case c == '<':
			if end := strings.IndexByte(w[i:], '>'); end > 1 {
				i += end
			}
		case c >= 'a' && c <= 'z':
			return false
		case c >= 'A' && c <= 'Z':
			letters++
		}
	}
	return letters >= 2
}

// nameLike reports whether w is a path or has a dotted name in it, as hosts,
// classes and packages have.
func nameLike(w string) bool {
	if w[0] == '/' && len(w) > 1 {
		return true
	}
	dots := 0
	for i := 1; i+1 < len(w); i++ {
		if w[i] == '.' && isLetter(w[i-1]) && isLetter(w[i+1]) {
			dots++
		}
		if i > 1 && w[i] == '/' && w[i-1] != '<' {
			return true
		}
	}
	return dots >= 2
}
