package analysis

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// A ChangePoint is where the level of a series shifted for good, or for longer
// than a spike.
type ChangePoint struct {
	// Time is that of the first point at the other level.
	Time time.Time
	// Before and After are the levels on both sides, in the unit of the series: the
	// mean of the points up to the neighbouring change, or, where they follow a
	// slope, what it leads to.
	Before, After float64
}

const (
	// maxChanges is how many change points of a series are told.
	maxChanges = 3
	// minPoints is how many points show a level and a change of it.
	minPoints = 10
	// changePenalty, times the logarithm of the number of points, is what a change has
	// to explain, in units of the noise. Fewer than five in a thousand series of white
	// noise pay it.
	changePenalty = 3.5
	// outlier is how many standard deviations beside the points around it a spike lies.
	outlier = 4
	// finest is the least noise that is assumed, as a share of the values' range.
	finest = 0.01
	// leastCorrelation is the correlation of neighbours from which on distant points are
	// asked, too: those this part of all points apart.
	leastCorrelation, farDivisor = 0.3, 8
	// leastJump is the share of a change that must be seen right beside it.
	leastJump = 0.5
	// leastChange is the share of a level that a change must exceed to be told.
	leastChange = 1e-3
)

// changePoints finds where the level of a series shifts: it divides the points into
// segments, each a level or a slope, so that the squared distances in units of the
// noise plus a penalty for each segment are least. The noise is read off the
// differences between points, so that there is nothing to configure. Excursions of
// fewer than three points, or than a twentieth of all, are spikes.
func changePoints(points []loki.Point) []ChangePoint {
	n := len(points)
	shortest := max(3, (n+19)/20)
	if n < minPoints {
		return nil
	}
	x, back := stabilise(points)
	extent := extentOf(x, shortest-1)
	if extent == 0 {
		return nil
	}
	deviation, unit := noise(x, shortest, finest*extent)
	kept := clipSpikes(x, shortest-1, outlier*deviation)
	s := newSegmenter(x, unit, shortest)
	bounds := s.divide()
	var jumps []jump
	for i := 1; i+1 < len(bounds); i++ {
		a, b, c := bounds[i-1], bounds[i], bounds[i+1]
		j, ok := s.jump(a, b, c)
		if !ok {
			continue
		}
		j.Time = points[b].Time
		if j.sloped {
			j.Before, j.After = back(j.Before*unit+s.origin), back(j.After*unit+s.origin)
		} else {
			j.Before, j.After = meanOf(points, kept, a, b), meanOf(points, kept, b, c)
		}
		if math.Abs(j.After-j.Before) > leastChange*max(math.Abs(j.Before), math.Abs(j.After)) {
			jumps = append(jumps, j)
		}
	}
	return strongest(jumps)
}

// strongest returns the strongest jumps in the order of time.
func strongest(jumps []jump) []ChangePoint {
	slices.SortStableFunc(jumps, func(a, b jump) int { return cmp.Compare(b.strength, a.strength) })
	var out []ChangePoint
	for _, j := range jumps[:min(len(jumps), maxChanges)] {
		out = append(out, j.ChangePoint)
	}
	slices.SortFunc(out, func(a, b ChangePoint) int { return a.Time.Compare(b.Time) })
	return out
}

// stabilise returns the values with a variance that does not depend on their level,
// and the inverse: counts vary with the root of their mean, which Anscombe's
// transform evens out.
func stabilise(points []loki.Point) (x []float64, back func(float64) float64) {
	x = make([]float64, len(points))
	counts := true
	for i, p := range points {
		x[i] = p.Value
		counts = counts && p.Value >= 0 && p.Value == math.Trunc(p.Value)
	}
	if !counts {
		return x, func(v float64) float64 { return v }
	}
	for i, v := range x {
		x[i] = math.Sqrt(v + 0.375)
	}
	return x, func(v float64) float64 { return max(0, v*v-0.375) }
}

// noise returns the standard deviation of the points around their level, and that
// which their averages show as if they were independent, both no less than least.
// Neighbours that differ less than distant points are correlated, as in rates over
// overlapping ranges. Steps look so, too, but not between neighbours and their
// neighbours, which are asked first.
func noise(x []float64, shortest int, least float64) (deviation, longRun float64) {
	near := max(least, spread(x, 1))
	next := max(least, spread(x, 2)) / near
	// The formulas are those of first-order autoregression.
	correlation := max(0, next*next-1)
	deviation = near / math.Sqrt(max(1-correlation, 0.1))
	if correlation > leastCorrelation {
		deviation = max(near, spread(x, max(shortest, len(x)/farDivisor)))
		correlation = 1 - near*near/(deviation*deviation)
	}
	return deviation, deviation * math.Sqrt((1+correlation)/(1-correlation))
}

// spread returns the standard deviation that the differences of points lag apart
// suggest. Steps change few of them and ramps shift all, so they are taken around
// their median, and the greatest tenth, or what one step changes, is cut to what the
// others reach.
func spread(x []float64, lag int) float64 {
	d := make([]float64, len(x)-lag)
	for i := range d {
		d[i] = x[i+lag] - x[i]
	}
	slices.Sort(d)
	center := (d[(len(d)-1)/2] + d[len(d)/2]) / 2
	low, high := 0, len(d)-1
	for range max(len(d)/10, lag) {
		if center-d[low] > d[high]-center {
			low++
		} else {
			high--
		}
	}
	reach, squares := max(center-d[low], d[high]-center), 0.0
	for _, v := range d {
		v = min(math.Abs(v-center), reach)
		squares += v * v
	}
	const cut = 0.8313 // the variance that so cut normal numbers keep
	return math.Sqrt(squares / float64(len(d)) / cut / 2)
}

// extentOf returns the range of the values without the spikes greatest and least, 0
// where nothing else than rounding makes it.
func extentOf(x []float64, spikes int) float64 {
	sorted := slices.Clone(x)
	slices.Sort(sorted)
	low, high := sorted[spikes], sorted[len(x)-1-spikes]
	if high-low <= 1e-9*max(math.Abs(low), math.Abs(high)) || math.IsInf(high-low, 0) {
		return 0
	}
	return high - low
}

// clipSpikes replaces the points that lie further than limit from the median of the
// 2·half+1 points around them by that median, so that no excursion of up to half
// points is left, and tells which points were kept. At the ends, where the median
// of fewer points does not follow a slope, half of their range is allowed as well.
func clipSpikes(x []float64, half int, limit float64) (kept []bool) {
	raw := slices.Clone(x)
	kept = make([]bool, len(x))
	window := make([]float64, 0, 2*half+2) // sorted
	for i := range len(x) + half {
		if i < len(x) {
			at, _ := slices.BinarySearch(window, raw[i])
			window = slices.Insert(window, at, raw[i])
		}
		if i > 2*half {
			at, _ := slices.BinarySearch(window, raw[i-2*half-1])
			window = slices.Delete(window, at, at+1)
		}
		c, n := i-half, len(window)
		if c < 0 {
			continue
		}
		m, allowed := (window[(n-1)/2]+window[n/2])/2, limit
		if n <= 2*half {
			allowed += window[n*3/4] - window[n/4]
		}
		if kept[c] = math.Abs(raw[c]-m) <= allowed; !kept[c] {
			x[c] = m
		}
	}
	return kept
}

// meanOf returns the mean of the points that were kept, of which a segment has most.
func meanOf(points []loki.Point, kept []bool, from, to int) float64 {
	sum, n := 0.0, 0
	for i := from; i < to; i++ {
		if kept[i] {
			sum += points[i].Value
			n++
		}
	}
	return sum / float64(max(1, n))
}
