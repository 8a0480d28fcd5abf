// Package redact masks secrets and personal data in text that is about to leave
// the plugin towards a model, a notification or the history. It knows nothing of
// where the text comes from or goes to.
package redact

import (
	"regexp"
	"strings"
)

// Version names the set of masks. It is part of the ledger's key, because other
// masks give other prompts.
const Version = "1"

// A rule replaces what its expression matches. Keywords are lower-case texts of
// which one must occur for the expression to be tried; most text has none.
type rule struct {
	keywords []string
	expr     *regexp.Regexp
	with     string
}

// A Redactor masks text. It is immutable and safe for concurrent use.
type Redactor struct {
	rules []rule
	ip    *regexp.Regexp
}

// New returns a redactor with the built-in masks: private keys, JSON Web Tokens,
// access keys and tokens of well-known providers, passwords in URLs and in
// key=value form, authorisation headers, e-mail addresses and IP addresses.
func New() *Redactor {
	r := &Redactor{ip: regexp.MustCompile(`\b(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\b`)}
	add := func(expr, with string, keywords ...string) {
		r.rules = append(r.rules, rule{keywords: keywords, expr: regexp.MustCompile(expr), with: with})
	}
	add(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)`, "<private-key>", "private key")
	add(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`, "<jwt>", "eyj")
	add(`(?i)\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token|digest)\s+)[^\s"',;]+`, "${1}<secret>", "authorization")
	add(`(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]{16,}`, "${1}<secret>", "bearer")
	add(`\b((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})\b`, "<aws-key-id>", "akia", "asia", "abia", "acca")
	add(`\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})`, "<github-token>", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")
	add(`\bglpat-[A-Za-z0-9_-]{20,}`, "<gitlab-token>", "glpat-")
	add(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`, "<slack-token>", "xox")
	add(`https://hooks\.slack\.com/services/[A-Za-z0-9/]+`, "<slack-webhook>", "hooks.slack.com")
	add(`\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}`, "<stripe-key>", "_live_", "_test_")
	add(`\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}`, "<api-key>", "sk-")
	add(`\bAIza[A-Za-z0-9_-]{35}`, "<google-key>", "aiza")
	add(`\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}`, "<grafana-token>", "glsa_")
	add(`\bglc_[A-Za-z0-9+/=]{32,}`, "<grafana-token>", "glc_")
	add(`\bnpm_[A-Za-z0-9]{36}`, "<npm-token>", "npm_")
	add(`\b(?:hvs|hvb|s)\.[A-Za-z0-9_-]{24,}`, "<vault-token>", "hvs.", "hvb.", "s.")
	add(`\bAGE-SECRET-KEY-1[A-Z0-9]{58}`, "<age-key>", "age-secret-key")
	add(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s:/@"']*:)[^\s/@"']+@`, "${1}<secret>@", "://")
	add(`(?i)((?:passw(?:or)?d|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|client[_-]?secret|private[_-]?key|session[_-]?id|credentials?|token)["']?\s*(?:=>|:=|[:=])\s*)(?:"[^"]*"|'[^']*'|[^\s,;&"'})\]]+)+`,
		"${1}<secret>", "pass", "pwd", "secret", "key", "token", "session", "credential")
	add(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`, "<email>", "@")
	return r
}

// Mask returns s with secrets and personal data replaced by placeholders that
// say what stood there. Masking masked text changes nothing.
func (r *Redactor) Mask(s string) string {
	lower := strings.ToLower(s)
	for _, rule := range r.rules {
		for _, k := range rule.keywords {
			if strings.Contains(lower, k) {
				s = rule.expr.ReplaceAllString(s, rule.with)
				break
			}
		}
	}
	if dotted(s) {
		s = r.ip.ReplaceAllString(s, "<ip>")
	}
	return s
}

// dotted reports whether s has three dots between digits close together, as an
// IPv4 address has: numbers are in most lines, and the expression would try each.
func dotted(s string) bool {
	dots, last := 0, 0
	for i := 1; i+1 < len(s); i++ {
		if s[i] != '.' || !digit(s[i-1]) || !digit(s[i+1]) {
			continue
		}
		if dots++; i-last > 4 {
			dots = 1
		}
		if last = i; dots == 3 {
			return true
		}
	}
	return false
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// Placeholders returns the names that stand in angle brackets in masked text.
func Placeholders() []string {
	return []string{
		"secret", "email", "ip", "private-key", "jwt", "api-key", "aws-key-id", "github-token", "gitlab-token", "slack-token", "slack-webhook",
		"stripe-key", "google-key", "grafana-token", "npm-token", "vault-token", "age-key",
	}
}
