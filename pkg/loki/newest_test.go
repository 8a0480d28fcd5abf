package loki_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

func TestNewestLinesComeFirst(t *testing.T) {
	end := time.Now().Truncate(time.Second)
	const n = 6000 // more than one page
	streams := []testenv.Stream{{Labels: map[string]string{"app": "a"}}, {Labels: map[string]string{"app": "b"}}}
	for i := range n {
		s := &streams[i%2]
		s.Entries = append(s.Entries, testenv.Entry{Time: end.Add(-time.Duration(n-i) * time.Millisecond), Line: fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%9000/100))})
	}
	c := real(t, streams...)
	q, err := loki.Parse(`{app=~"a|b"}`)
	require.NoError(t, err)
	w := loki.Window{Start: end.Add(-time.Hour), End: end}
	for _, want := range []int{1, 10, 5500, 10_000} {
		lines, err := c.Newest(t.Context(), q, w, want)
		require.NoError(t, err)
		require.Len(t, lines, min(want, n))
		for i, l := range lines {
			at := n - 1 - i
			require.Equal(t, fmt.Sprintf("line %d", at), strings.TrimRight(strings.TrimRight(l.Text, "x"), " "))
			require.Equal(t, end.Add(-time.Duration(i+1)*time.Millisecond).UnixNano(), l.Time.UnixNano())
			require.Equal(t, map[string]string{"app": []string{"a", "b"}[at%2]}, withoutService(l.Labels))
		}
	}
	lines, err := c.Newest(t.Context(), q, loki.Window{Start: end, End: end.Add(time.Minute)}, 5)
	require.NoError(t, err)
	require.Empty(t, lines)
}

// withoutService drops the label that Loki adds where a stream names no service.
func withoutService(labels map[string]string) map[string]string {
	delete(labels, "service_name")
	return labels
}
