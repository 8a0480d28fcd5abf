package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// Text renders the series for the model and for tables. Times are told as parts of
// the window: the text of a series that goes on as it was stays nearly the same.
func (s SeriesStats) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s points=%d", labelText(s.Labels), s.Points)
	if s.Min == s.Max {
		b.WriteString(" constant=" + digits(s.Max))
	} else {
		fmt.Fprintf(&b, " first=%s last=%s min=%s max=%s mean=%s", digits(s.First), digits(s.Last), digits(s.Min), digits(s.Max), digits(s.Mean))
	}
	if s.Slope != 0 {
		b.WriteString(" slope=" + digits(s.Slope) + "/h")
	}
	if s.peaked {
		b.WriteString(" peak=" + s.part(s.Peak))
	}
	if len(s.Changes) > 0 {
		b.WriteString(" changes=" + joined(s.Changes, func(c ChangePoint) string {
			return digits(c.Before) + "->" + digits(c.After) + "@" + s.part(c.Time)
		}))
	}
	if s.Missing > 0 {
		b.WriteString(" missing=" + strconv.Itoa(s.Missing) + ":" + joined(s.Gaps, func(g Gap) string {
			return strconv.Itoa(g.Missing) + "@" + s.part(g.Start)
		}))
	}
	return b.String()
}

func joined[T any](all []T, text func(T) string) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = text(v)
	}
	return strings.Join(parts, ",")
}

func (s SeriesStats) part(t time.Time) string { return fifth(t, s.window) }

// fifth names the fifth of the window that a time lies in. It stays the same for a
// while as the window moves on, unlike the time.
func fifth(t time.Time, w loki.Window) string {
	names := [...]string{"start", "early", "middle", "late", "end"}
	if w.Length() <= 0 {
		return names[0]
	}
	i := int(float64(t.Sub(w.Start)) / float64(w.Length()) * float64(len(names)))
	return names[min(max(i, 0), len(names)-1)]
}

// digits renders a number with the four digits that a reader can use.
func digits(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

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

// rankSeries returns the indices of the series, the most telling first: those whose
// level changed, by how much, then those with gaps, then those that move most in
// relation to their mean.
func rankSeries(series []SeriesStats) []int {
	order := make([]int, len(series))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := &series[i], &series[j]
		return cmp.Or(
			cmp.Compare(b.jump(), a.jump()),
			cmp.Compare(min(b.Missing, 1), min(a.Missing, 1)),
			cmp.Compare(b.movement(), a.movement()),
		)
	})
	return order
}

// jump is the greatest change of the level as a share of the levels around it, 0
// where there is none.
func (s *SeriesStats) jump() (share float64) {
	for _, c := range s.Changes {
		share = max(share, math.Abs(c.After-c.Before)/(math.Abs(c.After)+math.Abs(c.Before)))
	}
	return share
}

func (s *SeriesStats) movement() float64 { return (s.Max - s.Min) / (math.Abs(s.Mean) + 1e-9) }
