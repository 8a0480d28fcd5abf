package redact

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryFormatHasItsPlaceholder(t *testing.T) {
	used := []string{kindSecret, kindPrivateKey, kindJWT, kindEmail, kindIP, kindMAC, kindCard, kindIBAN}
	for _, f := range formats() {
		used = append(used, f.kind)
	}
	for _, f := range infixes() {
		used = append(used, f.kind)
	}
	slices.Sort(used)
	known := strings.Fields(kinds)
	slices.Sort(known)
	require.Equal(t, slices.Compact(used), known)
	require.LessOrEqual(t, len(commands()), commandMax)
}
