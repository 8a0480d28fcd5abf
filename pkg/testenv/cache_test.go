package testenv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cacheHelperEnv makes the test program a second process that fills the cache at the same time.
const cacheHelperEnv = "TESTENV_CACHE_HELPER"

func TestCacheDirCanBeSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "cache")
	t.Setenv(CacheEnv, dir)
	got, err := CacheDir()
	if err != nil || got != dir || !exists(dir) {
		t.Errorf("%s, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(CacheEnv, file)
	if _, err := CacheDir(); err == nil || !strings.Contains(err.Error(), CacheEnv) {
		t.Errorf("error %v does not say what to do", err)
	}
}

func TestCachedIsMadeOnce(t *testing.T) {
	t.Setenv(CacheEnv, t.TempDir())
	var made atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			path, err := cached(t.Context(), "thing", nil, func(_ context.Context, tmp string) error {
				made.Add(1)
				return os.WriteFile(tmp, []byte("whole"), 0o600)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(path); err != nil || string(text) != "whole" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	group.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

func TestCachedAcrossProcesses(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(CacheEnv, dir)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCacheHelper$", "-test.count=1")
			cmd.Env = append(os.Environ(), cacheHelperEnv+"=1")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	group.Wait()
	made, err := os.ReadFile(filepath.Join(dir, "made.txt"))
	if err != nil || len(made) != 1 {
		t.Errorf("made %d times, %v", len(made), err)
	}
}

// TestCacheHelper is the body of the processes of TestCachedAcrossProcesses.
func TestCacheHelper(t *testing.T) {
	if os.Getenv(cacheHelperEnv) == "" {
		t.Skip("runs only as a process of TestCachedAcrossProcesses")
	}
	_, err := cached(t.Context(), "thing", t.Logf, func(_ context.Context, tmp string) error {
		log, err := os.OpenFile(filepath.Join(filepath.Dir(tmp), "made.txt"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := log.WriteString("x"); err != nil {
			return err
		}
		return errors.Join(log.Close(), os.Mkdir(tmp, 0o700))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCachedFailsAndTriesAgain(t *testing.T) {
	t.Setenv(CacheEnv, t.TempDir())
	build := func(fail bool) (string, error) {
		return cached(t.Context(), "thing", nil, func(_ context.Context, tmp string) error {
			if err := os.Mkdir(tmp, 0o700); err != nil {
				return err
			}
			if fail {
				return errors.New("mirror is down")
			}
			return nil
		})
	}
	if _, err := build(true); err == nil || !strings.Contains(err.Error(), "mirror is down") {
		t.Errorf("error %v", err)
	}
	if _, err := build(false); err != nil {
		t.Error(err)
	}
}

func TestCachedStopsWaiting(t *testing.T) {
	t.Setenv(CacheEnv, t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := cached(t.Context(), "thing", nil, func(_ context.Context, tmp string) error {
		_, err := cached(ctx, "thing", nil, func(context.Context, string) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting for the lock ended with %v", err)
		}
		return os.WriteFile(tmp, nil, 0o600)
	})
	if err != nil {
		t.Error(err)
	}
}
