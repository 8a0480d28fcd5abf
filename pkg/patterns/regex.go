package patterns

import (
	"regexp"
	"strings"
)

// placeholder matches what masking, redacting and generalising put in place of
// values, and the class of a status code.
var placeholder = regexp.MustCompile(`<(?:\*|[a-z][a-z-]*)>|\b[1-5]xx\b`)

// maxRegex bounds the expression: Loki's parser refuses queries beyond 128 KiB,
// and a few hundred bytes tell any two statements apart.
const maxRegex = 600

// The gaps between two words. What the template shows as a space can be any white
// space, control character or ANSI escape; in JSON it can also be an escape
// sequence or punctuation. Before a word with a key, time fields that the template
// leaves out may stand.
const (
	gap      = `(?:[\s\pC\pZ]|\x1b\[[0-?]*[ -/]*[@-~])+`
	gapJSON  = `(?:[\s\pC\pZ"\',:{}\[\]]|\\[nrt]|\\u[0-9a-fA-F]{4})+`
	gapField = gapJSON + `(?:(?:time|ts|timestamp|@timestamp|t|datetime)"\s*:\s*(?:"(?:[^"\\]|\\.)*"|\{[^}]*\}|[^,{"]*)\s*,\s*"?)*`
	equal    = `["\\]*\s*[:=]\s*["\\]*`
)

// Regex returns an RE2 expression that matches the raw lines of the pattern, for
// a LogQL line filter. Lines with control characters or ANSI escapes between the
// letters of a word are the exception.
func (p *Pattern) Regex() string {
	var b strings.Builder
	b.WriteString("(?s)")
	for i, word := range strings.Fields(p.Template) {
		if b.Len() > maxRegex {
			break
		}
		switch {
		case i == 0:
		case p.JSON && strings.Contains(word, "="):
			b.WriteString(gapField)
		case p.JSON:
			b.WriteString(gapJSON)
		default:
			b.WriteString(gap)
		}
		literal(&b, word, p.JSON)
	}
	return b.String()
}

// literal writes a word with its placeholders as wildcards. A run of wildcards in
// a template is written once, so a lone <*> also stands for several words.
func literal(b *strings.Builder, word string, inJSON bool) {
	for len(word) > 0 {
		at := placeholder.FindStringIndex(word)
		if at == nil {
			at = []int{len(word), len(word)}
		}
		for _, r := range word[:at[0]] {
			switch {
			case r == '\uFFFD':
				b.WriteString(`.+?`)
			case inJSON && r == '=':
				b.WriteString(equal)
			case inJSON && (r == '"' || r == '\\' || r == '/'):
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

// How much constant text a pattern must have for its lines to be recognised by it.
const (
	minTexts     = 16
	minTextShare = 0.35
)

// Texts returns the constant texts of the pattern in their order, for Loki's pattern
// filters; the last is empty where the template ends with a variable. It is nil where
// they are too little of a line to tell its lines from others.
func (p *Pattern) Texts() []string {
	var texts []string
	size, open := 0, false
	rest := p.Template
	for rest != "" {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			at = []int{len(rest), len(rest)}
		}
		open = at[1] > at[0]
		for _, t := range p.pieces(rest[:at[0]]) {
			texts = append(texts, t)
			size += len(t)
		}
		rest = rest[at[1]:]
	}
	if size < minTexts || float64(size) < minTextShare*float64(len(p.Sample)) {
		return nil
	}
	if open || p.JSON {
		texts = append(texts, "")
	}
	return texts
}

// pieces returns what of a constant text stands in the raw line as it is: in a JSON
// object other punctuation stands between key and value and between fields.
func (p *Pattern) pieces(text string) []string {
	if !p.JSON {
		if strings.TrimSpace(text) == "" {
			return nil
		}
		return []string{text}
	}
	return strings.FieldsFunc(text, func(r rune) bool { return r == '=' || r == ' ' || r == '"' || r == '\\' || r == '\uFFFD' })
}
