package secretcorpus_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/secretcorpus"
)

func TestTheSeedDecides(t *testing.T) {
	secrets, clean := secretcorpus.Secrets(1, 500), secretcorpus.Clean(1, 500)
	require.Equal(t, secrets, secretcorpus.Secrets(1, 500))
	require.NotEqual(t, secrets, secretcorpus.Secrets(2, 500))
	require.Equal(t, clean, secretcorpus.Clean(1, 500))
	require.NotEqual(t, clean, secretcorpus.Clean(2, 500))
}

func TestEveryTypeOccursInItsLine(t *testing.T) {
	types := secretcorpus.Types()
	require.GreaterOrEqual(t, len(types), 60)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(types))), len(types), "each type once")
	seen := map[string]bool{}
	for _, s := range secretcorpus.Secrets(3, 2000) {
		require.Contains(t, s.Line, s.Secret)
		require.GreaterOrEqual(t, len(s.Secret), 6, s.Type)
		seen[s.Type] = true
	}
	require.Len(t, seen, len(types))
}

func TestNoFieldIsLeftInALine(t *testing.T) {
	for _, line := range secretcorpus.Clean(1, 500) {
		require.NotRegexp(t, `\{[a-zA-Z]\d+\}|\{uuid\}`, line)
		require.NotContains(t, line, "\n")
	}
	for _, s := range secretcorpus.Secrets(1, 2000) {
		require.NotRegexp(t, `\{[a-zA-Z]\d+\}|\{uuid\}`, s.Line)
		require.NotContains(t, s.Secret, "{")
	}
}

func TestMasks(t *testing.T) {
	known := func(name string) bool { return name == "secret" || strings.HasPrefix(name, "email") }
	require.Equal(t, 1, secretcorpus.Masks("token=x for a@b.c", "token=<secret> for <email>", known))
	require.Zero(t, secretcorpus.Masks("mail <secret> to a@b.c <x", "mail <secret> to <email-abcdef> <x", known))
}
