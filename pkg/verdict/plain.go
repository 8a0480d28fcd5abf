package verdict

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Plain makes text that a model or a stranger wrote safe to show anywhere: one line
// of at most limit characters that no program turns into anything but text. A model
// repeats what an attacker wrote into a log, so nothing in it may be clickable,
// notify anybody, be rendered as markup, or change how the text around it is shown.
//
//   - Links with a scheme become "[link removed]". The dots of names that chat
//     programs make clickable are bracketed, evil[.]com: names that end in a
//     top-level domain of the public suffix list, or begin with www. Names of a
//     cluster, addresses, versions and most file names end otherwise and stay.
//   - HTML, Slack's angle brackets, tables, emphasis, code, headings, and Markdown's
//     links and images lose the characters that make them; an @ stays only inside a
//     word such as image@sha256.
//   - Control, bidirectional, invisible, private-use and unassigned characters are
//     dropped, letters in disguise (full width, mathematical) are written plainly,
//     and a letter carries at most three marks.
//
// Text that is too long is cut behind a word, if it has one, and ends in "…". Plain
// text stays as it is, so that Plain(Plain(s)) is Plain(s).
func Plain(s string, limit int) string {
	if limit <= 0 {
		return ""
	}
	// What is cut away here, the limit would cut away unless nearly all of it is dropped.
	if most := 16*limit + 1024; len(s) > most {
		s = s[:most]
	}
	return cut(clean(s), limit)
}

// cleanRounds bounds how often text is cleaned: to drop a character can put two
// others next to each other that mean something together. Honest text needs two.
const cleanRounds = 12

// clean repeats the steps until they find nothing, and keeps only letters and digits
// of text that was built to never get there.
func clean(s string) string {
	for range cleanRounds {
		next := cleanWords(dropMarkup(foldRunes(s)))
		if next == s {
			return s
		}
		s = next
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !alphanumeric(r) }), " ")
}

// cut shortens clean text.
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	for i := limit - 1; i > 0; i-- {
		if runes[i] == ' ' {
			return strings.TrimSuffix(string(runes[:i]), " [link") + "…"
		}
	}
	// A cut inside a word can make a link of what was none, evil.company: clean again.
	for n := limit - 1; n > 0; n-- {
		if head := clean(string(runes[:n])); utf8.RuneCountInString(head) < limit {
			return head + "…"
		}
	}
	return "…"
}

// foldRunes drops what is invisible or changes the text around it, and writes
// disguised characters plainly.
func foldRunes(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			r = undisguise(r)
		}
		switch {
		case r == '<' || r == '>' || r == '|' || unicode.IsSpace(r):
			return ' '
		case r == '*' || r == '`' || invisible(r):
			return -1
		}
		return r
	}, s)
}

// undisguise returns the ASCII character that r stands for, if there is one: linkers
// and browsers take one for the other.
func undisguise(r rune) rune {
	if c := norm.NFKC.String(string(r)); len(c) == 1 {
		return rune(c[0])
	} else if c == "。" {
		return '.' // a dot to the rules of international domain names
	}
	return r
}

func invisible(r rune) bool {
	const (
		blankBraille      = '\u2800'
		objectReplacement = '\uFFFC'
	)
	return !unicode.IsGraphic(r) || r == blankBraille || r == objectReplacement ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Me)
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// maxMarks is how many combining marks a letter may carry; no script in use needs
// more, and a flood of them covers the lines above and below.
const maxMarks = 3

// dropMarkup drops the characters that mark something up where they stand.
func dropMarkup(s string) string {
	in := []rune(s)
	out := make([]rune, 0, len(in)+8)
	marks := 0
	for i, r := range in {
		before := ' '
		if len(out) > 0 {
			before = out[len(out)-1]
		}
		if unicode.IsMark(r) {
			if marks++; before == ' ' || marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if marksUp(before, r, in[i+1:]) {
			continue
		}
		if r == '[' {
			for len(out) > 0 && out[len(out)-1] == '!' {
				out = out[:len(out)-1]
			}
		}
		if before == ']' && (r == '[' || r == '(' || r == ':' && defines(out)) {
			out = append(out, ' ') // [a](b) and [a][b] are links, [a] (b) is none
		}
		out = append(out, r)
	}
	return string(out)
}

// marksUp reports whether r is to be dropped between the character before it and
// the rest.
func marksUp(before, r rune, rest []rune) bool {
	next := ' '
	if len(rest) > 0 {
		next = rest[0]
	}
	switch r {
	case '@':
		return !alphanumeric(before) || !alphanumeric(next) || callsEverybody(rest)
	case '_':
		return !alphanumeric(before) && before != '_' || !ledByWord(rest)
	case '~':
		return before != ' ' || (!unicode.IsDigit(next) && next != '/')
	case '&':
		return entity(rest)
	}
	return false
}

// defines reports whether a colon behind out would make the line the definition of a
// link, [a]: b, which is not shown at all.
func defines(out []rune) bool { return out[0] == '[' && slices.Index(out, ']') == len(out)-1 }

// callsEverybody reports whether text behind an @ notifies a whole channel.
func callsEverybody(rest []rune) bool {
	word := strings.ToLower(string(rest[:min(len(rest), len("everyone"))]))
	for _, group := range []string{"here", "channel", "everyone"} {
		if strings.HasPrefix(word, group) {
			return true
		}
	}
	return false
}

// ledByWord reports whether a run of underscores goes on into a word.
func ledByWord(rest []rune) bool {
	for _, r := range rest {
		if r != '_' {
			return alphanumeric(r)
		}
	}
	return false
}

// entity reports whether an & can begin an HTML entity: a semicolon follows in the
// same word.
func entity(rest []rune) bool {
	for _, r := range rest {
		if r == ';' || r == ' ' {
			return r == ';'
		}
	}
	return false
}

// cleanWords joins the words by single spaces, without links and without what makes
// the line a heading, a list or a rule.
func cleanWords(s string) string {
	var words []string
	for word := range strings.FieldsSeq(s) {
		if len(words) == 0 {
			if word = strings.TrimLeft(word, "#"); strings.Trim(word, "-+=") == "" {
				continue
			}
		}
		if hasScheme(word) {
			words = append(words, "[link", "removed]")
			continue
		}
		words = append(words, unlink(word))
	}
	return strings.Join(words, " ")
}
