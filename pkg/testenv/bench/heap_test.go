package main

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPeakHeap(t *testing.T) {
	boom := errors.New("boom")
	held := make([]byte, 20<<20)
	mib, err := peakHeap(func() error {
		b := make([]byte, 10<<20)
		for range 100 { // several milliseconds
			runtime.GC()
		}
		runtime.KeepAlive(b)
		b = nil //nolint:ineffassign,wastedassign // it is garbage from here on
		runtime.GC()
		return boom
	})
	runtime.KeepAlive(held)
	require.ErrorIs(t, err, boom)
	require.InDelta(t, 10, mib, 2)
	mib, err = peakHeap(func() error { return nil })
	require.NoError(t, err)
	require.Less(t, mib, 1.0)
}
