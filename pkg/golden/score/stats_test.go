package score

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// TestMcNemar: reference values are binomial tail sums, for small counts by hand, else by the
// normal approximation with continuity correction.
func TestMcNemar(t *testing.T) {
	for _, tc := range []struct {
		a, b int
		want float64
	}{
		{0, 0, 1},
		{5, 5, 1},
		{0, 5, 2.0 / 32},
		{1, 5, 2 * 7.0 / 64},
		{2, 8, 2 * 56.0 / 1024},
		{0, 10, 2.0 / 1024},
		{3, 12, 2 * 576.0 / 32768},
		{-1, 2, 1},
	} {
		require.InDelta(t, tc.want, McNemar(tc.a, tc.b), 1e-12, "%d %d", tc.a, tc.b)
		require.Equal(t, McNemar(tc.a, tc.b), McNemar(tc.b, tc.a))
	}
	z := (50_300 - 49_700 - 1) / math.Sqrt(100_000)
	require.InDelta(t, math.Erfc(z/math.Sqrt2), McNemar(49_700, 50_300), 1e-4)
	tiny := McNemar(0, 100_000)
	require.Zero(t, tiny, "below what a float64 can tell, and not NaN")
}

func TestHolm(t *testing.T) {
	require.InDeltaSlice(t, []float64{0.03, 0.06, 0.06, 0.02}, Holm([]float64{0.01, 0.04, 0.03, 0.005}), 1e-12)
	require.Equal(t, []float64{1, 1}, Holm([]float64{0.9, 0.8}))
	require.Empty(t, Holm(nil))
}

// TestDetectableDifference: the sample sizes of the reference.
func TestDetectableDifference(t *testing.T) {
	for n, want := range map[int]float64{100: 0.107, 200: 0.076, 300: 0.062, 600: 0.044} {
		require.InDelta(t, want, DetectableDifference(n), 5e-4, "%d", n)
	}
	require.Equal(t, 1.0, DetectableDifference(0))
	require.Equal(t, 1.0, DetectableDifference(10))
}

func TestWilson(t *testing.T) {
	low, high := Wilson(0, 60)
	require.Zero(t, low)
	require.InDelta(t, 0.0602, high, 1e-4)
	low, high = Wilson(15, 50) // Newcombe 1998, table I, method 3 gives such intervals; computed by its formula
	require.InDelta(t, 0.1910, low, 1e-4)
	require.InDelta(t, 0.4375, high, 1e-4)
	low, high = Wilson(0, 0)
	require.Equal(t, []float64{0, 1}, []float64{low, high})
}

// believing are results with a probability; every n-th of the first hits of ten is an incident.
func believing(p float64, incidents, n, from int) []golden.Result {
	var out []golden.Result
	for i := range n {
		s := verdict.Healthy
		if i < incidents {
			s = verdict.Critical
		}
		r := result(from+i, s, s)
		r.Probability = p
		out = append(out, r)
	}
	return out
}

// TestECEByHand: ten bins whose distances are known, one probability each.
func TestECEByHand(t *testing.T) {
	var results []golden.Result
	want, brier := 0.0, 0.0
	for k := range 10 {
		p, hits := 0.05+0.1*float64(k), (k*k)%11
		results = append(results, believing(p, min(hits, 10), 10, len(results))...)
		share := float64(min(hits, 10)) / 10
		want += math.Abs(p-share) / 10
		brier += (share*(1-p)*(1-p) + (1-share)*p*p) / 10
	}
	s := measure(results)
	require.InDelta(t, want, s.Figures[ECE].Value, 1e-12)
	require.InDelta(t, brier, s.Figures[Brier].Value, 1e-12)
	require.Len(t, s.Reliability, 10)
	require.Equal(t, 10, s.Reliability[3].Cases)

	// Many equal ones do not swallow the few before them.
	tie := append(believing(0.1, 1, 5, 0), append(believing(0.8, 40, 60, 5), believing(0.9, 30, 35, 65)...)...)
	bins := Reliability(tie)
	require.Len(t, bins, 3)
	require.Equal(t, Bin{Low: 0.1, High: 0.1, Probability: 0.1, Share: 0.2, Cases: 5}, bins[0])

	// One value for all is one bin, whatever the order.
	one := measure(believing(0.7, 3, 10, 0))
	require.Len(t, one.Reliability, 1)
	require.InDelta(t, 0.4, one.Figures[ECE].Value, 1e-12)
	require.InDelta(t, 0.0, measure(believing(0.3, 3, 10, 0)).Figures[ECE].Value, 1e-12)
}

// drawn draws cases whose true log-odds of an incident are slope times the stated ones plus
// intercept.
func drawn(random *rand.Rand, n int, slope, intercept float64) []golden.Result {
	var out []golden.Result
	for i := range n {
		x := random.NormFloat64() * 2
		s := verdict.Healthy
		if random.Float64() < logistic(slope*x+intercept) {
			s = verdict.Critical
		}
		r := result(i, s, s)
		r.Probability = logistic(x)
		out = append(out, r)
	}
	return out
}

func TestFitFindsSlopeAndIntercept(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, want := range [][2]float64{{1, 0}, {0.4, -1}, {1.8, 0.7}} {
		c, ok := Fit(drawn(random, 20_000, want[0], want[1]))
		require.True(t, ok)
		require.InDelta(t, want[0], c.Slope, 0.08)
		require.InDelta(t, want[1], c.Intercept, 0.08)
		require.Equal(t, 20_000, c.Cases)
	}
	// What it learned of one sample makes another better calibrated.
	c, _ := Fit(drawn(random, 400, 0.4, -1))
	test := drawn(random, 2_000, 0.4, -1)
	s := Measure(Run{Results: test}, c, Bootstrap{Resamples: 50})
	require.Less(t, s.Figures[ECE].Value, 0.06)
	require.Greater(t, s.Figures[ECERaw].Value, 0.15)
	require.Less(t, s.Figures[Brier].Value, s.Figures[BrierRaw].Value)
	require.NotEmpty(t, s.ReliabilityRaw)
}

func TestFitIsCareful(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for name, results := range map[string][]golden.Result{
		"none":      nil,
		"few":       drawn(random, 20, 1, 0),
		"one class": believing(0.4, 0, 200, 0),
		"rules":     table(map[[2]verdict.Severity]int{{0, 0}: 100, {3, 3}: 100}),
	} {
		c, ok := Fit(results)
		require.False(t, ok, name)
		require.Zero(t, c, name)
		require.Equal(t, 0.3, c.Apply(0.3))
	}
	// A model whose probabilities point the wrong way keeps their order and loses their weight.
	c, ok := Fit(drawn(random, 2_000, -1, 0.5))
	require.True(t, ok)
	require.Equal(t, minSlope, c.Slope)
	require.NoError(t, c.Check())
	// Certain and right: separable, so that only the prior holds the slope.
	c, ok = Fit(append(believing(0, 0, 50, 0), believing(1, 50, 50, 50)...))
	require.True(t, ok)
	require.NoError(t, c.Check())
}

// clustered draws results whose verdicts are right or wrong by group, with families' own
// difficulty.
func clustered(random *rand.Rand, families, groups, size int, luck func(f int) float64) []golden.Result {
	var out []golden.Result
	for f := range families {
		for g := range groups {
			right := random.Float64() < luck(f)
			for c := range size {
				expected := []verdict.Severity{0, 2, 3}[c%3]
				given := expected
				if !right && random.Float64() < 0.8 || right && random.Float64() < 0.1 {
					given = []verdict.Severity{2, 3, 0}[c%3]
				}
				r := result(len(out), expected, given)
				r.Family, r.GroupID = fmt.Sprint("f", f), fmt.Sprint("f", f, "g", g)
				out = append(out, r)
			}
		}
	}
	return out
}

// TestCoverage: intervals of samples hold the truth about as often as they say. With three groups a
// family, intervals from drawing three of three hold it far too seldom.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	luck := func(f int) float64 { return []float64{0.9, 0.5, 0.7, 0.3}[f%4] }
	truth := measure(clustered(random, 12, 2000, 3, luck)).Figures[MacroF1].Value
	hits, runs := 0, 200
	for i := range runs {
		s := Measure(Run{Results: clustered(random, 12, 3, 3, luck)}, verdict.Calibration{}, Bootstrap{Resamples: 300, Seed: uint64(i)})
		e := s.Figures[MacroF1]
		hits += int(one(e.Low <= truth && truth <= e.High))
	}
	coverage := float64(hits) / float64(runs)
	require.Greater(t, coverage, 0.89)
	require.Less(t, coverage, 0.99)
}

// TestSingleClusters: windows that were recorded are a family each, and vary all the same.
func TestSingleClusters(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	results := clustered(random, 60, 1, 3, func(int) float64 { return 0.6 })
	e := measure(results).Figures[MacroF1]
	require.Greater(t, e.High-e.Low, 0.1)
	d := newDesign(results)
	require.Len(t, d.strata, 1)
	require.Equal(t, 60, d.clusters)
	require.Len(t, newDesign(append(results, clustered(random, 61, 2, 3, luckyHalf)[60*6:]...)).strata, 2)
	lone := append(clustered(random, 1, 1, 3, luckyHalf), clustered(random, 2, 2, 3, luckyHalf)[6:]...)
	require.Len(t, newDesign(lone).strata, 1, "a single one joins another")
	require.Len(t, newDesign(lone[:3]).strata, 1)
}

func luckyHalf(int) float64 { return 0.5 }

func TestCompare(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	a := Run{Results: clustered(random, 10, 5, 6, func(int) float64 { return 0.5 })}
	b := Run{Results: append([]golden.Result(nil), a.Results...)}
	same := Compare(a, b, Bootstrap{Resamples: 500})
	require.Equal(t, 300, same.Cases)
	require.Equal(t, 50, same.Groups)
	require.Equal(t, Estimate{}, *same.Delta)
	require.Equal(t, 1.0, same.DeltaP)
	require.Equal(t, 1.0, same.McNemar)

	better := 0
	for i := range b.Results {
		if r := &b.Results[i]; !Right(r) && better < 40 {
			r.Severity = r.Expected.Severity
			better++
		}
	}
	p := Compare(a, b, Bootstrap{Resamples: 500})
	require.Equal(t, 40, p.BRight)
	require.Zero(t, p.ARight)
	require.Equal(t, 300, p.Both+p.BRight+p.Neither)
	require.InDelta(t, math.Ldexp(1, -39), p.McNemar, 1e-18)
	require.Positive(t, p.Delta.Low)
	require.Less(t, p.DeltaP, 0.01)
	mirror := Compare(b, a, Bootstrap{Resamples: 500})
	require.InDelta(t, -p.Delta.Value, mirror.Delta.Value, 1e-12)
	require.InDelta(t, -p.Delta.High, mirror.Delta.Low, 1e-12)

	b.Results = b.Results[1:]
	b.Results[3].CaseHash = "other"
	b.Results[4].Expected.Severity = 1
	b.Results = append(b.Results, result(9_000, 0, 0))
	p = Compare(a, b, Bootstrap{Resamples: 10})
	require.Equal(t, []int{1, 1, 2, 297}, []int{p.OnlyA, p.OnlyB, p.Differ, p.Cases})

	none := Compare(a, Run{}, Bootstrap{})
	require.Nil(t, none.Delta)
	require.Equal(t, 1.0, none.McNemar)
}

// TestSpeed: a report on a thousand cases with all resamples is a matter of seconds.
func TestSpeed(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	results := clustered(random, 20, 12, 4, luckyHalf)
	begin := time.Now()
	Measure(Run{Results: results}, verdict.Calibration{}, Bootstrap{})
	t.Log(time.Since(begin))
	require.Less(t, time.Since(begin), 30*time.Second)
}
