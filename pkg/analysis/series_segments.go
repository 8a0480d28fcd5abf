package analysis

import (
	"math"
	"slices"
)

// A segmenter divides points into segments of least cost, by optimal partitioning
// over a bounded number of places.
type segmenter struct {
	// y, yy and ky are the sums of the values, of their squares, and of the values
	// times their index, up to each point. The values are relative to origin, in
	// units of the noise.
	y, yy, ky []float64
	origin    float64
	shortest  int
	penalty   float64
}

func newSegmenter(x []float64, unit float64, shortest int) *segmenter {
	n := len(x)
	s := &segmenter{
		y: make([]float64, n+1), yy: make([]float64, n+1), ky: make([]float64, n+1),
		// Few points tell their own noise badly, so they have to tell more.
		origin: x[0], shortest: shortest, penalty: changePenalty * math.Log(float64(n)) * (1 + 10/float64(n)),
	}
	for i, v := range x {
		v = (v - s.origin) / unit
		s.y[i+1], s.yy[i+1], s.ky[i+1] = s.y[i]+v, s.yy[i]+v*v, s.ky[i]+v*float64(i)
	}
	return s
}

// sums returns the number of points of [a, b), their sum, their squared distance
// from their mean, and the numerator of their slope.
func (s *segmenter) sums(a, b int) (n, sum, squares, slope float64) {
	n = float64(b - a)
	sum = s.y[b] - s.y[a]
	squares = max(0, s.yy[b]-s.yy[a]-sum*sum/n)
	slope = s.ky[b] - s.ky[a] - sum*float64(a+b-1)/2
	return n, sum, squares, slope
}

// cost is the squared distance of [a, b) from its mean, or from its line where that
// is less even with a penalty: a ramp is one segment, not a staircase.
func (s *segmenter) cost(a, b int) float64 {
	n, _, squares, slope := s.sums(a, b)
	return squares - max(0, min(squares, 12*slope*slope/(n*(n*n-1)))-s.penalty)
}

// places returns where changes are looked for: in each half of a shortest segment the
// point with the greatest contrast between the segments before and behind it.
func (s *segmenter) places() []int {
	n, half := len(s.y)-1, s.shortest/2
	out := []int{0}
	for p := s.shortest; p <= n-s.shortest; p += half {
		best, at := -1.0, p
		for q := p; q < min(p+half, n-s.shortest+1); q++ {
			if c := math.Abs(s.y[q+s.shortest] - 2*s.y[q] + s.y[q-s.shortest]); c > best {
				best, at = c, q
			}
		}
		out = append(out, at)
	}
	return append(out, n)
}

// divide returns the bounds of the segments, with 0 and the number of points.
func (s *segmenter) divide() []int {
	places := s.places()
	best, from := make([]float64, len(places)), make([]int, len(places))
	for j := 1; j < len(places); j++ {
		best[j] = math.Inf(1)
		for i := 0; i < j && places[j]-places[i] >= s.shortest; i++ {
			if c := best[i] + s.cost(places[i], places[j]) + s.penalty; c < best[j] {
				best[j], from[j] = c, i
			}
		}
	}
	var bounds []int
	for j := len(places) - 1; j > 0; j = from[j] {
		bounds = append(bounds, places[j])
	}
	bounds = append(bounds, 0)
	slices.Reverse(bounds)
	return bounds
}

// A fitted segment is told by its level at both ends and by how sure that is.
type fitted struct {
	sloped               bool
	start, end, variance float64
}

// fit returns the level of [a, b), or its line where that pays.
func (s *segmenter) fit(a, b int) fitted {
	n, sum, squares, slope := s.sums(a, b)
	if min(squares, 12*slope*slope/(n*(n*n-1))) > s.penalty {
		return s.line(a, b)
	}
	return fitted{start: sum / n, end: sum / n, variance: 1 / n}
}

func (s *segmenter) line(a, b int) fitted {
	n, sum, _, slope := s.sums(a, b)
	half := 6 * slope / (n * (n + 1))
	return fitted{sloped: true, start: sum/n - half, end: sum/n + half, variance: 4 / n}
}

// A jump is a change of the level between two segments, in the units of the
// segmenter.
type jump struct {
	ChangePoint
	// sloped says that a side is a slope, so that the levels are those right beside the
	// change.
	sloped   bool
	strength float64
}

// jump returns the change at b between the segments [a, b) and [b, c). It is none
// where it does not pay the penalty, or where the levels differ but the points right
// beside b do not, as on a curve.
func (s *segmenter) jump(a, b, c int) (j jump, ok bool) {
	left, right := s.fit(a, b), s.fit(b, c)
	leftLine, rightLine := s.line(max(a, b-2*s.shortest), b), s.line(b, min(c, b+2*s.shortest))
	if j.sloped = left.sloped || right.sloped; j.sloped {
		left, right = leftLine, rightLine
	}
	j.Before, j.After = left.end, right.start
	height := j.After - j.Before
	j.strength = height * height / (left.variance + right.variance)
	return j, j.strength > s.penalty && (rightLine.start-leftLine.end)/height >= leastJump
}
