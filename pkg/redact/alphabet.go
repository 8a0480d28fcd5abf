package redact

// An alphabet is a set of classes of bytes.
type alphabet uint32

const (
	digits alphabet = 1 << iota
	lowerHex
	lowerRest
	upperHex
	upperRest
	underscore
	hyphen
	dot
	slash // and '+', the two signs of base64
	equals
	percent
	tilde
	dollar
	atSign
	foreign // bytes of characters beyond ASCII

	hexadecimal = digits | lowerHex | upperHex
	lowers      = lowerHex | lowerRest
	uppers      = upperHex | upperRest
	letters     = lowers | uppers
	alnum       = digits | letters
	// word is base64 in its form for URLs, base64 its usual form.
	word   = alnum | underscore | hyphen
	base64 = alnum | slash | equals
	dotted = word | dot | equals
	token  = word | base64 | dot
)

// classes has a letter for each byte, a for the first class above and so on; bytes
// with z are in none. A branch for each class would cost most of what scanning does.
const classes = "zzzzzzzzzzzzzzzz" + "zzzzzzzzzzzzzzzz" + "zzzzmkzzzzzizghi" + "aaaaaaaaaazzzjzz" +
	"nddddddeeeeeeeee" + "eeeeeeeeeeezzzzf" + "zbbbbbbccccccccc" + "ccccccccccczzzlz" +
	"oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo" +
	"oooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo"

// holds reports whether c belongs to the alphabet.
func (a alphabet) holds(c byte) bool { return a>>(classes[c]-'a')&1 != 0 }

// end returns where the run of bytes of the alphabet that starts at from ends.
func (a alphabet) end(text []byte, from int) int {
	for from < len(text) && a.holds(text[from]) {
		from++
	}
	return from
}

// start returns where the run of bytes of the alphabet that ends before to starts,
// looking back no further than limit.
func (a alphabet) start(text []byte, to, limit int) int {
	for to > limit && a.holds(text[to-1]) {
		to--
	}
	return to
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func space(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// hasFold reports whether text starts with prefix, which is in lower case, without
// regard to the case of ASCII letters.
func hasFold(text []byte, prefix string) bool {
	if len(text) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if lower(text[i]) != prefix[i] {
			return false
		}
	}
	return true
}

// hasSuffixFold reports whether text ends with suffix, which is in lower case.
func hasSuffixFold(text []byte, suffix string) bool {
	return len(text) >= len(suffix) && hasFold(text[len(text)-len(suffix):], suffix)
}

// colour returns the length of a terminal's escape sequence at the start of text, raw
// or as JSON writes it, or 0.
func colour(text []byte) int {
	var n int
	switch {
	case len(text) > 0 && text[0] == 0x1b:
		n = 1
	case hasFold(text, `\u001b`):
		n = len(`\u001b`)
	case hasFold(text, `\x1b`):
		n = len(`\x1b`)
	default:
		return 0
	}
	if n == len(text) || text[n] != '[' {
		return 0
	}
	for n++; n < len(text) && n < 24; n++ {
		if letters.holds(text[n]) {
			return n + 1
		}
	}
	return 0
}

// boundary reports whether a token may start at i: not within a word, unless what
// stands before it is the end of an escape such as \n or %3D.
func boundary(text []byte, i int) bool {
	if i == 0 || !alnum.holds(text[i-1]) {
		return true
	}
	return escaped(text, i)
}

// escaped reports whether an escape such as \n, \t, \u003d, %3D or a terminal's colour
// ends before i.
func escaped(text []byte, i int) bool {
	switch {
	case i >= 3 && text[i-1] == 'm':
		k := i - 1
		for k > 0 && k > i-8 && (digits.holds(text[k-1]) || text[k-1] == ';') {
			k--
		}
		return k > 1 && text[k-1] == '[' && (text[k-2] == 0x1b || hasSuffixFold(text[:k-1], "1b"))
	case i >= 2 && text[i-2] == '\\':
		return text[i-1] == 'n' || text[i-1] == 't' || text[i-1] == 'r'
	case i >= 3 && text[i-3] == '%':
		return hexadecimal.holds(text[i-2]) && hexadecimal.holds(text[i-1])
	case i >= 6 && text[i-6] == '\\' && lower(text[i-5]) == 'u':
		return text[i-4] == '0' && text[i-3] == '0'
	}
	return false
}

// codePoint returns the character that an escape such as \u003c at the start of text
// stands for, and the escape's length; its backslash may be escaped again. The
// length is 0 where there is none for an ASCII character.
func codePoint(text []byte) (c byte, n int) {
	for n < len(text) && text[n] == '\\' {
		n++
	}
	if n == 0 || n+5 > len(text) || lower(text[n]) != 'u' || text[n+1] != '0' || text[n+2] != '0' || hexadecimal.end(text[:n+5], n+3) != n+5 {
		return 0, 0
	}
	return nibble(text[n+3])<<4 | nibble(text[n+4]), n + 5
}
