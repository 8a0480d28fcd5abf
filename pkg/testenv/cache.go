package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// CacheEnv names the environment variable that overrides where CacheDir is.
const CacheEnv = "LOKALYST_CACHE"

// CacheDir returns the folder that keeps what this package downloads and builds, and creates it when it is missing:
// $LOKALYST_CACHE, else "lokalyst" in the user's cache folder. It may be deleted whenever nothing from it runs.
func CacheDir() (string, error) {
	dir := os.Getenv(CacheEnv)
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("testenv: no cache folder: %w (set %s to a folder that may be written)", err, CacheEnv)
		}
		dir = filepath.Join(user, "lokalyst")
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return "", fmt.Errorf("testenv: cache folder %s: %w (set %s to a folder that may be written)", dir, err, CacheEnv)
	}
	return dir, nil
}

// cached returns the path of the file or folder name in the cache. When it is not there, build makes it at tmp, a path
// beside it that does not exist yet, and it is renamed into place, so that a reader never meets half of it. Only one
// process builds one name at a time; the others wait until ctx ends. What is in the cache is never changed again, so
// name must contain everything that decides the content, such as a version.
func cached(ctx context.Context, name string, progress Logf, build func(ctx context.Context, tmp string) error) (string, error) {
	dir, err := CacheDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	if exists(path) {
		return path, nil
	}
	unlock, err := lockFile(ctx, filepath.Join(dir, "."+name+".lock"), progress)
	if err != nil {
		return "", fmt.Errorf("testenv: %s: waiting for another process that makes it: %w", name, err)
	}
	defer unlock()
	if exists(path) {
		return path, nil
	}
	// Holding the lock, whatever lies at tmp is what a killed process left behind.
	tmp := filepath.Join(dir, "."+name+".tmp")
	if err := os.RemoveAll(tmp); err != nil {
		return "", fmt.Errorf("testenv: %s: %w", name, err)
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	if err := build(ctx, tmp); err != nil {
		return "", fmt.Errorf("testenv: %s: %w", name, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return "", fmt.Errorf("testenv: %s: %w", name, err)
	}
	return path, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 50 * time.Millisecond

// errLocked is what tryLock returns while somebody else holds the lock.
var errLocked = errors.New("locked by another process")

// lockFile takes the lock at path, waiting until ctx ends, and returns the function that gives it back.
// The lock ends with the process, so a killed one leaves no lock behind.
func lockFile(ctx context.Context, path string, progress Logf) (unlock func(), err error) {
	unlock, err = tryLock(path)
	if !errors.Is(err, errLocked) {
		return unlock, err
	}
	progress.say("testenv: waiting for another process that holds %s", path)
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
		if unlock, err = tryLock(path); !errors.Is(err, errLocked) {
			return unlock, err
		}
	}
}
