package score

import (
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// words are the classes in the order of a [Matrix].
const words = 4

// Words returns the verdict words in the order of a [Matrix].
func Words() []string {
	return []string{verdict.Healthy.Word(), verdict.Warning.Word(), verdict.Critical.Word(), verdict.Inconclusive.Word()}
}

// A Matrix counts cases by the verdict that is right (row) and the one that was given
// (column), in the order of [Words]. Weights of resamples make the counts fractions.
type Matrix [words][words]float64

func wordOf(s verdict.Severity) int {
	switch s {
	case verdict.Healthy:
		return 0
	case verdict.Notice, verdict.Warning:
		return 1
	case verdict.Critical:
		return 2
	}
	return 3
}

// Right reports whether a verdict is right: the word is the expected one, or the judge
// abstained where the case lets it.
func Right(r *golden.Result) bool {
	return wordOf(r.Severity) == wordOf(r.Expected.Severity) || (r.Severity == verdict.Inconclusive && r.Expected.AbstainOK)
}

// cell is where a result is counted. An abstention that is no mistake counts as the
// expected word.
func cell(r *golden.Result) (row, column int) {
	row, column = wordOf(r.Expected.Severity), wordOf(r.Severity)
	if Right(r) {
		column = row
	}
	return row, column
}

// minInconclusive is the share of the cases from which on inconclusive is a class of its own in
// the mean: a handful of empty windows, which no judge gets wrong, would otherwise be a quarter
// of it.
const minInconclusive = 0.05

// classes are the words that take part in the means of F1, of a sample of cases.
type classes [words]bool

// classes returns those that at least one case expects, and inconclusive only from
// [minInconclusive] of the cases on.
func (m *Matrix) classes() (c classes) {
	total := 0.0
	for k := range words {
		total += m.row(k)
		c[k] = m.row(k) > 0
	}
	last := words - 1
	c[last] = c[last] && m.row(last) >= minInconclusive*total
	return c
}

// MacroF1 is the mean of the F1 of the words that at least one case expects: healthy,
// suspicious and incident as a rule, and inconclusive only where at least 5 % of the cases
// expect it. A word that takes no part has no F1 of its own; giving it wrongly costs the
// recall of the expected one. ok is false where there are no cases.
func (m *Matrix) MacroF1() (f1 float64, ok bool) { return m.macroF1(m.classes()) }

// macroF1 is that of a resample, with the classes of the whole sample.
func (m *Matrix) macroF1(c classes) (f1 float64, ok bool) {
	n := 0
	for k := range words {
		if c[k] && m.row(k) > 0 {
			f1 += m.f1(k)
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return f1 / float64(n), true
}

// MicroF1 is 2TP/(2TP+FP+FN) with the counts of the same words added up. It differs from
// the accuracy only by abstentions where none is right, which are misses and no false
// alarms, and by the cases of a word that takes no part.
func (m *Matrix) MicroF1() (f1 float64, ok bool) { return m.microF1(m.classes()) }

func (m *Matrix) microF1(c classes) (f1 float64, ok bool) {
	tp, errors := 0.0, 0.0
	for k := range words {
		if c[k] && m.row(k) > 0 {
			tp += m[k][k]
			errors += m.row(k) + m.column(k) - 2*m[k][k]
		}
	}
	if tp+errors == 0 {
		return 0, false
	}
	return 2 * tp / (2*tp + errors), true
}

// F1 returns the F1 of each word of [Words] that takes part.
func (m *Matrix) F1() map[string]float64 {
	out, c := map[string]float64{}, m.classes()
	for k, w := range Words() {
		if c[k] {
			out[w] = m.f1(k)
		}
	}
	return out
}

func (m *Matrix) f1(k int) float64 {
	if all := m.row(k) + m.column(k); all > 0 {
		return 2 * m[k][k] / all
	}
	return 0
}

func (m *Matrix) row(k int) float64 {
	return m[k][0] + m[k][1] + m[k][2] + m[k][3]
}

func (m *Matrix) column(k int) float64 {
	return m[0][k] + m[1][k] + m[2][k] + m[3][k]
}

// kappa is Cohen's kappa with quadratic weights of a matrix over the severities 0 to 3. It
// is 1 for full agreement, also where all agree on one severity, where it would have no
// value.
func (m *Matrix) kappa() (kappa float64, ok bool) {
	total, observed, expected := 0.0, 0.0, 0.0
	for i := range words {
		total += m.row(i)
	}
	if total == 0 {
		return 0, false
	}
	for i := range words {
		for j := range words {
			d := float64((i - j) * (i - j))
			observed += d * m[i][j]
			expected += d * m.row(i) * m.column(j) / total
		}
	}
	if observed == 0 {
		return 1, true
	}
	if expected == 0 { // cannot be where the observed is not; a resample's rounding may think so
		return 0, true
	}
	return 1 - observed/expected, true
}

// Count returns the confusion matrix of results.
func Count(results []golden.Result) Matrix {
	var m Matrix
	for i := range results {
		row, column := cell(&results[i])
		m[row][column]++
	}
	return m
}
