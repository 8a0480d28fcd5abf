package adversary_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/adversary"
)

func BenchmarkLedgerHit(b *testing.B) {
	w, err := adversary.NewWarm(b.Context(), 200)
	require.NoError(b, err)
	defer w.Close()
	for b.Loop() {
		require.NoError(b, w.Ask(b.Context()))
	}
}
