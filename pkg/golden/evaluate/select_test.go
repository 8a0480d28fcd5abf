package evaluate

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestSelection(t *testing.T) {
	var all []*golden.Case
	for family := range 12 {
		for severity := range 4 {
			for _, split := range []golden.Split{golden.Dev, golden.Test} {
				for n := range 2 {
					c := crash(fmt.Sprintf("%s-%d-%d-%d", split, family, severity, n), verdict.Severity(severity))
					c.Split, c.Generator = split, &golden.Generator{Scenario: fmt.Sprintf("family-%d", family)}
					all = append(all, c)
				}
			}
		}
	}
	path := written(t, all...)
	taken := func(s Selection) []meta {
		out, err := scan([]string{path}, s)
		require.NoError(t, err)
		return out
	}
	require.Len(t, taken(Selection{}), len(all))
	require.Len(t, taken(Selection{Selection: golden.Selection{Splits: []golden.Split{golden.Dev}, Families: []string{"family-3", "family-4"}}}), 2*4*2)
	require.Len(t, taken(Selection{Selection: golden.Selection{Limit: 5}}), 5)
	require.Equal(t, "test-0-3-1", taken(Selection{Selection: golden.Selection{Cases: []string{"test-0-3-1"}}})[0].id)
	require.Len(t, taken(Selection{Selection: golden.Selection{Cases: []string{"*-0-3-*"}}}), 4)
	require.Len(t, taken(Selection{Selection: golden.Selection{Limit: 5}, Smoke: true}), 5)
	for _, s := range []golden.Selection{{Cases: []string{"none"}}, {Cases: []string{"["}}, {Families: []string{"none"}}, {Splits: []golden.Split{golden.Hidden}}} {
		_, err := scan([]string{path}, Selection{Selection: s})
		require.Error(t, err)
	}

	slice := taken(Selection{Smoke: true})
	require.Len(t, slice, SmokeCases)
	severities, families := map[verdict.Severity]int{}, map[string]int{}
	for _, m := range slice {
		require.Equal(t, golden.Test, m.split)
		severities[m.severity]++
		families[m.family]++
	}
	require.Equal(t, map[verdict.Severity]int{0: 10, 1: 10, 2: 10, 3: 10}, severities)
	require.Len(t, families, 12)
	slices.Reverse(all)
	ids := func(ms []meta) (out []string) {
		for _, m := range ms {
			out = append(out, m.id)
		}
		slices.Sort(out)
		return out
	}
	path = written(t, all...)
	require.Equal(t, ids(slice), ids(taken(Selection{Smoke: true})), "whatever the order of the file")
}

func TestOrders(t *testing.T) {
	c := crash("bad", verdict.Critical)
	for range 3 { // many lines at the border of the window and of minutes
		for i := range c.Streams {
			c.Streams[i].Lines = append(c.Streams[i].Lines, golden.Line{Offset: 0, Text: "border"}, golden.Line{Offset: 60e9, Text: "border"})
			slices.SortStableFunc(c.Streams[i].Lines, func(a, b golden.Line) int { return cmp.Compare(a.Offset, b.Offset) })
		}
	}
	before := c.Hash()
	require.Same(t, c, reordered(c, 0))
	other := reordered(c, 1)
	require.Equal(t, before, c.Hash(), "the case itself stays as it is")
	require.NoError(t, other.Check())
	require.NotEqual(t, before, other.Hash())
	require.Equal(t, other.Hash(), reordered(c, 1).Hash())
	require.NotEqual(t, other.Hash(), reordered(c, 2).Hash())
	var times, othersTimes []int64
	for i := range c.Streams {
		require.Len(t, other.Streams[i].Lines, len(c.Streams[i].Lines))
		for j := range c.Streams[i].Lines {
			a, b := &c.Streams[i].Lines[j], &other.Streams[i].Lines[j]
			require.Equal(t, a.Text, b.Text)
			require.Equal(t, c.LineID(i, j), b.ID)
			require.Equal(t, floorDiv(a.Offset-1, 60e9), floorDiv(b.Offset-1, 60e9), "a line stays in its minute, and so in its window")
			times, othersTimes = append(times, a.Offset), append(othersTimes, b.Offset)
		}
	}
	require.ElementsMatch(t, times, othersTimes)
	c.Streams = c.Streams[:1]
	require.Equal(t, c.Streams[0].Lines[7].Text, reordered(c, 3).Streams[0].Lines[7].Text)

	got := evaluated(t, Options{Paths: []string{written(t, crash("bad", verdict.Critical))}, Rules: true, Orders: 3})
	require.Len(t, got, 6)
	for i, r := range got {
		require.Equal(t, i/2, r.Order)
		require.Equal(t, got[i%2].Severity, r.Severity)
		require.Equal(t, 1, r.Evidence.Must)
	}
}

// TestPrompts: a case can be for some prompts only.
func TestPrompts(t *testing.T) {
	a, b := crash("a", verdict.Critical), crash("b", verdict.Critical)
	a.Prompts = []string{"error-summary"}
	m := &stub{name: "m", answer: says("critical", 3, "memory")}
	got := evaluated(t, Options{Paths: []string{written(t, a, b)}, Models: models(m), Prompts: []string{"incident-triage", "error-summary@1.0.0"}})
	var pairs []string
	for _, r := range got {
		pairs = append(pairs, r.Case+" "+r.Judge.Prompt)
	}
	require.Equal(t, []string{"a error-summary", "b incident-triage", "b error-summary"}, pairs)
	_, err := New(t.Context(), Options{Models: models(m, m)})
	require.ErrorContains(t, err, "--alias")
	_, err = New(t.Context(), Options{Models: models(m), Prompts: []string{"none"}})
	require.ErrorContains(t, err, "unknown prompt")
	_, err = New(t.Context(), Options{})
	require.ErrorContains(t, err, "nobody to judge")
}
