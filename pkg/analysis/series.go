package analysis

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
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
	// Gaps is how many steps of the window have no point.
	Gaps int
	// FirstTime and LastTime are those of the first and the last point.
	FirstTime, LastTime time.Time
}

// collectSeries runs a metric query and condenses each series.
func collectSeries(ctx context.Context, r *Request, res *Result) error {
	step := loki.Step(r.Window)
	r.progress("collect", "running the metric query")
	series, err := r.Logs.Series(ctx, res.Query, r.Window, step)
	if err != nil {
		return err
	}
	res.Cost.LokiRequests++
	byKey := map[string]*Group{}
	steps := int(r.Window.Length()/step) + 1
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
		g.Series = append(g.Series, condenseSeries(s, steps))
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

func condenseSeries(s loki.Series, steps int) SeriesStats {
	first, last := s.Points[0], s.Points[len(s.Points)-1]
	out := SeriesStats{
		Labels: s.Labels, Points: len(s.Points), First: first.Value, Last: last.Value, Min: math.Inf(1), Max: math.Inf(-1),
		Gaps: max(0, steps-len(s.Points)), FirstTime: first.Time, LastTime: last.Time,
	}
	var sumX, sumY, sumXY, sumXX float64
	for _, p := range s.Points {
		x, y := p.Time.Sub(first.Time).Hours(), p.Value
		out.Min, out.Max = min(out.Min, y), max(out.Max, y)
		sumX, sumY, sumXY, sumXX = sumX+x, sumY+y, sumXY+x*y, sumXX+x*x
	}
	n := float64(len(s.Points))
	out.Mean = sumY / n
	if d := n*sumXX - sumX*sumX; d > 0 {
		out.Slope = (n*sumXY - sumX*sumY) / d
	}
	return out
}

// Text renders the series for the model and for tables.
func (s SeriesStats) Text() string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }
	text := fmt.Sprintf("%s points=%d first=%s last=%s min=%s max=%s mean=%s slope=%s/h", labelText(s.Labels), s.Points, f(s.First), f(s.Last), f(s.Min), f(s.Max), f(s.Mean), f(s.Slope))
	if s.Gaps > 0 {
		text += fmt.Sprintf(" gaps=%d", s.Gaps)
	}
	return text
}

func labelText(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for n := range labels {
		names = append(names, n)
	}
	slices.Sort(names)
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = n + "=" + strconv.Quote(labels[n])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
