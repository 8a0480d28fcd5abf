package analysis

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// SeriesStats is what is told of one series of a metric query.
type SeriesStats struct {
	Labels                      map[string]string
	Points                      int
	First, Last, Min, Max, Mean float64
	// Slope is the change per hour of the line of least squares.
	Slope float64
	// FirstTime and LastTime are those of the first and the last point, Peak that of
	// the first point with the value Max.
	FirstTime, LastTime, Peak time.Time
	// Changes are the up to three strongest changes of the level, in their order.
	Changes []ChangePoint
	// Gaps are the up to three longest runs of steps without a point, in their order;
	// Missing is how many steps of the window have none.
	Gaps    []Gap
	Missing int

	// peaked says that Max stands out from the other points.
	peaked bool
	window loki.Window
}

// A Gap is a run of steps without a point, from Start to End, both included.
type Gap struct {
	Start, End time.Time
	Missing    int
}

// collectSeries runs a metric query and condenses each series.
func collectSeries(ctx context.Context, r *Request, res *Result) error {
	step := loki.Step(r.Window)
	r.progress("collect", "running the metric query")
	series, err := r.Logs.Series(ctx, res.Executed, r.Window, step)
	if err != nil {
		return err
	}
	res.Cost.LokiRequests++
	byKey := map[string]*Group{}
	for _, s := range series {
		if len(s.Points) == 0 {
			continue
		}
		values := make([]string, len(r.GroupBy))
		for i, name := range r.GroupBy {
			values[i] = s.Labels[name]
		}
		key := strings.Join(values, "\x00")
		g, ok := byKey[key]
		if !ok {
			if len(byKey) >= maxAllGroups {
				return &InputError{Reason: fmt.Sprintf("grouping by %s gives more than %d groups; group by labels with fewer values", strings.Join(r.GroupBy, ", "), maxAllGroups)}
			}
			g = &Group{Values: values}
			byKey[key] = g
		}
		g.Series = append(g.Series, condenseSeries(s, r.Window, step))
		res.Cost.Patterns++
	}
	if len(byKey) == 0 {
		byKey[""] = &Group{Values: make([]string, len(r.GroupBy))}
		res.notice(true, "The metric query has no points in the window. That is not the same as healthy: check the selector and whether the logs still arrive.")
	}
	for _, g := range byKey {
		slices.SortFunc(g.Series, func(a, b SeriesStats) int { return strings.Compare(labelText(a.Labels), labelText(b.Labels)) })
		res.Groups = append(res.Groups, *g)
	}
	sortGroups(res.Groups)
	return nil
}

// outstanding is how many standard deviations above the mean a maximum must lie to
// be told as a peak; noise rarely gets there.
const outstanding = 4

// condenseSeries condenses the points of one series, of which there is at least one.
func condenseSeries(s loki.Series, w loki.Window, step time.Duration) SeriesStats {
	first, last := s.Points[0], s.Points[len(s.Points)-1]
	out := SeriesStats{
		Labels: s.Labels, Points: len(s.Points), First: first.Value, Last: last.Value, Min: math.Inf(1), Max: math.Inf(-1),
		FirstTime: first.Time, LastTime: last.Time, Changes: changePoints(s.Points), window: w,
	}
	out.Gaps, out.Missing = gaps(s.Points, w, step)
	var sumX, sumY, sumXY, sumXX float64
	for _, p := range s.Points {
		x, y := p.Time.Sub(first.Time).Hours(), p.Value
		if y > out.Max {
			out.Max, out.Peak = y, p.Time
		}
		out.Min = min(out.Min, y)
		sumX, sumY, sumXY, sumXX = sumX+x, sumY+y, sumXY+x*y, sumXX+x*x
	}
	n := float64(len(s.Points))
	out.Mean = sumY / n
	if d := n*sumXX - sumX*sumX; d > 0 {
		out.Slope = (n*sumXY - sumX*sumY) / d
	}
	var squares float64
	for _, p := range s.Points {
		squares += (p.Value - out.Mean) * (p.Value - out.Mean)
	}
	out.peaked = out.Max-out.Mean > outstanding*math.Sqrt(squares/n)
	return out
}

// maxGaps is how many gaps of a series are told.
const maxGaps = 3

// gaps returns the longest runs of steps of the window without a point, and how many
// steps have none in all.
func gaps(points []loki.Point, w loki.Window, step time.Duration) (longest []Gap, missing int) {
	add := func(n int, start time.Time) {
		if n > 0 {
			longest = append(longest, Gap{Start: start, End: start.Add(time.Duration(n-1) * step), Missing: n})
			missing += n
		}
	}
	add(int(points[0].Time.Sub(w.Start)/step), w.Start)
	for i := 1; i < len(points); i++ {
		between := points[i].Time.Sub(points[i-1].Time)
		add(int((between+step/2)/step)-1, points[i-1].Time.Add(step))
	}
	last := points[len(points)-1].Time
	add(int(w.End.Sub(last)/step), last.Add(step))
	slices.SortStableFunc(longest, func(a, b Gap) int { return cmp.Compare(b.Missing, a.Missing) })
	longest = longest[:min(len(longest), maxGaps)]
	slices.SortFunc(longest, func(a, b Gap) int { return a.Start.Compare(b.Start) })
	return longest, missing
}
