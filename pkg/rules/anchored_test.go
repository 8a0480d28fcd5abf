package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAnchored: the first byte refuses no line that the expression matches.
func TestAnchored(t *testing.T) {
	set, err := BuiltIn()
	require.NoError(t, err)
	all := append([]*anchored{}, prefixParts...)
	for _, c := range set.components.selves {
		all = append(all, c.lines...)
	}
	lines := []string{"", "é", "\xff x", "<12>Nov 22 11:00:00 host sshd[12]: x", "ERROR: x", "error x", "Caused by: x", "\u2013 x", "(main) x", "[12.345678] x", "kern  :warn  : [x"}
	for _, s := range set.signatures {
		lines = append(lines, s.Examples...)
	}
	refused := 0
	for _, a := range all {
		for _, l := range lines {
			if a.MatchString(l) {
				require.True(t, a.possible(l), "%s and %q", a, l)
			} else if !a.possible(l) {
				refused++
			}
		}
	}
	require.Greater(t, refused, len(all)*len(lines)/2)
}
