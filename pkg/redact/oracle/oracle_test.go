// Package oracle compares package redact with gitleaks: what gitleaks finds must be
// gone after masking. It is a module of its own, because gitleaks and what it needs
// must not come near the plugin.
package oracle

import (
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv/secretcorpus"
)

// newDetector returns gitleaks with its own rules, each of them for every text: some
// are for files of certain names only.
func newDetector(t *testing.T) *detect.Detector {
	d, err := detect.NewDetectorDefaultConfig()
	require.NoError(t, err)
	for id, rule := range d.Config.Rules {
		rule.Path = nil
		d.Config.Rules[id] = rule
	}
	return d
}

// missed returns the findings in a text that masking leaves, as rule and secret.
func missed(d *detect.Detector, r *redact.Redactor, text string) (left []string, found int) {
	findings := d.DetectString(text)
	if len(findings) == 0 {
		return nil, 0
	}
	masked := r.Mask(text)
	for _, f := range findings {
		if secret := strings.Trim(f.Secret, `"'`); strings.Contains(masked, secret) && !alarm(text, secret) {
			left = append(left, f.RuleID+": "+secret+"\n  in "+text+"\n  is "+masked)
		}
	}
	return left, len(findings)
}

// alarm reports whether a finding is no secret: the idempotency key of a request is a
// UUID that its sender makes up to recognise a repetition. The generic rule takes it
// for the word key in its name; UUIDs stay readable where nothing else is known.
func alarm(text, secret string) bool { return strings.Contains(text, "idempotency_key="+secret) }

func TestGitleaksFindsNothingMoreInTheCorpus(t *testing.T) {
	d, r := newDetector(t), redact.New()
	const n = 2000
	lines := secretcorpus.Clean(1, n)
	leaked, leakedByGitleaks := 0, 0
	for _, s := range secretcorpus.Secrets(1, n) {
		lines = append(lines, s.Line)
		if strings.Contains(r.Mask(s.Line), s.Secret) {
			leaked++
		}
		covered := false
		for _, f := range d.DetectString(s.Line) {
			covered = covered || strings.Contains(f.Secret, s.Secret) || strings.Contains(s.Secret, f.Secret)
		}
		if !covered {
			leakedByGitleaks++
		}
	}
	t.Logf("secrets_leaked_of_2000 %d, secrets_leaked_of_2000_gitleaks %d", leaked, leakedByGitleaks)
	require.Zero(t, leaked)
	requireMasked(t, d, r, append(lines, loghub(t)...), math.MaxInt32)
}

// requireMasked requires that masking leaves none of gitleaks's findings, or at most
// one of so many.
func requireMasked(t *testing.T, d *detect.Detector, r *redact.Redactor, lines []string, oneOf int) {
	var left []string
	found := 0
	for _, line := range lines {
		l, n := missed(d, r, line)
		left, found = append(left, l...), found+n
	}
	t.Logf("%d findings in %d texts, %d left: %s", found, len(lines), len(left), strings.Join(left, "\n"))
	require.LessOrEqual(t, len(left)*oneOf, found)
}

// loghub returns the public logs that lie beside the checkout, nothing without them.
func loghub(t *testing.T) []string {
	files, err := filepath.Glob("../../../../shared/loghub/*/*_2k.log")
	require.NoError(t, err)
	var lines []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		lines = append(lines, strings.Split(string(text), "\n")...)
	}
	return lines
}

// unreal are rules whose expressions admit what the provider never gives, so that
// texts made from them prove nothing, with the reason. The corpus has the secrets as
// they are published.
func unreal() map[string]string {
	return map[string]string{
		"facebook-access-token":    "a number, a bar and a word apart from any name; with a name, or in a URL, it is masked",
		"generic-api-key":          "a value of letters only, which counts as mixed for its padding",
		"hashicorp-tf-password":    "a name may go on behind password, as passwordPolicy does; the rule is for Terraform's files only",
		"jwt":                      "a head that is no JSON: it starts with ey and another letter than J",
		"jwt-base64":               "base64 with backslashes in it",
		"kubernetes-secret-yaml":   "a piece of YAML that is no manifest",
		"nytimes-access-token":     "a name with a comma in it",
		"private-key":              "a key with signs that PEM has not, and without an end",
		"slack-app-token":          "tokens of ten letters; real ones have eighty",
		"sourcegraph-access-token": "any forty hexadecimal digits in a text that says sourcegraph; behind the name they are masked",
	}
}

func TestGitleaksFindsNothingMoreInTextsOfItsRules(t *testing.T) {
	d, r := newDetector(t), redact.New()
	rnd := rand.New(rand.NewPCG(1, 2))
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(d.Config.Rules)) {
		rule := d.Config.Rules[id]
		if _, skip := unreal()[id]; skip || rule.Regex == nil {
			continue
		}
		found := false
		for range 20 {
			line := "at " + matching(t, rule.Regex.String(), rnd) + " end"
			if !containsAny(strings.ToLower(line), rule.Keywords) {
				line = rule.Keywords[0] + " " + line
			}
			found = found || len(d.DetectString(line)) > 0
			lines = append(lines, line)
		}
		if !found {
			t.Log("no text of", id, "is found")
		}
	}
	// At random a name is glued to garbage, and what ends a value may be part of it.
	requireMasked(t, d, r, lines, 1000)
}

func containsAny(s string, parts []string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
}
