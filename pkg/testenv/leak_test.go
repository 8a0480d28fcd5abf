package testenv

import (
	"testing"

	"go.uber.org/goleak"
)

// Servers that were closed leave no goroutine behind.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}
