package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
	"github.com/lokalyst/lokalyst/pkg/testenv/secretcorpus"
)

// benchSecrets measures redaction: what it leaves of secrets that follow the formats of
// their providers, what it changes in lines without a secret, and its speed beside that
// of the four expressions that a program without a redactor would use.
func benchSecrets(_ context.Context, report func(name string, value float64, unit string)) error {
	const secrets = 2000
	r := redact.New()
	leaked := 0
	for _, s := range secretcorpus.Secrets(1, secrets) {
		if strings.Contains(r.Mask(s.Line), s.Secret) {
			leaked++
		}
	}
	report("secret_types", float64(len(secretcorpus.Types())), "types")
	report("secrets_leaked_of_2000", float64(leaked), "secrets")
	if err := benchClean(r, report); err != nil {
		return err
	}
	return benchSecretsSpeed(r, report)
}

// benchClean counts the lines without a secret that are changed, among generated ones
// and, where they are on this machine, those of loghub. E-mail addresses, which loghub
// has, are no change.
func benchClean(r *redact.Redactor, report func(name string, value float64, unit string)) error {
	lines := append(secretcorpus.Clean(1, 20_000), corpus.Lines(20_000, 1)...)
	files, err := filepath.Glob(filepath.Join(loghubDir(), "*", "*_2k.log"))
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		lines = append(lines, strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")...)
	}
	changed := 0
	for _, l := range lines {
		if masked, ok := r.Secrets([]byte(l)); ok && secretcorpus.Masks(l, string(masked), redact.IsPlaceholder) > 0 {
			changed++
		}
	}
	report("clean_lines", float64(len(lines)), "lines")
	report("clean_lines_changed_share", float64(changed)/float64(len(lines)), "of lines")
	return nil
}

func benchSecretsSpeed(r *redact.Redactor, report func(name string, value float64, unit string)) error {
	texts := corpus.Lines(20_000, 1)
	lines := make([][]byte, len(texts))
	for i, l := range texts {
		lines[i] = []byte(l)
	}
	size := 0
	d, err := median(5, func() error {
		size = 0
		for _, l := range lines {
			masked, _ := r.Secrets(l)
			size += len(masked)
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("redact_lines_per_cpu_second", float64(len(lines))/d.Seconds(), "lines/s")
	report("redact_bytes_per_line", float64(size)/float64(len(lines)), "bytes")
	naive := []*regexp.Regexp{
		regexp.MustCompile(`(?i)\b[\w.-]*(?:password|passwd|pwd|secret|token|api_?key)["']?\s*[=:]\s*["']?[^\s"',;&]+`),
		regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[\w.~+/=-]{8,}`),
		regexp.MustCompile(`\b(?:AKIA[A-Z0-9]{16}|gh[opsur]_\w{36}|eyJ[\w-]+\.[\w-]+\.[\w-]*)`),
		regexp.MustCompile(`[\w.+-]+@[\w-]+(?:\.[\w-]+)+`),
	}
	d, err = median(3, func() error {
		for _, l := range lines {
			for _, e := range naive {
				l = e.ReplaceAll(l, []byte("<secret>"))
			}
			size += len(l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("redact_regexp_lines_per_cpu_second", float64(len(lines))/d.Seconds(), "lines/s")
	return nil
}
