package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStory runs the demo on parts of its own, with the test double even where a
// real model lies in the cache.
func TestStory(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, story(t.Context(), &out, ""), out.String())
	for _, want := range []string{
		"is a test double", "Save & test says: Loki answers", "INCIDENT, severity 3 of 3, category memory", "out of memory", "Model calls avoided    1",
		"kernel        incident-triage  3",
	} {
		require.Contains(t, out.String(), want)
	}
}

func TestChooseModel(t *testing.T) {
	t.Setenv("LOKALYST_CACHE", t.TempDir())
	t.Setenv("LOKI_BINARY", "")
	var out bytes.Buffer
	model, err := chooseModel(&out, "")
	require.NoError(t, err)
	require.Empty(t, model)
	require.Contains(t, out.String(), "TEST DOUBLE")
	require.Contains(t, out.String(), "-model=FILE")
	_, err = chooseModel(&out, "no-such-file.gguf")
	require.ErrorContains(t, err, "cannot be read")

	out.Reset()
	require.NoError(t, announce(&out))
	require.Contains(t, out.String(), "minutes on these")
}
