//go:build !race

package lanes_test

// scale divides how much is simulated.
const scale = 1
