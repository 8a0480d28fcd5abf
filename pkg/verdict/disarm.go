package verdict

import (
	"maps"
	"slices"
)

// Bounds of what is shown of a line that is not ours.
const (
	maxForeignText  = 200 // characters of a name or label
	maxForeignItems = 20  // findings, labels and fields each
)

// disarm makes a line that somebody else may have written safe to show.
func (l *Line) disarm() {
	l.Key, l.Series, l.Query, l.Entry, l.State = "", "", "", nil, nil
	l.Verdict = l.Severity.Word()
	l.LinesTotal, l.LinesRead, l.Millis = max(0, l.LinesTotal), max(0, l.LinesRead), max(0, l.Millis)
	l.Cost = Usage{PromptTokens: max(0, l.Cost.PromptTokens), CachedTokens: max(0, l.Cost.CachedTokens), AnswerTokens: max(0, l.Cost.AnswerTokens)}
	l.Lane = oneOf(l.Lane, "", LaneAlert, LaneInteractive)
	l.Source = oneOf(l.Source, "", SourceModel, SourceRules)
	l.Category = oneOf(l.Category, CategoryOther, Categories()...)
	for _, s := range []*string{&l.Prompt, &l.PromptHash, &l.Model} {
		*s = Plain(*s, maxForeignText)
	}
	for _, s := range []*string{&l.Summary, &l.RootCause, &l.NextStep} {
		*s = Plain(*s, MaxProse)
	}
	l.Findings = l.Findings[:min(len(l.Findings), maxForeignItems)]
	for i, f := range l.Findings {
		out := Finding{Category: oneOf(f.Category, CategoryOther, Categories()...), Reason: Plain(f.Reason, maxForeignText)}
		for _, p := range f.Patterns[:min(len(f.Patterns), maxForeignItems)] {
			out.Patterns = append(out.Patterns, Plain(p, maxForeignText))
		}
		l.Findings[i] = out
	}
	labels := map[string]string{}
	for _, name := range firstNames(l.Labels) {
		labels[Plain(name, maxForeignText)] = Plain(l.Labels[name], maxForeignText)
	}
	l.Labels = labels
	fields := Values{}
	for _, name := range firstNames(l.Fields) {
		value := l.Fields[name]
		if s, ok := value.(string); ok {
			value = Plain(s, MaxFieldString)
		}
		fields[Plain(name, maxForeignText)] = value
	}
	l.Fields = fields
}

func firstNames[V any](m map[string]V) []string {
	names := slices.Sorted(maps.Keys(m))
	return names[:min(len(names), maxForeignItems)]
}

func oneOf[T comparable](v, otherwise T, allowed ...T) T {
	if slices.Contains(allowed, v) {
		return v
	}
	return otherwise
}
