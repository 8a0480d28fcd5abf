package main

import (
	"slices"
	"syscall"
	"time"
)

// cpu returns the CPU time that this process has used.
func cpu() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// median runs f a few times and returns the median of the CPU time of one run.
func median(runs int, f func() error) (time.Duration, error) {
	times := make([]time.Duration, runs)
	for i := range times {
		before, err := cpu()
		if err != nil {
			return 0, err
		}
		if err := f(); err != nil {
			return 0, err
		}
		after, err := cpu()
		if err != nil {
			return 0, err
		}
		times[i] = after - before
	}
	slices.Sort(times)
	return times[runs/2], nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
