package score

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// confidence is that of all intervals.
const confidence = 0.95

// An Estimate is a figure with its 95 % confidence interval.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Bootstrap says how intervals are computed: by a cluster bootstrap, stratified by family.
// Cases of one group tell the same story and are drawn together, for they are right or wrong
// together.
type Bootstrap struct {
	// Resamples is how many times to draw, 10,000 where it is 0.
	Resamples int
	// Seed makes two computations give the same intervals.
	Seed uint64
}

const defaultResamples = 10_000

func (b Bootstrap) resamples() int {
	if b.Resamples <= 0 {
		return defaultResamples
	}
	return b.Resamples
}

// A design is the clusters of cases and their strata.
type design struct {
	// cluster is that of each case.
	cluster []int
	// strata are the clusters by family. Families with one cluster only, as windows that
	// were recorded are, make up one stratum together: drawn from itself a cluster would
	// seem to vary not at all.
	strata   [][]int
	clusters int
}

// newDesign sorts results, which are one a case, into clusters. It depends on the groups'
// names only, not on the order of the results.
func newDesign(results []golden.Result) design {
	type key struct{ family, group string }
	keys := make([]key, 0, len(results))
	for i := range results {
		keys = append(keys, key{results[i].Family, cmp.Or(results[i].GroupID, results[i].Case)})
	}
	sorted := slices.SortedFunc(slices.Values(keys), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.family, b.family), cmp.Compare(a.group, b.group))
	})
	sorted = slices.Compact(sorted)
	number := make(map[key]int, len(sorted))
	var d design
	var single []int
	for i := 0; i < len(sorted); {
		var stratum []int
		for family := sorted[i].family; i < len(sorted) && sorted[i].family == family; i++ {
			number[sorted[i]] = i
			stratum = append(stratum, i)
		}
		if len(stratum) == 1 {
			single = append(single, stratum...)
		} else {
			d.strata = append(d.strata, stratum)
		}
	}
	switch {
	case len(single) > 1 || len(d.strata) == 0 && len(single) > 0:
		d.strata = append(d.strata, single)
	case len(single) == 1:
		d.strata[0] = append(d.strata[0], single...)
	}
	for _, k := range keys {
		d.cluster = append(d.cluster, number[k])
	}
	d.clusters = len(sorted)
	return d
}

// draw sets the clusters' weights of one resample. Of the m clusters of a stratum it draws
// m-1 with replacement and lets each weigh m/(m-1) (Rao and Wu, Resampling inference with
// complex survey data, 1988): drawing m of few clusters understates how much they vary, by
// half where m is 2.
func (d *design) draw(random *rand.Rand, weights []float64) {
	clear(weights)
	for _, stratum := range d.strata {
		m := len(stratum)
		if m == 1 {
			weights[stratum[0]] = 1
			continue
		}
		w := float64(m) / float64(m-1)
		for range m - 1 {
			weights[stratum[random.IntN(m)]] += w
		}
	}
}

func (b Bootstrap) random() *rand.Rand {
	return rand.New(rand.NewPCG(b.Seed, 0x6c6f6b616c797374)) //nolint:gosec // resamples must be the same each time
}

// run calls f with the weights of each resample.
func (b Bootstrap) run(d *design, f func(weights []float64)) {
	random, weights := b.random(), make([]float64, d.clusters)
	for range b.resamples() {
		d.draw(random, weights)
		f(weights)
	}
}

// interval returns the values' percentile interval. It sorts them.
func interval(values []float64) (low, high float64) {
	slices.Sort(values)
	return quantile(values, (1-confidence)/2), quantile(values, (1+confidence)/2)
}

// quantile interpolates linearly in sorted values, of which there is at least one.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Wilson returns the 95 % interval of a ratio of n independent trials (Wilson, 1927); 0 to 1
// without any.
func Wilson(hits, n float64) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	z := normalQuantile((1 + confidence) / 2)
	p := hits / n
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, min(p, centre-half)), min(1, max(p, centre+half))
}

// normalQuantile is that of the standard normal distribution.
func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// probabilities are the beliefs that an ECE is computed of.
type probabilities struct {
	name    string
	beliefs []belief
}

// figures puts the value and the interval of each figure into a map.
func (b Bootstrap) figures(results []golden.Result, d *design, list []mean, eces []probabilities, into map[string]Estimate) {
	whole, clusters, drawn := newTally(list), tallies(results, d, list), newTally(list)
	for _, t := range clusters {
		whole.plus(t, 1)
	}
	names, all := figureNames(list), whole.words()
	values := make([][]float64, len(names)+len(eces))
	whole.values(list, all.classes(), func(i int, v float64) {
		into[names[i]] = Estimate{Value: v, Low: v, High: v}
		values[i] = make([]float64, 0, b.resamples())
	})
	if len(results) == 0 {
		return
	}
	b.run(d, func(weights []float64) {
		clear(drawn)
		for c, w := range weights {
			if w != 0 {
				drawn.plus(clusters[c], w)
			}
		}
		drawn.values(list, all.classes(), func(i int, v float64) { values[i] = append(values[i], v) })
		for i, e := range eces {
			bins := bin(e.beliefs, weights)
			if v, ok := ece(&bins); ok {
				values[len(names)+i] = append(values[len(names)+i], v)
			}
		}
	})
	for i, name := range names {
		if e, ok := into[name]; ok && len(values[i]) > 0 {
			e.Low, e.High = interval(values[i])
			if i < len(list) {
				e = widen(e, list[i], clusters, i)
			}
			into[name] = e
		}
	}
	for i, e := range eces {
		bins := bin(e.beliefs, nil)
		if v, ok := ece(&bins); ok {
			into[e.name] = eceEstimate(v, values[len(names)+i])
		}
	}
}

// tallies counts each cluster's cases.
func tallies(results []golden.Result, d *design, list []mean) []tally {
	out := make([]tally, d.clusters)
	for i := range out {
		out[i] = newTally(list)
	}
	for i := range results {
		out[d.cluster[i]].add(&results[i], list)
	}
	return out
}

// widen gives an interval to a ratio that is 0 or 1 in each cluster, where a resample can
// say nothing else: Wilson's of as many trials as there are clusters that take part.
func widen(e Estimate, m mean, clusters []tally, i int) Estimate {
	if e.Low != e.High || (m.kind != aRatio && m.kind != aCount) {
		return e
	}
	sum, of, trials := 0.0, 0.0, 0.0
	for _, t := range clusters {
		if s, n := t.mean(i); n > 0 {
			sum, of, trials = sum+s, of+n, trials+1
		}
	}
	if sum != 0 && sum != of {
		return e
	}
	e.Low, e.High = Wilson(sum/of*trials, trials)
	if m.kind == aCount {
		e.Low, e.High = e.Low*of, e.High*of
	}
	return e
}

// eceEstimate turns the resamples' interval around the value: the ECE of a resample lies above
// that of the sample, because chance itself looks like bad calibration.
func eceEstimate(value float64, resampled []float64) Estimate {
	e := Estimate{value, value, value}
	if len(resampled) > 0 {
		low, high := interval(resampled)
		e.Low, e.High = max(0, min(value, 2*value-high)), min(1, max(value, 2*value-low))
	}
	return e
}
