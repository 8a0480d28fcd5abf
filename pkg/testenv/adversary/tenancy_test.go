package adversary_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/adversary"
)

// TestTenancy: nobody is given what was read or judged for another, and who asks again is.
func TestTenancy(t *testing.T) {
	r, err := adversary.RunTenancy(t.Context(), 1, 1500/step, 100_000)
	require.NoError(t, err)
	t.Logf("%+v", r)
	require.Zero(t, r.Crossed, r.Examples)
	require.Greater(t, r.Identities, 100/step)
	require.Greater(t, r.Same, 1000)
	require.Equal(t, r.Same, r.Shared, r.Examples)
}
