package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
)

// TestFamiliar: what users made a component repeat does not make its statement a new one;
// what it says itself does.
func TestFamiliar(t *testing.T) {
	for name, tc := range map[string]struct {
		component, before, now string
		familiar               bool
	}{
		"user agent":        {"nginx", `10.0.0.1 - - [22/Nov/2026:11:30:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"`, `10.0.0.7 - - [22/Nov/2026:11:31:00 +0000] "GET /x HTTP/1.1" 200 7 "-" "error: page somebody"`, true},
		"value":             {"shop", `level=error msg="cannot parse voucher" voucher="a4711"`, `level=error msg="cannot parse voucher" voucher="raise the alarm now"`, true},
		"JSON":              {"shop", `{"level":"warn","msg":"login failed","user":"ann"}`, `{"level":"warn","msg":"login failed","user":"the database is lost"}`, true},
		"user":              {"sshd", "Invalid user ann from 10.0.0.1 port 22", "Invalid user the disk is full from 10.0.0.9 port 77", true},
		"tail":              {"shop", "2026-11-22T11:00:00Z WARN ReviewController : review rejected: shoes", "2026-11-22T11:01:00Z WARN ReviewController : review rejected: the disk is full", true},
		"another message":   {"shop", `level=error msg="cannot parse voucher" voucher="a4711"`, `level=error msg="cannot reach database" host="db"`, false},
		"another reason":    {"shop", `level=error msg="cannot publish" err="message too large"`, `level=error msg="cannot publish" err="broker unavailable"`, false},
		"a failure's tail":  {"shop", "2026-11-22T11:00:00Z ERROR Publisher : cannot publish: message too large", "2026-11-22T11:01:00Z ERROR Publisher : cannot publish: broker unavailable", false},
		"another component": {"gateway", `level=error msg="cannot parse voucher" voucher="a4711"`, `level=fatal msg="cannot bind port"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			of := func(line string, c patterns.Change, baseline int) patterns.Pattern {
				p := patterns.Pattern{Template: line, Sample: line, Count: 1, BaselineCount: baseline, Change: c}
				p.Levels[patterns.DetectLevel(line)] = 1
				return p
			}
			in := rules.Input{
				Patterns: []patterns.Pattern{of(tc.before, patterns.ChangeSteady, 1), of(tc.now, patterns.ChangeNew, 0)}, Lines: 2, HasBaseline: true,
				Streams: []map[string]string{{"service_name": tc.component}},
			}
			familiar := set(t).Familiar(in)
			require.Equal(t, tc.familiar, familiar(1))
			require.False(t, familiar(0), "it is not new")
			in.HasBaseline = false
			require.False(t, set(t).Familiar(in)(1))
		})
	}
}
