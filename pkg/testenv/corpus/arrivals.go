package corpus

import (
	"iter"
	"math"
	"math/rand/v2"
	"time"
)

// What a stream of arrivals is like. Its rate follows a wave that is deepest at midnight in UTC.
const (
	// MeanRate is the mean number of lines a second over a day.
	MeanRate = 200.0
	// RateSwing is the share by which the rate rises above its mean and falls below it.
	RateSwing = 0.6
	// LateShare is the share of lines that arrive late.
	LateShare = 0.005
	// MinLate and MaxLate bound how late they arrive.
	MinLate = 5 * time.Second
	MaxLate = 90 * time.Second
	// MaxDelay bounds how long the other lines take, as a shipper sends them in batches.
	MaxDelay = time.Second
)

// An Arrival is one line of a live system. Both times are Unix nanoseconds.
type Arrival struct {
	Event   int64 // the timestamp of the line
	Arrived int64 // when a query can see it first
}

// Arrivals yields the lines from start on, without end, in the order of their events, which all have timestamps of
// their own.
func Arrivals(seed uint64, start time.Time) iter.Seq[Arrival] {
	return func(yield func(Arrival) bool) {
		r := rand.New(rand.NewPCG(seed, 0xa441)) //nolint:gosec // the same times each time
		for at := start.UnixNano(); ; {
			at += 1 + int64(r.ExpFloat64()/rate(at)*float64(time.Second))
			delay := r.Int64N(int64(MaxDelay))
			if r.Float64() < LateShare {
				delay = int64(MinLate) + r.Int64N(int64(MaxLate-MinLate))
			}
			if !yield(Arrival{Event: at, Arrived: at + delay}) {
				return
			}
		}
	}
}

// rate is the number of lines a second at a time.
func rate(at int64) float64 {
	const day = int64(24 * time.Hour)
	return MeanRate * (1 - RateSwing*math.Cos(2*math.Pi*float64(at%day)/float64(day)))
}
