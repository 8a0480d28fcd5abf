package score

import (
	"math"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A Paired compares two judges, or two runs of one, on the same cases.
type Paired struct {
	// Cases and Groups are those that both judged.
	Cases  int `json:"cases"`
	Groups int `json:"groups"`
	// OnlyA and OnlyB count the cases that only one judged, Differ those that have the same id
	// but other lines or another right judgement; none of them is compared.
	OnlyA  int `json:"only_a,omitempty"`
	OnlyB  int `json:"only_b,omitempty"`
	Differ int `json:"differ,omitempty"`
	// Both, ARight, BRight and Neither count the cases by who is right.
	Both    int `json:"both_right"`
	ARight  int `json:"only_a_right"`
	BRight  int `json:"only_b_right"`
	Neither int `json:"neither_right"`
	// McNemar is the p-value of the exact two-sided test that both are right as often.
	McNemar float64 `json:"mcnemar_p"`
	// Delta is B's macro-F1 minus A's, and DeltaP the two-sided p-value, by the same resamples,
	// that it is 0. Delta is nil where no case is common.
	Delta  *Estimate `json:"delta_macro_f1,omitempty"`
	DeltaP float64   `json:"delta_p"`
}

// A Pair is what two judges made of one case; one of them is nil where it did not judge it.
type Pair struct{ A, B *golden.Result }

// Pairs puts the results of two runs together, in the order of the cases' ids.
func Pairs(a, b *Run) []Pair {
	var out []Pair
	i, j := 0, 0
	for i < len(a.Results) || j < len(b.Results) {
		switch {
		case j == len(b.Results) || i < len(a.Results) && a.Results[i].Case < b.Results[j].Case:
			out = append(out, Pair{A: &a.Results[i]})
			i++
		case i == len(a.Results) || a.Results[i].Case > b.Results[j].Case:
			out = append(out, Pair{B: &b.Results[j]})
			j++
		default:
			out = append(out, Pair{&a.Results[i], &b.Results[j]})
			i, j = i+1, j+1
		}
	}
	return out
}

// Same reports whether both judged the same lines against the same right judgement.
func (p Pair) Same() bool {
	return p.A != nil && p.B != nil && p.A.CaseHash == p.B.CaseHash &&
		p.A.Expected.Severity == p.B.Expected.Severity && p.A.Expected.AbstainOK == p.B.Expected.AbstainOK
}

// Compare returns how B fares against A. The runs are as [Runs] returns them.
func Compare(a, b Run, boot Bootstrap) Paired {
	var p Paired
	var as, bs []golden.Result
	for _, pair := range Pairs(&a, &b) {
		switch {
		case pair.B == nil:
			p.OnlyA++
		case pair.A == nil:
			p.OnlyB++
		case !pair.Same():
			p.Differ++
		default:
			as, bs = append(as, *pair.A), append(bs, *pair.B)
			p.count(Right(pair.A), Right(pair.B))
		}
	}
	p.Cases = len(as)
	p.McNemar = McNemar(p.ARight, p.BRight)
	p.DeltaP = 1
	if len(as) > 0 {
		p.delta(as, bs, boot)
	}
	return p
}

func (p *Paired) count(a, b bool) {
	switch {
	case a && b:
		p.Both++
	case a:
		p.ARight++
	case b:
		p.BRight++
	default:
		p.Neither++
	}
}

// delta compares the macro-F1 of the two judges' results on the same cases.
func (p *Paired) delta(as, bs []golden.Result, boot Bootstrap) {
	d := newDesign(bs) // both have the same cases
	p.Groups = d.clusters
	ta, tb := tallies(as, &d, nil), tallies(bs, &d, nil)
	sa, sb, all := newTally(nil), newTally(nil), Count(bs)
	same := all.classes() // of what is expected, which is the same for both
	difference := func(weight func(c int) float64) float64 {
		clear(sa)
		clear(sb)
		for c := range d.clusters {
			if w := weight(c); w != 0 {
				sa.plus(ta[c], w)
				sb.plus(tb[c], w)
			}
		}
		ma, mb := sa.words(), sb.words()
		fa, _ := ma.macroF1(same) // 0 of a resample without a case of any class
		fb, _ := mb.macroF1(same)
		return fb - fa
	}
	e := Estimate{Value: difference(func(int) float64 { return 1 })}
	values := make([]float64, 0, boot.resamples())
	below, above := 1, 1
	boot.run(&d, func(weights []float64) {
		v := difference(func(c int) float64 { return weights[c] })
		below += int(one(v <= 0))
		above += int(one(v >= 0))
		values = append(values, v)
	})
	e.Low, e.High = interval(values)
	p.Delta, p.DeltaP = &e, min(1, 2*float64(min(below, above))/float64(boot.resamples()+1))
}

// McNemar returns the p-value of the exact two-sided test that, of the cases on which two judges
// disagree, each is right as often, where a and b are how often the one and the other is. It is 1
// where they never disagree.
func McNemar(a, b int) float64 {
	n, k := a+b, min(a, b)
	if n <= 0 || k < 0 {
		return 1
	}
	// The sum of C(n,i)/2^n for i up to k, each by its logarithm: the coefficients of some thousand
	// cases are beyond a float64.
	log := func(i int) float64 {
		return lgamma(n+1) - lgamma(i+1) - lgamma(n-i+1) - float64(n)*math.Ln2
	}
	top, sum := log(k), 0.0
	for i := k; i >= 0; i-- {
		term := math.Exp(log(i) - top)
		sum += term
		if term < 1e-18 { // they fall from here on
			break
		}
	}
	return min(1, 2*math.Exp(top+math.Log(sum)))
}

func lgamma(n int) float64 {
	v, _ := math.Lgamma(float64(n))
	return v
}

// Holm adjusts the p-values of several tests, so that the chance of one false finding among all is
// no higher than the level that each adjusted one is held against.
func Holm(ps []float64) []float64 {
	order := make([]int, len(ps))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if ps[a] < ps[b] {
			return -1
		}
		return int(one(ps[a] > ps[b]))
	})
	out := make([]float64, len(ps))
	worst := 0.0
	for rank, i := range order {
		worst = max(worst, min(1, ps[i]*float64(len(ps)-rank)))
		out[i] = worst
	}
	return out
}

// Discordance is the share of cases on which two judges are assumed to differ where the smallest
// difference that can be seen is given.
const Discordance = 0.15

// DetectableDifference returns the smallest difference in the share of right verdicts that McNemar's
// test at the 5 % level finds in four of five comparisons on n cases that are independent of each
// other, where the judges differ on [Discordance] of them. It is 1 where n is too small for any.
func DetectableDifference(n int) float64 {
	if n <= 0 {
		return 1
	}
	const power = 0.8
	za, zb := normalQuantile((1+confidence)/2), normalQuantile(power)
	delta := 0.0
	for range 50 { // a contraction: the difference enters only the smaller term
		delta = (za*math.Sqrt(Discordance) + zb*math.Sqrt(max(0, Discordance-delta*delta))) / math.Sqrt(float64(n))
	}
	if delta > Discordance { // it cannot be larger than where they differ
		return 1
	}
	return delta
}
