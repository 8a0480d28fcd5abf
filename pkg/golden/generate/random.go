package generate

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// A random is a stream of numbers that depends on nothing but its seed. The draws are made
// from the generator's raw output here, because the standard library promises the sequence
// of a PCG for ever, but not what rand.Rand makes of it.
type random struct{ pcg rand.PCG }

// newRandom returns the stream for a purpose within the seed's world, which the parts name.
// Streams of different purposes know nothing of each other, so that one more draw here
// changes nothing there.
func newRandom(seed uint64, parts ...string) *random {
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, seed) // a hash takes every write
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	sum := h.Sum(nil)
	r := &random{}
	r.pcg.Seed(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:]))
	return r
}

// below returns a number of [0, n).
func (r *random) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(max(n, 1)))
	return int(hi) //nolint:gosec // it is below n
}

// within returns a number of [low, high].
func (r *random) within(low, high int64) int64 {
	if high <= low {
		return low
	}
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(high-low)+1) //nolint:gosec // high is above low
	return low + int64(hi)                                  //nolint:gosec // hi is at most their difference
}

// float returns a number of [0, 1).
func (r *random) float() float64 { return float64(r.pcg.Uint64()>>11) / (1 << 53) }

// span is a range of whole numbers, both ends included.
type span struct{ low, high int64 }

func (s span) draw(r *random) int64 { return r.within(s.low, s.high) }

func pick[T any](r *random, from []T) T { return from[r.below(len(from))] }

// sortedKeys is how maps are walked here: their own order differs from run to run.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
