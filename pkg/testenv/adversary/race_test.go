//go:build race

package adversary_test

// step divides what a run does: the race detector makes it ten times as slow. It shares no
// factor with the number of fields.
const step = 11
