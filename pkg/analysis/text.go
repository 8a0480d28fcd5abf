package analysis

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/redact"
)

// inert makes text from logs harmless inside a prompt: one line, no longer than
// limit bytes, neutral. A text that is too long loses its middle: what tells two
// statements apart is often at the end.
func inert(s string, limit int) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit*2/3], "") + " … " + strings.ToValidUTF8(s[len(s)-limit/3:], "")
	}
	return neutral(s)
}

// controlWord matches instructions in brackets such as Llama 2's [INST].
var controlWord = regexp.MustCompile(`\[(/?(?:[A-Z0-9_]+|gMASK|control_[0-9]+)\])`)

// neutral breaks the sequences that tokenizers turn into control tokens, such as
// <|eot_id|>, <end_of_turn>, <s> or [INST], by a space behind their first
// character. Our own placeholders stay whole.
func neutral(s string) string {
	s = controlWord.ReplaceAllString(s, "[ $1")
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		if end := strings.IndexByte(s, '>'); end > 0 && ownPlaceholder(s[1:end]) {
			b.WriteString(s[:end+1])
			s = s[end+1:]
			continue
		}
		b.WriteString("< ")
		s = s[1:]
	}
}

// ownPlaceholder reports whether a name in angle brackets is one that masking or
// redaction writes.
func ownPlaceholder(name string) bool {
	return slices.Contains(patterns.Placeholders(), name) || redact.IsPlaceholder(name)
}

// humanDuration drops the zero parts of a duration: 2h instead of 2h0m0s.
func humanDuration(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
