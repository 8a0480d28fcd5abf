package redact_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/redact"
)

// cpuTime is the CPU time that this process has used; wall time on a shared machine
// says more about the neighbours.
func cpuTime(t testing.TB) time.Duration {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestTimeGrowsWithTheLength(t *testing.T) {
	r := redact.New()
	// The least of a few runs, because collecting garbage counts as well.
	masking := func(s string) time.Duration {
		least := time.Hour
		for range 3 {
			before := cpuTime(t)
			r.Mask(s)
			least = min(least, cpuTime(t)-before)
		}
		return least
	}
	for _, part := range []string{
		"a", "password=<num>", "token=/var/", "auth=", "sig=$", "://a:", "a@", "-----BEGIN PRIVATE KEY-----!", "eyJ.", "-eyJ", "Cookie: a ", "authorization: a '",
		"data: {", "kind: Secret\ndata:\n  a: <secret>\n", "curl -u ", "password,", "<password ", `token="a b c d `, "private-lines: 1", "1.2.3.", "aa:bb:", "A1b2",
	} {
		small, large := strings.Repeat(part, 16<<10/len(part)), strings.Repeat(part, 256<<10/len(part))
		a, b := masking(small), masking(large)
		require.LessOrEqual(t, b, 64*max(a, 2*time.Millisecond), "%q: sixteen times the text took from %v to %v", part, a, b)
	}
}
