package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Applied tells of a user's rule that decided something, or would have.
type Applied struct {
	// Rule is its id.
	Rule    string
	Reason  string
	By      string
	Expires time.Time
	Benign  bool
	// Patterns are the indexes of the patterns that it matches, at most four.
	Patterns []int
}

// A userRule is a rule that is ready to be matched.
type userRule struct {
	Rule
	pieces []string
	// words are the words of the pattern, all of which a template must have.
	words []string
}

// With returns a copy of the set that has the user's rules, in place of those it had. The
// first thousand are taken; what [Rule.Check] refuses is left out, and of rules with the
// same id the last counts.
func (s *Set) With(rules []Rule) *Set {
	out := *s
	out.finder, out.user, out.byTemplate, out.userText = s.finder.clone(), nil, map[string][]int{}, map[int][]int{}
	last := map[string]int{}
	for i := range rules {
		last[rules[i].ID] = i
	}
	for i := range rules {
		r := rules[i]
		if last[r.ID] != i || len(out.user) == maxRules || r.Check() != nil {
			continue
		}
		k := len(out.user)
		u := userRule{Rule: r}
		if r.Template != "" {
			out.byTemplate[r.Template] = append(out.byTemplate[r.Template], k)
		} else {
			u.pieces, u.words = strings.Split(r.Pattern, wildcardText), wordsOf(r.Pattern)
			n := out.finder.add(strings.TrimSpace(foldText(longestLiteral(r.Pattern))))
			out.userText[n] = append(out.userText[n], k)
		}
		out.user = append(out.user, u)
	}
	return &out
}

// Rules returns the user's rules of the set.
func (s *Set) Rules() []Rule {
	out := make([]Rule, len(s.user))
	for i := range s.user {
		out[i] = s.user[i].Rule
	}
	return out
}

// wordsOf returns the words of letters in a text.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ReplaceAll(text, wildcardText, " "), func(r rune) bool { return r|0x20 < 'a' || r|0x20 > 'z' })
}

// matches reports whether a rule is about a pattern. A signature is about any pattern whose
// sample it matches. A benign rule must also leave no doubt that all of the pattern's lines
// are what it says: all of its words must be constant text of the template.
func (u *userRule) matches(p *patterns.Pattern) bool {
	if u.Template != "" {
		return u.Template == p.Template
	}
	sample := p.Sample
	if sample == "" {
		sample = p.Template
	}
	if !matchPieces(u.pieces, sample) {
		return false
	}
	if !u.Benign {
		return true
	}
	constant := placeholderExpr.ReplaceAllString(p.Template, "\x00")
	for _, w := range u.words {
		if !strings.Contains(constant, w) {
			return false
		}
	}
	return true
}

// matchPieces reports whether a line is the pieces with at least one byte between each two.
func matchPieces(pieces []string, line string) bool {
	if len(pieces) == 1 {
		return line == pieces[0]
	}
	if !strings.HasPrefix(line, pieces[0]) {
		return false
	}
	line = line[len(pieces[0]):]
	for _, p := range pieces[1 : len(pieces)-1] {
		if line == "" {
			return false
		}
		i := strings.Index(line[1:], p)
		if i < 0 {
			return false
		}
		line = line[1+i+len(p):]
	}
	end := pieces[len(pieces)-1]
	return len(line) > len(end) && strings.HasSuffix(line, end)
}

// covers reports whether the rule is about all of a pattern's streams, or for a signature
// about one of them.
func (u *userRule) covers(p *patterns.Pattern, streams []map[string]string) bool {
	if len(u.Streams) == 0 {
		return true
	}
	known := p.Streams
	if len(known) == 0 {
		known = []int{p.SampleStream}
	}
	one := false
	for _, n := range known {
		ok := n >= 0 && n < len(streams) && u.isFor(streams[n])
		if u.Benign && !ok {
			return false
		}
		one = one || ok
	}
	return one
}

func (u *userRule) isFor(labels map[string]string) bool {
	for k, v := range u.Streams {
		if !wildcard(v, labels[k]) {
			return false
		}
	}
	return true
}

// A userHit is a user's rule and the patterns that it matches.
type userHit struct {
	rule     int
	patterns []int
}

// userRules finds the user's rules about a pattern.
func (j *judge) userRules(i int) {
	try := func(k int) {
		u, p := &j.set.user[k], &j.in.Patterns[i]
		if (p.Count == 0 && !u.Benign) || !u.matches(p) || !u.covers(p, j.in.Streams) {
			return
		}
		at := slices.IndexFunc(j.userHits, func(h userHit) bool { return h.rule == k })
		if at < 0 {
			at = len(j.userHits)
			j.userHits = append(j.userHits, userHit{rule: k})
		}
		j.userHits[at].patterns = append(j.userHits[at].patterns, i)
		j.benign[i] = j.benign[i] || u.Benign && u.lapse(j.in.Now) == ""
	}
	for _, k := range j.set.byTemplate[j.in.Patterns[i].Template] {
		try(k)
	}
	for _, n := range j.hits {
		for _, k := range j.set.userText[n] {
			try(k)
		}
	}
}

// lapse says why a rule does not apply; empty where it does.
func (u *userRule) lapse(now time.Time) string {
	switch {
	case now.IsZero() || u.Expires.IsZero():
		return ""
	case !now.Before(u.Expires.Time):
		return "expired"
	case u.Benign && u.Expires.Sub(now) > maxBenign:
		return "too long"
	}
	return ""
}

// applied tells of the user's rules that matched, and returns the findings of the
// signatures among them.
func (j *judge) applied(r *Result) (out []Finding) {
	for _, h := range j.userHits {
		u := &j.set.user[h.rule]
		a := Applied{Rule: u.ID, Reason: u.Reason, By: u.By, Expires: u.Expires.Time, Benign: u.Benign, Patterns: firstOf(h.patterns)}
		if u.lapse(j.in.Now) != "" {
			r.Lapsed = append(r.Lapsed, a)
			continue
		}
		if !u.Benign {
			h.patterns = slices.DeleteFunc(h.patterns, func(i int) bool { return j.benign[i] })
			if len(h.patterns) == 0 {
				continue
			}
			out = append(out, Finding{Rule: u.ID, Category: u.Category, Severity: min(u.Severity, verdict.Critical), Patterns: firstOf(h.patterns), Reason: u.Reason})
		}
		r.Applied = append(r.Applied, a)
	}
	return out
}
