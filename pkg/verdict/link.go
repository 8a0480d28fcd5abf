package verdict

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// scheme matches a URL inside a word: any scheme with slashes behind it, and those
// that work without.
var scheme = regexp.MustCompile(`(?i)://|(?:^|[^\pL\pN])(?:` +
	`(?:javascript|vbscript|mailto|tel|sms|callto|sips?|xmpp|magnet|skype|facetime|bitcoin|ms-[a-z]+):[^\s]|` +
	`data:(?:[a-z]+/|[,;])|(?:https?|wss?|ftp|file):[/\\])`)

// www matches what begins like a web address, whatever it ends in.
var www = regexp.MustCompile(`(?i)(?:^|[^\pL\pN])www\.`)

func hasScheme(word string) bool { return scheme.MatchString(word) }

// unlink brackets the dots of the host names in a word that a chat program would
// make clickable.
func unlink(word string) string {
	if !strings.Contains(word, ".") {
		return word
	}
	var b strings.Builder
	for word != "" {
		n := strings.IndexFunc(word, inHost)
		if n < 0 {
			b.WriteString(word)
			break
		}
		b.WriteString(word[:n])
		word = word[n:]
		end := strings.IndexFunc(word, func(r rune) bool { return !inHost(r) })
		if end < 0 {
			end = len(word)
		}
		name := strings.Trim(word[:end], ".")
		lead := strings.Index(word, name)
		b.WriteString(word[:lead])
		if clickable(name) {
			b.WriteString(strings.ReplaceAll(name, ".", "[.]"))
		} else {
			b.WriteString(name)
		}
		b.WriteString(word[lead+len(name) : end])
		word = word[end:]
	}
	return b.String()
}

func inHost(r rune) bool {
	return r == '.' || r == '-' || r == '_' || alphanumeric(r) || unicode.IsMark(r)
}

// clickable reports whether a dotted name is one that programs take for a web
// address: they know the top-level domains, and www.
func clickable(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	if www.MatchString(name) {
		return true
	}
	last := strings.ToLower(norm.NFKC.String(name[dot+1:]))
	if topLevel(last) {
		return true
	}
	// Some linkers end a name at its first character that no domain has.
	end := strings.IndexFunc(last, func(r rune) bool { return !alphanumeric(r) })
	return end > 0 && topLevel(last[:end])
}

// topLevel reports whether label is a top-level domain of the public suffix list.
func topLevel(label string) bool {
	ascii, err := idna.Punycode.ToASCII(label)
	if err != nil || ascii == "" {
		return false
	}
	// Asked with a label before it, for some domains are listed only as *.ck.
	_, known := publicsuffix.PublicSuffix("0." + ascii)
	return known
}
