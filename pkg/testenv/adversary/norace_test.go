//go:build !race

package adversary_test

const step = 1
