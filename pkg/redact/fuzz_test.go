package redact_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv/secretcorpus"
)

// seeds are lines with and without secrets, and pieces that rules look for.
func seeds(f *testing.F, add func(string)) {
	for _, s := range secretcorpus.Secrets(1, 2*len(secretcorpus.Types())) {
		add(s.Line)
	}
	for _, line := range secretcorpus.Clean(1, 100) {
		add(line)
	}
	for _, s := range []string{
		"password=x password='y z' token: \"a\" a:b@c://d:e@f", "\xff\xfe password=\xff", "-----BEGIN PRIVATE KEY-----", "kind: Secret\ndata:\n  a: b",
		"<secret>password=<ip-aaaaaa>", "curl -u a:b -u c:d", "Cookie: a=b; c", "Authorization: Digest a=\"b", `\u003cpassword\u003e`, "%40@%40",
	} {
		add(s)
	}
}

// requirePlaceholders requires that what stands in angle brackets in masked text is a
// placeholder of this package, or stood there before.
func requirePlaceholders(t *testing.T, before, after string) {
	for _, part := range strings.Split(after, "<")[1:] {
		if name, _, closed := strings.Cut(part, ">"); closed && !redact.IsPlaceholder(name) {
			require.Contains(t, before, "<"+name+">")
		}
	}
}

func FuzzMask(f *testing.F) {
	seeds(f, func(s string) { f.Add(s, []byte("key")) })
	r := redact.New()
	f.Fuzz(func(t *testing.T, s string, key []byte) {
		for _, r := range []*redact.Redactor{r, r.WithKey(key)} {
			once := r.Mask(s)
			require.Equal(t, once, r.Mask(once), "masking is idempotent")
			requirePlaceholders(t, s, once)
		}
	})
}

func FuzzSecrets(f *testing.F) {
	seeds(f, func(s string) { f.Add([]byte(s)) })
	r := redact.New()
	f.Fuzz(func(t *testing.T, line []byte) {
		before := string(line)
		once, changed := r.Secrets(line)
		require.Equal(t, before, string(line), "the line is not written to")
		require.Equal(t, changed, string(once) != before)
		again, changed := r.Secrets(once)
		require.False(t, changed, "masking is idempotent: %q", again)
		requirePlaceholders(t, before, string(once))
	})
}
