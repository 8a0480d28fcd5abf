package adversary_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/adversary"
)

// TestAnswers: whatever a model answers, what Grafana is given can be read and shows no
// evidence that is none.
func TestAnswers(t *testing.T) {
	a, err := adversary.RunAnswers(t.Context(), 1, 10_000/step)
	t.Logf("%+v", a)
	require.NoError(t, err)
	require.GreaterOrEqual(t, a.Completions, 10_000/step)
	require.Empty(t, a.Examples)
	require.Equal(t, a.Responses, a.Valid)
	require.Zero(t, a.Fabricated)
	require.Greater(t, a.Cited, 1000/step, "evidence is shown")
	require.Greater(t, a.Incidents, 100/step, "a model can call an incident")
}
