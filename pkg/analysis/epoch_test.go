package analysis

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatWasMaskedIsRemembered for the same text, limit and key, and never without a bound.
func TestWhatWasMaskedIsRemembered(t *testing.T) {
	var e epoch
	calls := 0
	write := func(s string, limit int) string { calls++; return fmt.Sprint(s, limit, calls) }
	one := e.remembered([]byte("a"), write)
	first := one("x", 10)
	require.Equal(t, first, one("x", 10))
	require.NotEqual(t, first, one("x", 20))
	require.NotEqual(t, first, one("y", 10))
	require.NotEqual(t, first, e.remembered([]byte("b"), write)("x", 10), "another key has other pseudonyms")
	for i := range 10 * maxWritten {
		one(fmt.Sprint(i), 10)
	}
	require.LessOrEqual(t, len(e.written), maxWritten)
}
