package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

// TestMinerFindsTheStatementsOfTheCorpus holds the miner to lines that it was not made
// for: most lines are grouped with all lines of their statement and no others.
func TestMinerFindsTheStatementsOfTheCorpus(t *testing.T) {
	g := corpus.New(7)
	lines, truth := make([]string, 10_000), make([]string, 10_000)
	for i := range lines {
		line, meta := g.Next(nil)
		lines[i], truth[i] = string(line), fmt.Sprint(meta.Statement)
	}
	ga, fga := score(mineGroups(lines), numbered(truth))
	drain, _, _ := lokiDrainGroups(lines)
	drainGA, drainFGA := score(drain, numbered(truth))
	t.Logf("accuracy %.3f, F1 %.3f; Loki's miner %.3f, %.3f", ga, fga, drainGA, drainFGA)
	require.Greater(t, ga, 0.8)
	require.Greater(t, ga, drainGA)
	require.Greater(t, fga, drainFGA)
}

// TestEvaluationReadsATenth runs the bench's own check that no line is missed.
func TestEvaluationReadsATenth(t *testing.T) {
	share, err := evaluate(t.Context(), 2)
	require.NoError(t, err)
	require.Less(t, share, 0.12)
}
