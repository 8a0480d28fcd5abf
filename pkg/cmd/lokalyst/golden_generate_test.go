package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

const toyFamily = "../../golden/generate/testdata/families/toy-memory.yaml"

func TestGoldenGenerate(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cases")
	code, out, errs := lokalyst(t, "golden", "generate", "--out", folder, "--families", "empty", "--plain")
	require.Equal(t, 0, code, errs)
	require.Empty(t, errs, "no progress into a pipe")
	require.Regexp(t, `SPLIT +SEVERITY +ARM +CASES\ndev +-1 +fault +3\ntest +-1 +fault +3\n[0-9a-f]{64}  dev\.jsonl  3 cases, 0 lines\n`, out)
	m, ok, err := golden.ReadManifest(folder)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, uint64(1), m.Seed)
	_, again, _ := lokalyst(t, "golden", "generate", "--out", folder, "--families", "empty", "--plain")
	require.Equal(t, out, again)

	require.NoError(t, os.WriteFile(filepath.Join(folder, "mine"), nil, 0o600))
	code, _, errs = lokalyst(t, "golden", "generate", "--out", folder, "--families", "empty")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "force")
}

func TestGoldenGenerateHelpsAuthors(t *testing.T) {
	code, out, _ := lokalyst(t, "golden", "generate", "--check", toyFamily)
	require.Equal(t, 0, code)
	require.Contains(t, out, "toy-memory.yaml: ok")
	code, _, errs := lokalyst(t, "golden", "generate", "--check", "main.go")
	require.Equal(t, exitNoVerdict, code)
	require.Contains(t, errs, "main.go")
	code, out, _ = lokalyst(t, "golden", "generate", "--show", "toy-memory/one", "--severity", "3", toyFamily)
	require.Equal(t, 0, code)
	require.Contains(t, out, "incident, severity 3, category memory")
	code, _, _ = lokalyst(t, "golden", "generate", "--list")
	require.Equal(t, 0, code)
}

func TestGoldenUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"generate"}, {"generate", "more", "--out", "x"}, {"generate", "--out", "x", "--split", "train"}, {"generate", "--check"},
		{"generate", "--show", "nothing"}, {"generate", "--out", "x", "--families", "nothing"}, {"nothing"},
	} {
		code, _, errs := lokalyst(t, append([]string{"golden"}, args...)...)
		require.Equal(t, exitUsage, code, args)
		require.NotEmpty(t, errs)
	}
}
