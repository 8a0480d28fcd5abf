package patterns

import (
	"regexp"
	"strings"
)

// placeholder matches what masking and generalising put in place of values.
var placeholder = regexp.MustCompile(`<(?:\*|num|ip|ts|dur|size|hex|id)>`)

// maxRegex bounds the expression: Loki's parser refuses queries beyond 128 KiB,
// and a few hundred bytes tell any two statements apart.
const maxRegex = 600

// Regex returns an RE2 expression that matches the raw lines of the pattern, for
// a LogQL line filter. Lines with ANSI escapes between their letters are the
// exception.
func (p *Pattern) Regex() string {
	var b strings.Builder
	for i, word := range strings.Fields(p.Template) {
		if b.Len() > maxRegex {
			break
		}
		if i > 0 {
			if p.JSON && jsonKey(word) > 0 {
				b.WriteString(`.*`) // a time field may have stood between
			} else {
				b.WriteString(`[\s\pC]+`)
			}
		}
		if n := jsonKey(word); p.JSON && n > 0 {
			b.WriteString(`"` + regexp.QuoteMeta(word[:n]) + `"\s*:\s*"?`)
			word = word[n+1:]
		}
		literal(&b, word, p.JSON)
	}
	return b.String()
}

// jsonKey returns the length of the key that a flattened field starts with.
func jsonKey(word string) int {
	i := strings.IndexByte(word, '=')
	if i <= 0 || strings.ContainsAny(word[:i], `<>"{}[],:`) {
		return 0
	}
	return i
}

// literal writes a word with its placeholders as wildcards. A run of wildcards in
// a template is written once, so the lone <*> also stands for several words.
func literal(b *strings.Builder, word string, escaped bool) {
	for len(word) > 0 {
		at := placeholder.FindStringIndex(word)
		if at == nil {
			at = []int{len(word), len(word)}
		}
		for _, r := range word[:at[0]] {
			switch {
			case r == '\uFFFD':
				b.WriteString(`.+?`)
			case escaped && (r == '"' || r == '\\' || r == '/'):
				b.WriteString(`\\?` + regexp.QuoteMeta(string(r)))
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		if at[1] > at[0] {
			b.WriteString(`.*?`)
		}
		word = word[at[1]:]
	}
}
