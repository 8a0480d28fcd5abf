package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRelay(t *testing.T) {
	const out = `=== RUN   TestFigureA
    a_test.go:7: figure calls 2 calls, the worst
    a_test.go:8: no figure
{"@message":"log"}
    a_test.go:9: figure retry_amplification_a 0.5 of one
    b_test.go:9: figure retry_amplification_b 1.017 of one
--- PASS: TestFigureA (1.00s)
`
	var got []string
	n, err := relay(strings.NewReader(out), func(name string, value float64, unit string) {
		got = append(got, fmt.Sprintf("%s %g %s", name, value, unit))
	})
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, []string{
		"calls 2 calls, the worst", "retry_amplification_a 0.5 of one", "retry_amplification_b 1.017 of one",
		"retry_amplification 1.017 ratio",
	}, got)
	_, err = relay(strings.NewReader("x: figure calls many calls"), func(string, float64, string) {})
	require.ErrorContains(t, err, "calls")
	require.Equal(t, "--- FAIL: TestA", complaints([]byte("ok\n--- FAIL: TestA\nfine\n")))
}
