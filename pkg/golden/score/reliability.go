package score

import (
	"cmp"
	"math"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// reliabilityBins is how many bins of about equal mass the ECE has.
const reliabilityBins = 10

// A Bin compares the probability of an incident that a model gave to some cases, in the mean,
// with the share of them that are incidents.
type Bin struct {
	// Low and High are the smallest and the largest probability in the bin.
	Low         float64 `json:"low"`
	High        float64 `json:"high"`
	Probability float64 `json:"probability"`
	Share       float64 `json:"share"`
	Cases       int     `json:"cases"`
}

// A belief is the probability of an incident that was given to a case, and whether it is one.
type belief struct {
	p       float64
	y       float64
	cluster int
}

// beliefs returns those of results that have any, from the smallest. The cluster is that of
// the design, or 0 without one.
func beliefs(results []golden.Result, d *design) []belief {
	var out []belief
	for i := range results {
		if r := &results[i]; believed(r) {
			b := belief{p: r.Probability, y: one(r.Expected.Severity == verdict.Critical)}
			if d != nil {
				b.cluster = d.cluster[i]
			}
			out = append(out, b)
		}
	}
	slices.SortFunc(out, func(a, b belief) int {
		return cmp.Or(cmp.Compare(a.p, b.p), cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.y, b.y))
	})
	return out
}

// A mass is what falls into a bin.
type mass struct{ weight, p, y, low, high float64 }

// bin sorts beliefs into at most ten bins of about equal weight. Equal probabilities fall into
// one bin, that of their middle: which of them comes first is chance.
func bin(sorted []belief, weights []float64) (bins [reliabilityBins]mass) {
	weight := func(b belief) float64 {
		if weights == nil {
			return 1
		}
		return weights[b.cluster]
	}
	total := 0.0
	for _, b := range sorted {
		total += weight(b)
	}
	before := 0.0
	for i := 0; i < len(sorted); {
		p, w, y := sorted[i].p, 0.0, 0.0
		for ; i < len(sorted) && sorted[i].p == p; i++ {
			w += weight(sorted[i])
			y += weight(sorted[i]) * sorted[i].y
		}
		if w == 0 {
			continue
		}
		m := &bins[min(reliabilityBins-1, int((before+w/2)/total*reliabilityBins))]
		if m.weight == 0 {
			m.low = p
		}
		m.weight, m.p, m.y, m.high = m.weight+w, m.p+w*p, m.y+y, p
		before += w
	}
	return bins
}

// ece is the expected calibration error: the mean distance of probability and share, by the
// bins' weight.
func ece(bins *[reliabilityBins]mass) (float64, bool) {
	sum, total := 0.0, 0.0
	for _, m := range bins {
		sum += math.Abs(m.p - m.y)
		total += m.weight
	}
	if total == 0 {
		return 0, false
	}
	return sum / total, true
}

// Reliability returns the bins of the probabilities of an incident that results hold, from the
// lowest; none where there are none.
func Reliability(results []golden.Result) []Bin {
	bins := bin(beliefs(results, nil), nil)
	var out []Bin
	for _, m := range bins {
		if m.weight > 0 {
			out = append(out, Bin{Low: m.low, High: m.high, Probability: m.p / m.weight, Share: m.y / m.weight, Cases: int(m.weight)})
		}
	}
	return out
}
