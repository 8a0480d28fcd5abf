package patterns

import (
	"regexp"
	"strings"
	"unicode"
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
	if p.Template == OtherTemplate {
		return ""
	}
	for i, word := range strings.Fields(p.firstLine()) {
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

// firstLine returns the template of the first line of patterns of several: the others
// can be entries of their own.
func (p *Pattern) firstLine() string {
	if p.head != "" {
		return p.head
	}
	return p.Template
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
			case inJSON && (r >= 0x80 || strings.ContainsRune("<>&'", r)):
				b.WriteString(`(?:` + regexp.QuoteMeta(string(r)) + `|(?:\\u[0-9a-fA-F]{4}){1,2})`)
			case inJSON && (r == '"' || r == '\\' || r == '/'):
				b.WriteString(`\\?` + regexp.QuoteMeta(string(r)))
			default:
				b.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		switch found := word[at[0]:at[1]]; {
		case strings.HasSuffix(found, "xx"):
			b.WriteString(found[:1] + `\d\d`)
		case found != "":
			b.WriteString(`.*?`)
		}
		word = word[at[1]:]
	}
}

// How much constant text a pattern must have for its lines to be recognised by it.
const (
	minTexts     = 16
	minTextShare = 0.2
	minOnlyShare = 0.5
)

// Texts returns the constant texts of the pattern in their order, for Loki's pattern
// filters; the last is empty where the line goes on behind them. It is nil where they
// are too little of a line to tell its lines from others. They are as long as they can
// be to stand in the sample: what a template shows as a space can be more in a line.
func (p *Pattern) Texts() []string {
	for _, cut := range []func(rune) bool{
		func(rune) bool { return false },
		unicode.IsSpace,
		func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) },
	} {
		texts, size := p.texts(cut)
		need := minTextShare
		if len(texts) == 1 {
			need = minOnlyShare // one text can stand in many lines
		}
		if size < minTexts || float64(size) < need*float64(len(p.Sample)) {
			return nil
		}
		end, ok := standsIn(texts, p.Sample)
		if !ok {
			continue
		}
		if end < len(p.Sample) || len(p.Sample) == maxSampleBytes {
			texts = append(texts, "")
		}
		return texts
	}
	return nil
}

// texts returns the constant texts between placeholders, divided where cut says, and
// how many bytes they have together.
func (p *Pattern) texts(cut func(rune) bool) (texts []string, size int) {
	for rest := p.firstLine(); rest != ""; {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			at = []int{len(rest), len(rest)}
		}
		constant := rest[:at[0]]
		if class := rest[at[0]:at[1]]; strings.HasSuffix(class, "xx") {
			constant = rest[:at[0]+1] // which class it is tells more than the rest of the line
		}
		for _, t := range strings.FieldsFunc(constant, func(r rune) bool { return r == '\uFFFD' || cut(r) }) {
			if strings.TrimSpace(t) != "" {
				texts = append(texts, t)
				size += len(t)
			}
		}
		rest = rest[at[1]:]
	}
	return texts, size
}

// standsIn reports whether a line has the texts in their order with something between
// each two, as Loki's pattern filters look for them, and where they end.
func standsIn(texts []string, line string) (end int, ok bool) {
	for i, t := range texts {
		at := strings.Index(line[end:], t)
		if at < 0 || (i > 0 && at == 0) {
			return 0, false
		}
		end += at + len(t)
	}
	return end, true
}
