package evaluate

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/logs"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// role is what a line is to the evidence.
type role uint8

const (
	must role = 1 << iota
	may
)

// roles are those of lines, by their marks.
type roles map[int]role

// rolesIn returns the roles of the lines that a case expects to be cited.
func rolesIn(l *logs.Logs, e *golden.Expected) roles {
	out := roles{}
	for _, m := range l.Marks(e.EvidenceMust) {
		out[m] |= must
	}
	for _, m := range l.Marks(e.EvidenceMay) {
		out[m] |= may
	}
	return out
}

// of returns the roles of the lines that each pattern took.
func (r roles) of(g *analysis.Group) []role {
	out := make([]role, len(g.Patterns))
	for i := range g.Patterns {
		for _, m := range g.Patterns[i].Marks {
			out[i] |= r[m]
		}
	}
	return out
}

// demand reports whether there is a line that must be cited.
func (r roles) demand() bool {
	for _, x := range r {
		if x&must != 0 {
			return true
		}
	}
	return false
}

// evidence compares what a group's findings cite with what they had to. The lines of a
// case belong to the patterns that really took them. Where none of the lines was read that
// must be cited, they count as one pattern that was neither shown nor found. shown are the
// ids that the model was given at last; nil where the rules judged, which see everything.
func (r roles) evidence(g *analysis.Group, shown []string, calls []call) golden.Evidence {
	each := r.of(g)
	out := golden.Evidence{Rejected: g.Verdict.Rejected}
	cited := map[int]bool{}
	for _, f := range g.Verdict.Findings {
		for _, id := range f.Patterns {
			i, ok := g.Pattern(id)
			switch {
			case !ok:
				out.Fabricated++
			case !cited[i]:
				cited[i] = true
				out.Cited++
				if each[i] != 0 {
					out.Supported++
				}
			}
		}
	}
	told := map[int]bool{}
	for _, id := range shown {
		if i, ok := g.Shown[id]; ok {
			told[i] = true
		}
	}
	for i, x := range each {
		if x&must == 0 {
			continue
		}
		out.Must++
		if cited[i] {
			out.Found++
		}
		if told[i] || shown == nil {
			out.Shown++
		}
	}
	if out.Must == 0 && r.demand() {
		out.Must = 1
	}
	for i := range calls {
		out.Fabricated += calls[i].fabricated()
	}
	return out
}

// asked is what an answer's schema lets it say.
type asked struct {
	ids   []string
	words verdict.Words
}

// askedIn reads it out of the schema, which is the engine's own.
func askedIn(schema json.RawMessage) asked {
	var s struct {
		Properties struct {
			Findings struct {
				Items struct {
					Properties struct {
						Patterns struct {
							Items struct {
								Enum []string `json:"enum"`
							} `json:"items"`
						} `json:"patterns"`
					} `json:"properties"`
				} `json:"items"`
			} `json:"findings"`
			Verdict struct {
				Enum []string `json:"enum"`
			} `json:"verdict"`
		} `json:"properties"`
	}
	if json.Unmarshal(schema, &s) != nil || len(s.Properties.Verdict.Enum) != 4 {
		return asked{words: verdict.DefaultWords()} // which the engine does not write
	}
	w := s.Properties.Verdict.Enum
	return asked{
		ids:   s.Properties.Findings.Items.Properties.Patterns.Items.Enum,
		words: verdict.Words{OK: w[0], Warning: w[1], Critical: w[2], Unknown: w[3]},
	}
}

// idExpr finds what looks like a pattern's id in an answer that is no JSON.
var idExpr = regexp.MustCompile(`"(p\d+)"`)

// fabricated counts the ids that the model cites in its raw answer and was not given.
func (c *call) fabricated() int {
	var answer struct {
		Findings []struct {
			Patterns []json.RawMessage `json:"patterns"`
		} `json:"findings"`
	}
	var cited []string
	if json.Unmarshal([]byte(c.reply.Text), &answer) == nil {
		for _, f := range answer.Findings {
			for _, raw := range f.Patterns {
				id := string(raw)
				_ = json.Unmarshal(raw, &id) // what is no text is no id either
				cited = append(cited, id)
			}
		}
	} else {
		for _, m := range idExpr.FindAllStringSubmatch(c.reply.Text, -1) {
			cited = append(cited, m[1])
		}
	}
	slices.Sort(cited)
	cited = slices.DeleteFunc(slices.Compact(cited), func(id string) bool { return slices.Contains(c.asked.ids, id) })
	return len(cited)
}

// claims returns the forbidden claims that a verdict makes.
func claims(forbidden []string, v *verdict.Verdict) (made []string) {
	texts := []string{v.Summary, v.RootCause, v.NextStep}
	for _, f := range v.Findings {
		texts = append(texts, f.Reason)
	}
	for _, field := range v.Fields {
		if s, ok := field.(string); ok {
			texts = append(texts, s)
		}
	}
	for _, claim := range forbidden {
		if slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), strings.ToLower(claim)) }) {
			made = append(made, claim)
		}
	}
	return made
}
