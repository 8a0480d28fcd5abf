//go:build race

package lanes_test

// scale divides how much is simulated: the race detector makes it some ten times slower.
const scale = 5
