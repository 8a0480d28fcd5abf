package record

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Label is the judgement on a window.
type Label struct {
	// Severity is [verdict.Inconclusive] where nobody can tell.
	Severity verdict.Severity
	Category verdict.Category
	// Evidence are numbers of [View.Rows], from 1.
	Evidence []int
	// Component is where the incident comes from; Note is for those who read the case.
	Component, Note string
}

// severityNames are the words for severities, besides their numbers.
func severityNames() map[string]verdict.Severity {
	return map[string]verdict.Severity{
		"healthy": verdict.Healthy, "notice": verdict.Notice, "warning": verdict.Warning, "critical": verdict.Critical, "unknown": verdict.Inconclusive,
		"0": verdict.Healthy, "1": verdict.Notice, "2": verdict.Warning, "3": verdict.Critical, "-1": verdict.Inconclusive,
	}
}

// LabelSyntax explains what [View.ParseLabel] reads.
const LabelSyntax = "severity=0…3 or unknown, category=NAME, evidence=p1,p2 or none, component=TEXT, note=TEXT, separated by commas; or suggested. What is left out is as suggested"

// ParseLabel reads a label such as "severity=3,category=memory,evidence=p1,p4". A part
// without a name belongs to the one before. What is not named is as suggested, except that
// a healthy window has no category and no evidence.
func (v *View) ParseLabel(text string) (Label, error) {
	out := v.Suggested
	if strings.TrimSpace(text) == "suggested" {
		return out, nil
	}
	given := map[string][]string{}
	name := ""
	for part := range strings.SplitSeq(text, ",") {
		if n, value, ok := strings.Cut(part, "="); ok && slices.Contains([]string{"severity", "category", "evidence", "component", "note"}, strings.TrimSpace(n)) {
			if name = strings.TrimSpace(n); given[name] != nil {
				return out, fmt.Errorf("--label names %s twice", name)
			}
			given[name] = []string{value}
			continue
		}
		if name != "evidence" && name != "note" && name != "component" {
			return out, fmt.Errorf("--label: %q is not understood; write %s", part, LabelSyntax)
		}
		given[name] = append(given[name], part)
	}
	if word, ok := given["severity"]; ok {
		s, known := severityNames()[strings.TrimSpace(word[0])]
		if !known {
			return out, fmt.Errorf("--label: the severity %q is none of 0, 1, 2, 3, healthy, notice, warning, critical, unknown", word[0])
		}
		out = v.withSeverity(s)
	}
	if word, ok := given["category"]; ok {
		out.Category = verdict.Category(strings.TrimSpace(word[0]))
	}
	if !slices.Contains(verdict.Categories(), out.Category) {
		return out, fmt.Errorf("--label: the category %q is none of %v", out.Category, verdict.Categories())
	}
	if words, ok := given["evidence"]; ok {
		var err error
		if out.Evidence, err = v.parseEvidence(words); err != nil {
			return out, err
		}
	}
	out.Component, out.Note = strings.Join(given["component"], ","), strings.Join(given["note"], ",")
	return out, nil
}

func (v *View) parseEvidence(words []string) (out []int, err error) {
	for _, w := range words {
		w = strings.TrimSpace(w)
		if w == "" || w == "none" {
			continue
		}
		n, err := strconv.Atoi(strings.TrimPrefix(w, "p"))
		if err != nil || n < 1 || n > len(v.Rows) {
			return nil, fmt.Errorf("--label: the pattern %q is none of p1 to p%d", w, len(v.Rows))
		}
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// withSeverity is the suggestion where the severity is s.
func (v *View) withSeverity(s verdict.Severity) Label {
	out := v.Suggested
	out.Severity = s
	if s <= verdict.Healthy {
		return Label{Severity: s, Category: verdict.CategoryNone}
	}
	if out.Category == verdict.CategoryNone { // the rules found nothing
		out.Category = verdict.CategoryOther
	}
	out.Evidence = slices.Clone(out.Evidence)
	return out
}

// Apply gives the view's case its judgement and completes its provenance. Texts are masked
// with mask.
func (v *View) Apply(l Label, mask func(string) string) error {
	c := v.Case
	c.Expected = golden.Expected{
		Verdict: l.Severity.Word(), Severity: l.Severity, Category: l.Category, RootCause: golden.RootCause{Component: mask(l.Component)},
		EvidenceMust: v.LineIDs(l.Evidence), AbstainOK: l.Severity == verdict.Inconclusive,
	}
	if l.Note != "" {
		c.Provenance.Note = strings.TrimSpace(mask(l.Note) + "\n" + c.Provenance.Note)
	}
	c.Provenance.SHA256 = c.Hash()
	return c.Check()
}

// Text writes the label as ParseLabel reads it.
func (l Label) Text() string {
	severity := strconv.Itoa(int(l.Severity))
	if l.Severity == verdict.Inconclusive {
		severity = "unknown"
	}
	text := "severity=" + severity + ",category=" + string(l.Category) + ",evidence=" + rowNames(l.Evidence, ",")
	if l.Component != "" {
		text += ",component=" + l.Component
	}
	if l.Note != "" {
		text += ",note=" + l.Note
	}
	return text
}

// rowNames writes rows as p1, p2.
func rowNames(rows []int, separator string) string {
	if len(rows) == 0 {
		return "none"
	}
	names := make([]string, len(rows))
	for i, n := range rows {
		names[i] = "p" + strconv.Itoa(n)
	}
	return strings.Join(names, separator)
}
