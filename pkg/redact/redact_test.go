package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/redact"
)

// The secrets below are assembled at run time so that no scanner of this
// repository takes them for real ones.
func TestMask(t *testing.T) {
	x := func(n int) string { return strings.Repeat("aB3", n)[:n] }
	for name, tc := range map[string]struct{ in, secret string }{
		"password":      {"login user=bob password=" + "hunter2 ok", "hunter2"},
		"json password": {`{"db_password": "` + "hunt er2" + `","n":1}`, "hunt er2"},
		"dsn":           {"dial postgres://app:" + "s3cr3t" + "@db:5432/x", "s3cr3t"},
		"aws":           {"key AKIA" + strings.ToUpper(x(16)) + " used", strings.ToUpper(x(16))},
		"github":        {"using ghp_" + x(36), x(36)},
		"jwt":           {"got eyJ" + x(20) + ".eyJ" + x(20) + "." + x(20), x(20)},
		"bearer":        {"Authorization: Bearer " + x(30), x(30)},
		"private key":   {"-----BEGIN RSA PRIVATE KEY-----\n" + x(40) + "\n-----END RSA PRIVATE KEY-----", x(40)},
		"slack":         {"xoxb-" + x(24), x(24)},
		"stripe":        {"sk_live_" + x(24), x(24)},
		"e-mail":        {"mail to jane.doe@example.com failed", "jane.doe"},
		"ip":            {"refused by 192.0.2.17:443", "192.0.2.17"},
		"query string":  {"GET /cb?token=" + x(12) + "&a=1", x(12)},
	} {
		t.Run(name, func(t *testing.T) {
			r := redact.New()
			got := r.Mask(tc.in)
			require.NotContains(t, got, tc.secret)
			require.Equal(t, got, r.Mask(got), "idempotent")
		})
	}
}

func TestMaskLeavesCleanLinesAlone(t *testing.T) {
	for _, line := range []string{
		"GET /api/v1/orders/<num> 2xx <dur>",
		"OOMKilled container checkout in pod checkout-<hex>-<id>",
		"the key question is whether tokens expire",
		"version 1.2.3 built with go1.26",
		"reconciled 12 secrets in namespace kube-system",
	} {
		require.Equal(t, line, redact.New().Mask(line))
	}
}

func FuzzMask(f *testing.F) {
	f.Add("password=x password='y z' token: \"a\" a:b@c://d:e@f")
	f.Fuzz(func(t *testing.T, s string) {
		r := redact.New()
		once := r.Mask(s)
		require.Equal(t, once, r.Mask(once))
	})
}
