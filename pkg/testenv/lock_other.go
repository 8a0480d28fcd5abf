//go:build !linux && !darwin

package testenv

import (
	"fmt"
	"runtime"
)

// tryLock fails where the system has no flock: this package's servers are not run there.
func tryLock(path string) (unlock func(), err error) {
	return nil, fmt.Errorf("%s has no file locks that end with the process: run this on Linux or macOS", runtime.GOOS)
}
