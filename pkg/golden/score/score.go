package score

import (
	"maps"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// A Score is what one judge reached on some cases.
type Score struct {
	Judge  golden.Judge `json:"judge"`
	Cases  int          `json:"cases"`
	Groups int          `json:"groups"`
	// Confusion has the order of [Words]; F1 is that of each word.
	Confusion Matrix             `json:"confusion"`
	F1        map[string]float64 `json:"f1"`
	// Figures are by the names of this package's constants. What cannot be had of these cases
	// is not among them.
	Figures map[string]Estimate `json:"figures"`
	// Reliability is that of the probabilities after the calibration, ReliabilityRaw before,
	// where there is one.
	Reliability    []Bin    `json:"reliability,omitempty"`
	ReliabilityRaw []Bin    `json:"reliability_raw,omitempty"`
	Needles        []Needle `json:"needles,omitempty"`
	Costs          Costs    `json:"costs"`
	Families       []Slice  `json:"families"`
	Tags           []Slice  `json:"tags,omitempty"`
}

// A Slice is the figures of some of the cases, without intervals.
type Slice struct {
	Name    string             `json:"name"`
	Cases   int                `json:"cases"`
	Figures map[string]float64 `json:"figures"`
}

// A Needle is how often the lines that must be cited were shown to the judge and were cited, in
// windows of more than the last size's and at most Lines lines; 0 is without a bound. The cases
// are those with the tag needle.
type Needle struct {
	Lines int `json:"lines"`
	Cases int `json:"cases"`
	Shown int `json:"shown"`
	Found int `json:"found"`
}

// Costs are what the judgements took. Times are in seconds; those of replayed answers are as
// they were measured when the model wrote them.
type Costs struct {
	PromptTokens Quantiles `json:"prompt_tokens,omitzero"`
	AnswerTokens Quantiles `json:"answer_tokens,omitzero"`
	Latency      Quantiles `json:"latency_seconds,omitzero"`
	CPU          Quantiles `json:"cpu_seconds,omitzero"`
}

// Quantiles describe the values above 0, of which there are N.
type Quantiles struct {
	N    int     `json:"n"`
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
}

// Measure returns what a run reached, its probabilities calibrated first. The calibration must
// come from other cases, see [Fit]; the zero value leaves them as they are.
func Measure(run Run, calibration verdict.Calibration, boot Bootstrap) Score {
	s := subjectOf(run, calibration)
	d := newDesign(run.Results)
	out := Score{Judge: run.Judge, Cases: len(run.Results), Groups: d.clusters, Confusion: Count(run.Results), Figures: map[string]Estimate{}, Costs: costs(run.Results), Needles: needles(run.Results)}
	out.F1 = out.Confusion.F1()
	calibrated := Calibrated(run.Results, calibration)
	out.Reliability = Reliability(calibrated)
	sample := []probabilities{{ECE, beliefs(calibrated, &d)}}
	if calibration.Cases > 0 {
		out.ReliabilityRaw = Reliability(run.Results)
		sample = append(sample, probabilities{ECERaw, beliefs(run.Results, &d)})
	}
	boot.figures(run.Results, &d, s.means(), sample, out.Figures)
	n := float64(len(run.Results))
	out.Figures[Cases] = Estimate{n, n, n}
	out.Families = s.slices(run.Results, func(r *golden.Result) []string { return []string{r.Family} })
	out.Tags = s.slices(run.Results, func(r *golden.Result) []string { return r.Tags })
	return out
}

// Splits returns the figures of a run by split.
func Splits(run Run, calibration verdict.Calibration) []Slice {
	s := subjectOf(run, calibration)
	return s.slices(run.Results, func(r *golden.Result) []string { return []string{string(r.Split)} })
}

// Figures returns the figures of a run without intervals and without a calibration.
func Figures(run Run) map[string]float64 {
	all := subjectOf(run, verdict.Calibration{}).slices(run.Results, func(*golden.Result) []string { return []string{""} })
	if len(all) == 0 {
		return map[string]float64{}
	}
	return all[0].Figures
}

func subjectOf(run Run, calibration verdict.Calibration) *subject {
	reruns, orders := stability(run)
	return &subject{calibration: calibration, reruns: reruns, orders: orders}
}

// stability says of each case with reruns whether all gave one verdict, and of each case told in
// several orders the same.
func stability(run Run) (reruns, orders map[string]bool) {
	reruns, orders = map[string]bool{}, map[string]bool{}
	first := make(map[string]int, len(run.Results))
	for i := range run.Results {
		first[run.Results[i].Case] = wordOf(run.Results[i].Severity)
	}
	for i := range run.Repeated {
		r := &run.Repeated[i]
		word, ok := first[r.Case]
		into := reruns
		if r.Order != 0 {
			into = orders
		}
		if !ok || (r.Order != 0 && r.Rerun != 0) { // two things changed at once
			continue
		}
		before, seen := into[r.Case]
		into[r.Case] = (before || !seen) && word == wordOf(r.Severity)
	}
	return reruns, orders
}

// slices returns the figures of the results that share a name, in the order of the names.
func (s *subject) slices(results []golden.Result, names func(*golden.Result) []string) []Slice {
	list := s.means()
	tallies, counts := map[string]tally{}, map[string]int{}
	for i := range results {
		r := &results[i]
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names(r)))) {
			if tallies[name] == nil {
				tallies[name] = newTally(list)
			}
			tallies[name].add(r, list)
			counts[name]++
		}
	}
	all := figureNames(list)
	out := make([]Slice, 0, len(tallies))
	for _, name := range slices.Sorted(maps.Keys(tallies)) {
		slice := Slice{Name: name, Cases: counts[name], Figures: map[string]float64{}}
		m := tallies[name].words()
		tallies[name].values(list, m.classes(), func(i int, v float64) { slice.Figures[all[i]] = v })
		out = append(out, slice)
	}
	return out
}

// needles sorts the needle cases by the size of their window.
func needles(results []golden.Result) []Needle {
	sizes := []Needle{{Lines: 300}, {Lines: 3_000}, {Lines: 30_000}, {Lines: 300_000}, {}}
	for i := range results {
		r := &results[i]
		if !needle(r) {
			continue
		}
		k := slices.IndexFunc(sizes, func(n Needle) bool { return r.Lines <= n.Lines || n.Lines == 0 })
		sizes[k].Cases++
		sizes[k].Shown += int(one(r.Evidence.Shown > 0))
		sizes[k].Found += int(one(r.Evidence.Found > 0))
	}
	return slices.DeleteFunc(sizes, func(n Needle) bool { return n.Cases == 0 })
}

func costs(results []golden.Result) Costs {
	seconds := func(d time.Duration) float64 { return d.Seconds() }
	return Costs{
		PromptTokens: quantiles(results, func(c *golden.Cost) float64 { return float64(c.PromptTokens) }),
		AnswerTokens: quantiles(results, func(c *golden.Cost) float64 { return float64(c.AnswerTokens) }),
		Latency:      quantiles(results, func(c *golden.Cost) float64 { return seconds(c.Latency) }),
		CPU:          quantiles(results, func(c *golden.Cost) float64 { return seconds(c.CPU) }),
	}
}

func quantiles(results []golden.Result, of func(*golden.Cost) float64) Quantiles {
	var values []float64
	sum := 0.0
	for i := range results {
		if v := of(&results[i].Cost); v > 0 {
			values = append(values, v)
			sum += v
		}
	}
	if len(values) == 0 {
		return Quantiles{}
	}
	slices.Sort(values)
	return Quantiles{N: len(values), Mean: sum / float64(len(values)), P50: quantile(values, 0.5), P95: quantile(values, 0.95)}
}
