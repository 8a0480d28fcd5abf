package score

import (
	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A tally is the sums that all figures but the ECE are made of, as one flat list so that
// resamples can add them up fast: both matrices, then sum and count of each mean.
type tally []float64

const matrixCells = words * words

func newTally(list []mean) tally { return make(tally, 2*matrixCells+2*len(list)) }

func (t tally) add(r *golden.Result, list []mean) {
	row, column := cell(r)
	t[row*words+column]++
	if graded(r) {
		t[matrixCells+int(r.Expected.Severity)*words+int(r.Severity)]++
	}
	for i, m := range list {
		sum, of := m.of(r)
		t[2*matrixCells+2*i] += sum
		t[2*matrixCells+2*i+1] += of
	}
}

// plus adds another tally with a weight.
func (t tally) plus(o tally, weight float64) {
	for i, v := range o {
		t[i] += weight * v
	}
}

func (t tally) matrix(from int) (m Matrix) {
	for i := range words {
		copy(m[i][:], t[from+i*words:])
	}
	return m
}

func (t tally) words() Matrix      { return t.matrix(0) }
func (t tally) severities() Matrix { return t.matrix(matrixCells) }

// mean returns a mean's sum and count.
func (t tally) mean(i int) (sum, of float64) {
	return t[2*matrixCells+2*i], t[2*matrixCells+2*i+1]
}

// figureNames are the names of [tally.values].
func figureNames(list []mean) []string {
	names := make([]string, 0, len(list)+3)
	for _, m := range list {
		names = append(names, m.name)
	}
	return append(names, MacroF1, MicroF1, SeverityKappa)
}

// values calls f with the place in [figureNames] and the value of each figure that has one. The
// classes are those of the whole sample that t is or was drawn from.
func (t tally) values(list []mean, c classes, f func(i int, v float64)) {
	for i := range list {
		sum, of := t.mean(i)
		switch {
		case of <= 0:
		case list[i].kind == aTotal || list[i].kind == aCount:
			f(i, sum)
		default:
			f(i, sum/of)
		}
	}
	m, s := t.words(), t.severities()
	if v, ok := m.macroF1(c); ok {
		f(len(list), v)
	}
	if v, ok := m.microF1(c); ok {
		f(len(list)+1, v)
	}
	if v, ok := s.kappa(); ok {
		f(len(list)+2, v)
	}
}
