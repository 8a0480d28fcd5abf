package analysis

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

var seriesStart = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

const seriesStep = 15 * time.Second

// seriesOf returns n points, one a step.
func seriesOf(n int, value func(i int) float64) []loki.Point {
	out := make([]loki.Point, n)
	for i := range out {
		out[i] = loki.Point{Time: seriesStart.Add(time.Duration(i) * seriesStep), Value: value(i)}
	}
	return out
}

// stepped is 0, then height from the point at on.
func stepped(at int, height float64) func(int) float64 {
	return func(i int) float64 {
		if i < at {
			return 0
		}
		return height
	}
}

func seeded(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 1)) }

// poisson draws a count by multiplying uniform numbers.
func poisson(r *rand.Rand, mean float64) float64 {
	n := 0
	for p := r.Float64(); p > math.Exp(-mean); p *= r.Float64() {
		n++
	}
	return float64(n)
}

// changesOf renders change points as index:before->after.
func changesOf(points []loki.Point) (out []string) {
	for _, c := range changePoints(points) {
		out = append(out, fmt.Sprintf("%d:%.3g->%.3g", c.Time.Sub(seriesStart)/seriesStep, c.Before, c.After))
	}
	return out
}

func TestChangePointsOfExactSeries(t *testing.T) {
	bump := func(from, to int) func(int) float64 {
		return func(i int) float64 { return stepped(from, 4)(i) - stepped(to, 4)(i) }
	}
	for name, tc := range map[string]struct {
		n     int
		value func(i int) float64
		want  []string
	}{
		"constant":                   {240, func(int) float64 { return 7 }, nil},
		"rounding errors":            {240, func(i int) float64 { return 0.3 + float64(i%2)*1e-16 }, nil},
		"a step":                     {240, stepped(100, 5), []string{"100:0->5"}},
		"a step of few points":       {10, stepped(5, 5), []string{"5:0->5"}},
		"too few points":             {9, stepped(5, 5), nil},
		"a replica less":             {240, func(i int) float64 { return 5 - stepped(200, 1)(i) }, []string{"200:5->4"}},
		"up and down again":          {240, bump(100, 130), []string{"100:0->4", "130:4->0"}},
		"the shortest segment":       {240, bump(100, 112), []string{"100:0->4", "112:4->0"}},
		"shorter than a segment":     {240, bump(100, 111), nil},
		"a spike":                    {240, func(i int) float64 { return 1000 * bump(77, 78)(i) }, nil},
		"a spike at the start":       {240, bump(0, 2), nil},
		"a spike at the end":         {240, bump(239, 240), nil},
		"a spike beside a step":      {240, func(i int) float64 { return stepped(100, 5)(i) + 1e6*bump(50, 51)(i) }, []string{"100:0->5"}},
		"a ramp":                     {240, func(i int) float64 { return float64(i) }, nil},
		"a falling ramp":             {240, func(i int) float64 { return 1000 - 0.7*float64(i) }, nil},
		"a ramp to a plateau":        {240, func(i int) float64 { return float64(min(i, 120)) }, nil},
		"a shift behind a ramp":      {240, func(i int) float64 { return float64(min(i, 150)) / 10 * (1 + stepped(150, 1)(i)) }, []string{"150:14.9->30"}},
		"a drop behind a ramp":       {240, func(i int) float64 { return float64(i) / 10 * (1 - stepped(150, 1)(i)) }, []string{"150:14->0"}},
		"valley":                     {240, func(i int) float64 { return math.Abs(float64(i - 120)) }, nil},
		"one period of a curve":      {240, func(i int) float64 { return math.Sin(float64(i) / 240 * 2 * math.Pi) }, nil},
		"many periods of a curve":    {240, func(i int) float64 { return math.Sin(float64(i) / 20 * 2 * math.Pi) }, nil},
		"an exponential rise":        {240, func(i int) float64 { return math.Exp(float64(i) / 60) }, nil},
		"invisible at four digits":   {240, func(i int) float64 { return 1e6 + stepped(100, 5)(i) }, nil},
		"no more than three":         {240, func(i int) float64 { return float64(i/40) * 4 }, []string{"40:0->4", "80:4->8", "120:8->12"}},
		"beyond what can be squared": {240, func(i int) float64 { return stepped(100, 1)(i) * math.MaxFloat64 }, nil},
	} {
		require.Equal(t, tc.want, changesOf(seriesOf(tc.n, tc.value)), name)
	}
}

// TestNoChangeInNoise: fewer than one of a hundred series of noise shows a change.
func TestNoChangeInNoise(t *testing.T) {
	const runs = 1000
	count := func(mean float64) func(*rand.Rand) float64 {
		return func(r *rand.Rand) float64 { return poisson(r, mean) }
	}
	for name, draw := range map[string]func(*rand.Rand) float64{
		"normal": func(r *rand.Rand) float64 { return 100 + 20*r.NormFloat64() }, "uniform": (*rand.Rand).Float64, "exponential": (*rand.Rand).ExpFloat64,
		"rare": count(0.05), "few": count(0.5), "some": count(3), "many": count(100),
	} {
		for _, n := range []int{12, 30, 120, 241} {
			alarms := 0
			for seed := range runs {
				r := seeded(seed)
				if len(changePoints(seriesOf(n, func(int) float64 { return draw(r) }))) > 0 {
					alarms++
				}
			}
			require.Less(t, alarms, runs/100, "%s, %d points", name, n)
		}
	}
}

// TestFewChangesInWanderingSeries: rates over ranges that overlap wander, and so does
// a daily curve in its noise.
func TestFewChangesInWanderingSeries(t *testing.T) {
	const runs, overlap = 1000, 20
	alarms := func(series func(r *rand.Rand) func(i int) float64) (n int) {
		for seed := range runs {
			n += min(1, len(changePoints(seriesOf(241, series(seeded(seed))))))
		}
		return n
	}
	require.Less(t, alarms(func(r *rand.Rand) func(int) float64 {
		counts := make([]float64, 241+overlap)
		for i := range counts {
			counts[i] = poisson(r, 3)
		}
		return func(i int) (sum float64) {
			for _, c := range counts[i : i+overlap] {
				sum += c
			}
			return sum
		}
	}), runs/100)
	require.Less(t, alarms(func(r *rand.Rand) func(int) float64 {
		return func(i int) float64 { return 5*math.Sin(float64(i)/240*2*math.Pi) + r.NormFloat64() }
	}), runs/4)
}

// TestChangePointsInNoise: a step of three standard deviations is found, once and in
// its place.
func TestChangePointsInNoise(t *testing.T) {
	const runs = 200
	for name, noise := range map[string]func(*rand.Rand, float64) float64{
		"normal": func(r *rand.Rand, level float64) float64 { return level*3 + r.NormFloat64() },
		"counts": func(r *rand.Rand, level float64) float64 { return poisson(r, 1+5*level) },
	} {
		for _, n := range []int{60, 120, 241} {
			for _, at := range []int{n / 4, n / 2, n * 3 / 4} {
				hits := 0
				for seed := range runs {
					r := seeded(seed)
					points := seriesOf(n, func(i int) float64 { return noise(r, stepped(at, 1)(i)) })
					if c := changePoints(points); len(c) == 1 && math.Abs(float64(c[0].Time.Sub(points[at].Time)/seriesStep)) <= 3 {
						hits++
					}
				}
				require.GreaterOrEqual(t, hits, runs*9/10, "%s, %d points, step at %d", name, n, at)
			}
		}
	}
}

func TestGaps(t *testing.T) {
	window := loki.Window{Start: seriesStart, End: seriesStart.Add(20 * seriesStep)}
	for name, tc := range map[string]struct {
		steps   []int
		want    []string
		missing int
	}{
		"none":           {[]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, nil, 0},
		"at both ends":   {[]int{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}, []string{"0-2", "19-20"}, 5},
		"the longest":    {[]int{0, 2, 5, 6, 8, 13, 14, 15, 19, 20}, []string{"3-4", "9-12", "16-18"}, 11},
		"a lonely point": {[]int{10}, []string{"0-9", "11-20"}, 20},
	} {
		points := make([]loki.Point, len(tc.steps))
		for i, s := range tc.steps {
			points[i].Time = window.Start.Add(time.Duration(s) * seriesStep)
		}
		longest, missing := gaps(points, window, seriesStep)
		var got []string
		for _, g := range longest {
			got = append(got, fmt.Sprintf("%d-%d", g.Start.Sub(window.Start)/seriesStep, g.End.Sub(window.Start)/seriesStep))
			require.Equal(t, g.Missing, int(g.End.Sub(g.Start)/seriesStep)+1)
		}
		require.Equal(t, tc.want, got, name)
		require.Equal(t, tc.missing, missing, name)
	}
	// Steps that do not start with the window are no gap, nor are rounded times.
	shifted := []loki.Point{{Time: window.Start.Add(4 * time.Second)}, {Time: window.Start.Add(4*time.Second + 2*seriesStep - time.Millisecond)}}
	_, missing := gaps(shifted, loki.Window{Start: window.Start, End: window.Start.Add(3 * seriesStep)}, seriesStep)
	require.Equal(t, 1, missing)
}

func statsOf(points []loki.Point) SeriesStats {
	window := loki.Window{Start: seriesStart, End: seriesStart.Add(240 * seriesStep)}
	return condenseSeries(loki.Series{Labels: map[string]string{"app": "shop"}, Points: points}, window, seriesStep)
}

func TestSeriesText(t *testing.T) {
	spike := stepped(200, 900)
	for _, tc := range []struct {
		points []loki.Point
		want   string
	}{
		{seriesOf(241, func(int) float64 { return 5 }), `{app="shop"} points=241 constant=5`},
		{seriesOf(241, stepped(100, 12.3456)), `{app="shop"} points=241 first=0 last=12.35 min=0 max=12.35 mean=7.223 slope=17.91/h changes=0->12.35@middle`},
		{seriesOf(241, func(i int) float64 { return spike(i) - spike(i-1) }), `{app="shop"} points=241 first=0 last=0 min=0 max=900 mean=3.734 slope=14.81/h peak=end`},
		{slices.Delete(seriesOf(240, stepped(100, 5)), 10, 30), `{app="shop"} points=220 first=0 last=5 min=0 max=5 mean=3.182 slope=7.365/h changes=0->5@middle missing=21:20@start,1@end`},
		{seriesOf(241, stepped(100, 5))[240:], `{app="shop"} points=1 constant=5 missing=240:240@start`},
	} {
		require.Equal(t, tc.want, statsOf(tc.points).Text())
	}
}

func TestRankSeries(t *testing.T) {
	r := seeded(1)
	noise := func(int) float64 { return 100 + r.NormFloat64() }
	series := []SeriesStats{
		0: statsOf(seriesOf(241, noise)),
		1: statsOf(seriesOf(241, stepped(240, 9))), // a spike moves most, but is no change
		2: statsOf(seriesOf(200, noise)),
		3: statsOf(seriesOf(241, func(i int) float64 { return 100 + stepped(50, 10)(i) })),
		4: statsOf(seriesOf(241, func(i int) float64 { return 100 + stepped(50, 50)(i) })),
	}
	require.Equal(t, []int{4, 3, 2, 1, 0}, rankSeries(series))
}

func FuzzChangePoints(f *testing.F) {
	f.Add([]byte("a series of bytes, each a value"), 1.0, 0.0)
	f.Add([]byte("aaaaaaaaaaaaaaaazzzzzzzzzzzzzzzzzzzz"), 1e300, -1e308)
	f.Add([]byte("aaaaaaaaaaaaaaaazzzzzzzzzzzzzzzzzzzz"), 1e-320, 5.0)
	f.Fuzz(func(t *testing.T, values []byte, scale, offset float64) {
		points := seriesOf(len(values), func(i int) float64 { return float64(values[i])*scale + offset })
		points = slices.DeleteFunc(points, func(p loki.Point) bool { return math.IsNaN(p.Value) || math.IsInf(p.Value, 0) })
		if len(points) == 0 {
			return
		}
		changes := changePoints(points)
		require.LessOrEqual(t, len(changes), maxChanges)
		last := points[0].Time
		for _, c := range changes {
			require.True(t, c.Time.After(last))
			require.False(t, math.IsNaN(c.Before+c.After))
			last = c.Time
		}
		require.Equal(t, changes, changePoints(points))
	})
}

// BenchmarkCondenseSeries takes as many series as a query may have.
func BenchmarkCondenseSeries(b *testing.B) {
	series := make([][]loki.Point, 500)
	for i := range series {
		r := seeded(i)
		series[i] = seriesOf(241, func(k int) float64 { return stepped(i%240, 3)(k) + r.NormFloat64() })
	}
	for b.Loop() {
		for _, points := range series {
			statsOf(points)
		}
	}
}
