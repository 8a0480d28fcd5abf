package main

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTokenIDs(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	texts := []string{"", "Hello world", "Hello world!", "line one\nline two", "<0x1f> \u00e4\u2028 \"quoted\" \\ <b>"}
	ids, err := tokenIDs(t.Context(), texts)
	if errors.Is(err, errSkip) {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Empty(t, ids[0])
	require.Equal(t, []int{9906, 1917}, ids[1])
	require.Equal(t, []int{9906, 1917, 0}, ids[2])
	require.Equal(t, 2, commonPrefix(ids[1], ids[2]))
	counts, err := countTokens(t.Context(), texts)
	require.NoError(t, err)
	for i := range texts {
		require.Len(t, ids[i], counts[i])
	}
}

func TestTokensSayWhatTheyNeed(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := countTokens(t.Context(), []string{"a"})
	require.ErrorIs(t, err, errSkip) // npm ci was not run here, or there is no Node
	t.Setenv("PATH", "")
	_, err = countTokens(t.Context(), []string{"a"})
	require.ErrorIs(t, err, errSkip)
	require.ErrorContains(t, err, "Node")
}

func TestCommonPrefix(t *testing.T) {
	require.Zero(t, commonPrefix(nil, []int{1}))
	require.Equal(t, 2, commonPrefix([]int{1, 2, 3}, []int{1, 2, 4, 3}))
	require.Equal(t, 2, commonPrefix([]int{1, 2}, []int{1, 2, 3}))
}
