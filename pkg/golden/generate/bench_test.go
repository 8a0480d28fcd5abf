package generate

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// BenchmarkCases makes and encodes every case of the embedded families once.
func BenchmarkCases(b *testing.B) {
	lib, specs, err := Options{Seed: 1}.specs()
	require.NoError(b, err)
	n := 0
	for b.Loop() {
		require.NoError(b, encode(io.Discard, false, specs, func(s spec) (*golden.Case, error) { return lib.build(1, s) }, func(*golden.Case) { n++ }))
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
}
