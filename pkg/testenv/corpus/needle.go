package corpus

import (
	"math/rand/v2"
	"strings"
)

// Needle returns one line of level info whose words occur in no statement of any corpus, which has no value that a mask
// could know apart from its timestamp, and which describes no known failure: only its novelty tells it from the rest.
func Needle(seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0x4eed1e)) //nolint:gosec // the same line each time
	pick := func(words string) string {
		list := strings.Fields(words)
		return list[r.IntN(len(list))]
	}
	return Start().Format(milliseconds) + " INFO [orrery] the " + pick("brass wooden enamelled tarnished gilded") + " " +
		pick("pendulum sundial astrolabe sextant hourglass") + " " + pick("swung drifted wobbled hummed paused") + " " +
		pick("widdershins sunwise sideways aslant backwards") + " past its own " + pick("escapement gnomon plinth cornice shadow")
}
