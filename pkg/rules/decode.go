package rules

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of what one line is decoded to.
const (
	maxDecoded      = 8       // texts
	maxDecodedBytes = 8 << 10 // of all of them
	minEncodedRun   = 24      // bytes of base64 or of hexadecimal digits
	maxEncodedRuns  = 8
)

// A decoder writes out what a line encodes: percent, backslash and HTML escapes, base64,
// hexadecimal digits, and characters that only look like letters.
type decoder struct {
	texts []string
	bytes int
}

// decode returns the texts that a line encodes, also those within each other.
func (d *decoder) decode(line string) []string {
	d.texts, d.bytes = d.texts[:0], 0
	d.expand(line)
	for i := 0; i < len(d.texts) && i < maxDecoded; i++ {
		d.expand(d.texts[i])
	}
	return d.texts
}

func (d *decoder) add(text string) {
	if text == "" || len(d.texts) >= maxDecoded || d.bytes+len(text) > maxDecodedBytes {
		return
	}
	d.bytes += len(text)
	d.texts = append(d.texts, text)
}

func (d *decoder) expand(text string) {
	if plusForSpaces(text) {
		text = strings.ReplaceAll(text, "+", " ")
		d.add(text)
	}
	if plain, ok := unescapeAll(text); ok {
		d.add(strings.ReplaceAll(plain, "+", " "))
	}
	if plain := latin(text); plain != text {
		d.add(plain)
	}
	runs := 0
	for i := 0; i < len(text) && runs < maxEncodedRuns; {
		j := i
		for j < len(text) && isEncoded(text[j]) {
			j++
		}
		if j-i >= minEncodedRun {
			runs++
			d.run(text[i:j])
		}
		i = j + 1
	}
}

// plusForSpaces reports whether there are words with a + between them, as in a query.
func plusForSpaces(s string) bool {
	for from := 0; ; {
		i := strings.IndexByte(s[from:], '+')
		if i < 0 {
			return false
		}
		from += i + 1
		if from > 1 && from < len(s) && isWordByte(s[from-2]) && s[from] > '9' && isWordByte(s[from]) {
			return true
		}
	}
}

// run decodes a run of characters that may be base64 or hexadecimal digits; words in front
// of it may be part of it.
func (d *decoder) run(run string) {
	for tries := 0; tries < 4 && len(run) >= minEncodedRun; tries++ {
		if text := fromBase64(run); text != "" {
			d.add(text)
			return
		}
		if raw, err := hex.DecodeString(run[:len(run)&^1]); err == nil && isText(raw) {
			d.add(string(raw))
			return
		}
		i := strings.IndexAny(run, "/_-=")
		if i < 0 {
			return
		}
		run = run[i+1:]
	}
}

func fromBase64(run string) string {
	run = strings.TrimRight(run, "=")
	if i := strings.IndexByte(run, '='); i >= 0 {
		run = run[:i]
	}
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	enc := base64.RawStdEncoding
	if strings.ContainsAny(run, "-_") {
		enc = base64.RawURLEncoding
	}
	raw, err := enc.DecodeString(run)
	if err != nil || !isText(raw) {
		return ""
	}
	return string(raw)
}

// isText reports whether decoded bytes are text, as an accident seldom gives.
func isText(b []byte) bool {
	if len(b) < 8 || !utf8.Valid(b) {
		return false
	}
	letters := 0
	for _, r := range string(b) {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return false
		}
		if unicode.IsLetter(r) || r == ' ' {
			letters++
		}
	}
	return 2*letters > utf8.RuneCount(b)
}

func isEncoded(c byte) bool {
	return isWordLetter(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-'
}

// maybeEncoded reports whether a line has a run that could be encoded text, by looking at
// few of its bytes.
func maybeEncoded(line string) bool {
	for i := minEncodedRun - 1; i < len(line); i += minEncodedRun {
		if !wordLetters[line[i]] {
			continue
		}
		from, to := i, i+1
		for from > 0 && wordLetters[line[from-1]] {
			from--
		}
		for to < len(line) && wordLetters[line[to]] {
			to++
		}
		if to-from < minEncodedRun {
			continue
		}
		if beginsText(line[from:to]) {
			return true
		}
		for from > 0 && isEncoded(line[from-1]) {
			from--
		}
		if beginsText(line[from:to]) {
			return true
		}
	}
	return false
}

// wordLetters is isWordLetter as a table.
var wordLetters = func() (t [256]bool) {
	for i := range t {
		t[i] = isWordLetter(byte(i))
	}
	return t
}()

// beginsText reports whether the first characters of a run mean printable ones, as base64
// or as hexadecimal digits.
func beginsText(run string) bool {
	var b [6]byte
	if n, err := base64.StdEncoding.Decode(b[:], []byte(run[:8])); err == nil && printable(b[:n]) {
		return true
	}
	n, err := hex.Decode(b[:], []byte(run[:12]))
	return err == nil && printable(b[:n])
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// unescapeAll resolves percent, backslash and HTML escapes, and reports whether there were any.
func unescapeAll(s string) (string, bool) {
	if !strings.ContainsAny(s, `%\&`) {
		return s, false
	}
	found := false
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if b, n := escapeAt(s[i:]); n > 0 {
			out = append(out, b...)
			i += n
			found = true
			continue
		}
		out = append(out, s[i])
		i++
	}
	return strings.ToValidUTF8(string(out), "�"), found
}

// escapeAt returns what the escape at the beginning of s means, and its length.
func escapeAt(s string) (b []byte, n int) {
	switch {
	case len(s) < 3:
		return nil, 0
	case s[0] == '%':
		if v, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			return []byte{byte(v)}, 3
		}
	case s[0] == '&':
		if end := strings.IndexByte(s[:min(len(s), 12)], ';'); end > 0 {
			if text := html.UnescapeString(s[:end+1]); text != s[:end+1] {
				return []byte(text), end + 1
			}
		}
	case s[0] != '\\':
	case s[1] == 'x' && len(s) >= 4:
		if v, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
			return []byte{byte(v)}, 4
		}
	case s[1] == 'u' && len(s) >= 6:
		if v, err := strconv.ParseUint(s[2:6], 16, 16); err == nil {
			return utf8.AppendRune(nil, rune(v)), 6
		}
	}
	return nil, 0
}

// latin writes a text in ASCII letters where it can: without accents, without characters
// that cannot be seen, and with letters of other scripts that look like Latin ones.
func latin(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r >= 0xE0020 && r <= 0xE007E: // tag characters, which are not shown
			b.WriteByte(byte(r - 0xE0000))
		case unicode.In(r, unicode.Mn, unicode.Cf, unicode.Me):
		default:
			if c, ok := lookalikes[r]; ok {
				r = c
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// lookalikes are letters that are taken for Latin ones, and Latin ones that do not come
// apart, each in front of what it is taken for.
var lookalikes = func() map[rune]rune {
	m := map[rune]rune{}
	pairs := []rune("аaеeоoрpсcуyхxіiјjѕsһhԁdԛqԝwкkмmтtвbнhгrпnАAВBЕEОOРPСCТTНHКKМMХXУYІIЅSЈJ" +
		"ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXαaεeιiοoκkνvρpτtυuχxøołlđdıißsæaœoðdþt")
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}()

// nativeLetters returns the letters of a text in lower case, without marks and spaces. The
// characters of regular expressions stay.
func nativeLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(s))
}
