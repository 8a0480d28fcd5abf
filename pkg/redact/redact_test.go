package redact_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
	"github.com/lokalyst/lokalyst/pkg/testenv/secretcorpus"
)

func TestNoSecretOfTheCorpusIsLeft(t *testing.T) {
	r := redact.New()
	require.GreaterOrEqual(t, len(secretcorpus.Types()), 60)
	for seed := range uint64(4) {
		for _, s := range secretcorpus.Secrets(seed, 2000) {
			masked := r.Mask(s.Line)
			require.NotContains(t, masked, s.Secret, "%s in %s", s.Type, s.Line)
			require.Equal(t, masked, r.Mask(masked), "idempotent")
		}
	}
}

func TestSecretsLeavesNoSecretBesideNumbers(t *testing.T) {
	r := redact.New()
	for _, s := range secretcorpus.Secrets(6, 2000) {
		if s.Type == "payment-card" || s.Type == "iban" {
			continue // mining masks numbers
		}
		masked, changed := r.Secrets([]byte(s.Line))
		require.True(t, changed)
		require.NotContains(t, string(masked), s.Secret, "%s in %s", s.Type, s.Line)
	}
}

// requireClean requires that at most one of a thousand lines has a secret masked.
func requireClean(t *testing.T, lines []string) {
	r := redact.New()
	changed := 0
	for _, line := range lines {
		masked, ok := r.Secrets([]byte(line))
		if ok && secretcorpus.Masks(line, string(masked), redact.IsPlaceholder) > 0 {
			changed++
			t.Logf("%s\n  became %s", line, masked)
		}
	}
	require.LessOrEqual(t, changed, len(lines)/1000)
}

func TestCleanLinesStay(t *testing.T) {
	requireClean(t, secretcorpus.Clean(1, 10_000))
	requireClean(t, corpus.Lines(10_000, 1))
}

func TestPublicLogsStay(t *testing.T) {
	files, err := filepath.Glob("../../../shared/loghub/*/*_2k.log")
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the public logs of loghub do not lie beside the checkout")
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		requireClean(t, strings.Split(string(text), "\n"))
	}
}

func TestMaskingOfPatternsStays(t *testing.T) {
	r := redact.New()
	for _, line := range []string{
		"GET /api/v1/orders/<num> 5xx <dur>", "token=<id> password=<*> key=<hex> secret=<str> passwd: <num>", "from <ip>:<num> at <ts> size <size> <path>",
		"password=<id>-<num>.<hex> user=<*>", `{"password":"<*>","token":"<secret>"}`, "postgres://app:<*>@<ip>/<path>", "Authorization: Bearer <*>",
		"<secret> <email> <ip> <mac> <jwt> <private-key> <ip-7k2fqa> <email-abcdef> <github-token>",
	} {
		require.Equal(t, line, r.Mask(line))
		masked, changed := r.Secrets([]byte(line))
		require.False(t, changed, "%s", masked)
	}
}

func TestSecretsReturnsTheLineItself(t *testing.T) {
	r := redact.New()
	for _, text := range append(plainLines()[:8], "token expired for key question, secrets in namespace kube-system", "") {
		line := []byte(text)
		masked, changed := r.Secrets(line)
		require.False(t, changed)
		require.Equal(t, text, string(masked))
		if len(line) > 0 {
			require.Same(t, &line[0], &masked[0])
		}
		require.Zero(t, testing.AllocsPerRun(10, func() { r.Secrets(line) }), text)
	}
}

func TestInvalidTextIsMasked(t *testing.T) {
	r := redact.New()
	require.Equal(t, "\xff\xfepassword=<secret> \xc3\x28", r.Mask("\xff\xfepassword=a\xffb\x80 \xc3\x28"))
	require.Equal(t, "\x00token=<secret>\x00", r.Mask("\x00token=x7\x00"))
	require.Equal(t, "ü<email>", r.Mask("ü<email>"))
}

func TestPseudonyms(t *testing.T) {
	one, again, other := redact.New().WithKey([]byte("one")), redact.New().WithKey([]byte("one")), redact.New().WithKey([]byte("other"))
	for _, same := range [][]string{
		{"10.1.2.3", "10.1.2.3", "010.001.002.003", "::ffff:10.1.2.3"},
		{"2001:db8::1", "2001:DB8:0:0:0:0:0:1"},
		{"00:1b:44:11:3a:b7", "00-1B-44-11-3A-B7", "001b.4411.3ab7"},
		{"jane.doe@example.com", "Jane.Doe@Example.com"},
	} {
		pseudonym := one.Mask("from " + same[0] + " on")
		name := strings.TrimSuffix(strings.TrimPrefix(pseudonym, "from <"), "> on")
		require.True(t, redact.IsPlaceholder(name), name)
		require.Regexp(t, `^(ip|mac|email)-[a-z2-7]{6}$`, name)
		for _, spelling := range same {
			require.Equal(t, pseudonym, again.Mask("from "+spelling+" on"), spelling)
		}
		require.NotEqual(t, pseudonym, other.Mask("from "+same[0]+" on"))
		require.Equal(t, pseudonym, one.Mask(pseudonym))
		require.NotContains(t, redact.New().Mask(same[0]), "-")
	}
	require.NotEqual(t, one.Mask("10.1.2.3"), one.Mask("10.1.2.4"))
	require.Equal(t, "<ip>", redact.New().WithKey(nil).Mask("10.1.2.3"), "an empty key gives no pseudonyms")
	masked, _ := one.Secrets([]byte("mail jane@example.com"))
	require.Equal(t, "mail <email>", string(masked), "a pattern does not depend on who is meant")
}

func TestIsPlaceholder(t *testing.T) {
	for _, name := range []string{"secret", "ip", "ip-7k2fqa", "email-abcdef", "mac-234567", "github-token", "private-key"} {
		require.True(t, redact.IsPlaceholder(name), name)
	}
	for _, name := range []string{"", " ", "num", "ip-", "ip-7K2FQA", "ip-abc", "ip-abcdefg", "secret-abcdef", "|eot_id|", "s", "github-token aws-key", "secret\n"} {
		require.False(t, redact.IsPlaceholder(name), name)
	}
}
