package devtasks

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tickingClock returns a clock that goes on by a second with each look at it.
func tickingClock() func() time.Time {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1]
}

func TestSessionEndsWithTheCountsOfAllTests(t *testing.T) {
	var out strings.Builder
	s := NewSession(&out, tickingClock())
	assert.True(t, s.Step(t.Context(), "a", func(context.Context) (Result, error) {
		return Result{Counts: &Counts{Passed: 3, Skipped: []Skip{{Test: "T"}}}, Note: "slow"}, nil
	}))
	assert.True(t, s.Step(t.Context(), "b", func(context.Context) (Result, error) { return Result{Counts: &Counts{Passed: 2}}, nil }))
	require.NoError(t, s.Close())
	assert.Equal(t, "5 passed, 0 failed, 1 skipped", lastLine(out.String()))
	assert.Contains(t, out.String(), "skipped: T: no reason given")
	assert.Contains(t, out.String(), "3 passed, 0 failed, 1 skipped  (slow)")
	assert.Contains(t, out.String(), "==> a\n    ok in 1.0 s\n")
}

func TestSessionNeverEndsLikeSuccessWhenAStepFailed(t *testing.T) {
	var out strings.Builder
	s := NewSession(&out, tickingClock())
	assert.False(t, s.Step(t.Context(), "lint", func(context.Context) (Result, error) { return Result{}, errors.New("a.go:1: bad\nexit status 1") }))
	s.Leave("tests")
	require.EqualError(t, s.Close(), "failed: lint")
	assert.Equal(t, "0 passed, 1 failed", lastLine(out.String()))
	assert.Contains(t, out.String(), "a.go:1: bad\nexit status 1\n    FAILED after 1.0 s\n")
	assert.Contains(t, out.String(), "not run  tests\n")
}

func TestSessionWithoutTestsCountsNone(t *testing.T) {
	var out strings.Builder
	s := NewSession(&out, tickingClock())
	s.Step(t.Context(), "build", func(context.Context) (Result, error) { return Result{}, nil })
	require.NoError(t, s.Close())
	assert.NotContains(t, out.String(), "passed")
}

func TestSessionRunsNothingAfterItsContextEnded(t *testing.T) {
	var out strings.Builder
	s := NewSession(&out, tickingClock())
	ctx, cancel := context.WithCancel(t.Context())
	s.Step(ctx, "a", func(ctx context.Context) (Result, error) {
		cancel()
		return Result{}, ctx.Err()
	})
	assert.False(t, s.Step(ctx, "b", func(context.Context) (Result, error) { panic("must not run") }))
	require.EqualError(t, s.Close(), "failed: a")
}

func TestCommandQuotesWhatAFailingProgramWrote(t *testing.T) {
	err := command{args: []string{"go", "no-such-command"}}.check(t.Context())
	require.ErrorContains(t, err, "unknown command")
	require.ErrorContains(t, err, "go no-such-command: exit status 2")
	out, err := command{args: []string{"go", "env", "GOFLAGS"}, env: []string{"GOFLAGS=-mod=mod"}}.output(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "-mod=mod", out)
}

func TestNodeIsNewEnough(t *testing.T) {
	for version, want := range map[string]bool{"v20.19.0": true, "v24.1.0": true, "v20.18.3": false, "v18.20.4": false, "": false, "20": false} {
		assert.Equal(t, want, nodeIsNewEnough(version), version)
	}
}

func TestPackagesAreFreshAfterTheLockFile(t *testing.T) {
	root := t.TempDir()
	assert.False(t, packagesAreFresh(root), "without a lock file")
	lock := filepath.Join(root, "package-lock.json")
	require.NoError(t, os.WriteFile(lock, nil, 0o600))
	assert.False(t, packagesAreFresh(root), "before any installation")
	require.NoError(t, os.Mkdir(filepath.Join(root, "node_modules"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(root, "node_modules", ".package-lock.json"), nil, 0o600))
	assert.True(t, packagesAreFresh(root))
	later := time.Now().Add(time.Hour)
	require.NoError(t, os.Chtimes(lock, later, later))
	assert.False(t, packagesAreFresh(root), "after the lock file changed")
}
