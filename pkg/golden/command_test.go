package golden_test

import (
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// words returns what a real shell makes of a line.
func words(t *testing.T, line string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "set -- "+line+"\nprintf '%s\\0' \"$@\"")
	cmd.Dir = t.TempDir() // where * finds nothing and nothing is harmed
	out, err := cmd.Output()
	require.NoError(t, err, line)
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestRecordingCommand(t *testing.T) {
	r := golden.Recording{
		URL: "http://user:pass@loki:3100/base/?x=y#z", Tenant: "team a", LogQL: `{app="shop"} |= "it's"`,
		Start: time.Date(2026, 11, 23, 9, 0, 0, 123e6, time.UTC), End: time.Date(2026, 11, 23, 11, 0, 0, 0, time.FixedZone("", 3600)), Baseline: 24 * time.Hour,
	}
	require.Equal(t, `lokalyst golden record --loki http://loki:3100/base/ --tenant 'team a' --start 2026-11-23T09:00:00.123Z --end 2026-11-23T10:00:00Z --baseline 1d -- '{app="shop"} |= "it'\''s"'`, r.Command())
	require.Equal(t, r.Args(), words(t, r.Command()))
	require.NotContains(t, golden.Recording{URL: "http://user:pass%zz@loki"}.Command(), "pass", "not even of a URL that is none")
}

// TestShellMakesTheArguments: what a shell parses are the arguments, however odd the query.
func TestShellMakesTheArguments(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	odd := []string{"'", `"`, "`", "$", "$(touch x)", "${HOME}", "\\", "\n", "\r", "\t", "*", "?", "~", "#", ";", "&", "|", "<", ">", "(", ")", "{", "}", "[", "]", "!", "=", " ", "-", "--", "é", "\u2028", "\x1b", "\xff", "%s", "%", "a", "'\\''"}
	for range 300 {
		var b strings.Builder
		for range 1 + rnd.IntN(12) {
			b.WriteString(odd[rnd.IntN(len(odd))])
		}
		r := golden.Recording{URL: "http://loki:3100", Tenant: b.String(), LogQL: b.String() + "{", Start: time.Unix(0, 0), End: time.Unix(1, 0)}
		require.Equal(t, r.Args(), words(t, r.Command()), "%q", b.String())
	}
	require.Equal(t, []string{"a=b", "a=b", ""}, words(t, golden.Quote([]string{"a=b", "a=b", ""})))
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "1d", 7 * 24 * time.Hour: "7d", time.Hour: "1h", 25 * time.Hour: "25h", 90 * time.Minute: "90m", 90 * time.Second: "90s", 1500 * time.Millisecond: "1.5s",
	} {
		require.Equal(t, want, golden.FormatDuration(d))
		back, err := gtime.ParseDuration(want)
		require.NoError(t, err)
		require.Equal(t, d, back)
	}
}
