// Package adversary attacks the analysis: with model answers that no model should give,
// with log lines that talk to the model or pretend a failure, and with askers who must not
// learn of each other. Tests assert what its runs find, and "go tool mage bench" prints
// it. Everything is made from seeds. Its lines are what components really print and what
// attackers really write; it knows nothing of how the product looks for either.
package adversary

import (
	"math/rand/v2"
	"time"
)

// Now is when all runs take place. Their window is the hour before it.
func Now() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

const (
	// length is that of the window, baseline how far back the one to compare with lies.
	length   = time.Hour
	baseline = 24 * time.Hour
)

// A generator makes choices, the same for the same seed.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator {
	return generator{rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))} //nolint:gosec // the same choices each time
}

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// chance is true in n of 100 cases.
func (g generator) chance(n int) bool { return g.IntN(100) < n }
