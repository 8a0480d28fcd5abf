package analysis

import (
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// maxSlots is how many slots a window is divided into at most. With about a hundred,
// a rule that looks at a quarter of an hour every minute reads a tenth of it at most
// each time, late lines included.
const maxSlots = 120

// slotWidths are the widths to choose from. Each divides an hour or is a multiple of
// one, so that windows an hour or a day apart have the same slots.
func slotWidths() []time.Duration {
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	}
}

// slotWidth returns the width of the slots of a window of this length.
func slotWidth(length time.Duration) time.Duration {
	for _, w := range slotWidths() {
		if length/w <= maxSlots {
			return w
		}
	}
	return 24 * time.Hour
}

// aligned widens a window to whole slots. A slot is (start, end], as LogQL's ranges
// are, and begins at a multiple of its width since the Unix epoch.
func aligned(w loki.Window, width time.Duration) loki.Window {
	n := width.Nanoseconds()
	start, end := floor(w.Start.UnixNano(), n), floor(w.End.UnixNano()-1, n)+n
	return loki.Window{Start: time.Unix(0, start).UTC(), End: time.Unix(0, end).UTC()}
}

// slotEnd returns the end of the slot that a time lies in.
func slotEnd(t int64, width time.Duration) int64 {
	n := width.Nanoseconds()
	return floor(t-1, n) + n
}

// floor rounds down to a multiple of n, also below zero.
func floor(t, n int64) int64 {
	r := t % n
	if r < 0 {
		r += n
	}
	return t - r
}
