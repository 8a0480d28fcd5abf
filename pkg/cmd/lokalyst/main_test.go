package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

type servers struct{ loki, llm, tenant string }

func start(t *testing.T, streams []testenv.Stream) servers {
	t.Helper()
	loki, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, loki.Close()) })
	llama, err := testenv.SharedLlama(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, llama.Close()) })
	tenant := fmt.Sprintf("cmd-%d", time.Now().UnixNano())
	require.NoError(t, loki.Push(t.Context(), tenant, streams))
	return servers{loki: loki.URL, llm: llama.URL, tenant: tenant}
}

func lokalyst(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func (s servers) analyze(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	return lokalyst(t, append([]string{"analyze", "--loki", s.loki, "--llm", s.llm, "--tenant", s.tenant, "--since", "3h"}, args...)...)
}

const selector = `{namespace="shop"}`

func TestIncident(t *testing.T) {
	s := start(t, testenv.Incident(time.Now(), 3))
	code, out, errs := s.analyze(t, selector)
	require.Equal(t, exitIncident, code)
	require.Empty(t, errs, "no progress and no colour into a pipe")
	require.NotContains(t, out, "\x1b")
	for _, want := range []string{"INCIDENT", "severity 3 (critical), category memory, judged by model", "out of memory", "lines: 15671 read of 15671"} {
		require.Contains(t, out, want)
	}

	code, out, _ = s.analyze(t, "-o", "json", "--group-by", "service_name", "--prompt", "error-summary", selector)
	require.Equal(t, exitIncident, code, "the worst group decides")
	var res resultJSON
	require.NoError(t, json.Unmarshal([]byte(out), &res))
	require.Len(t, res.Groups, 7)
	require.Equal(t, "error-summary@1.0.0", res.Prompt)
	for _, g := range res.Groups {
		if g.Labels["service_name"] == "kernel" {
			require.Equal(t, 3, g.Severity)
			require.NotEmpty(t, g.Findings)
			require.Contains(t, g.Findings[0].Patterns[0].Pattern, "out of memory")
		}
	}
}

func TestExitCodes(t *testing.T) {
	s := start(t, testenv.Healthy(time.Now(), 20*time.Minute, 5))
	code, out, _ := s.analyze(t, selector)
	require.Equal(t, exitHealthy, code, out)
	require.Contains(t, out, "HEALTHY")

	code, out, _ = s.analyze(t, `{namespace="nothing"}`)
	require.Equal(t, exitNoVerdict, code)
	require.Contains(t, out, "warning: Loki has no lines")

	warned := start(t, []testenv.Stream{{Labels: map[string]string{"namespace": "shop"}, Entries: []testenv.Entry{{Time: time.Now().Add(-time.Minute), Line: "Failed to pull image \"x\": not found"}}}})
	code, out, _ = lokalyst(t, "analyze", "--loki", warned.loki, "--tenant", warned.tenant, selector)
	require.Equal(t, exitSuspicious, code, out)
	require.Contains(t, out, "No model server is set")

	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	code, _, errs := lokalyst(t, "analyze", "--loki", gone.URL, selector)
	require.Equal(t, exitNoVerdict, code)
	require.Contains(t, errs, "Check that Loki runs")
}

func TestColourOnlyWhereItIsAskedFor(t *testing.T) {
	for _, s := range []verdict.Severity{verdict.Inconclusive, verdict.Healthy, verdict.Notice, verdict.Warning, verdict.Critical} {
		require.Equal(t, "x", paint(s, false)("x"))
		require.Regexp(t, "^\x1b\\[.*x\x1b\\[.*m$", paint(s, true)("x"))
	}
}

func TestUsage(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"nothing":      {nil, "no command given"},
		"unknown":      {[]string{"nope"}, "unknown command"},
		"no query":     {[]string{"analyze"}, "accepts 1 arg"},
		"flag":         {[]string{"analyze", "--nope", selector}, "unknown flag"},
		"output":       {[]string{"analyze", "-o", "xml", selector}, "table or json"},
		"since":        {[]string{"analyze", "--since", "soon", selector}, "write one such as 30m"},
		"baseline":     {[]string{"analyze", "--since", "1h", "--baseline", "5m", selector}, "at least --since"},
		"logql":        {[]string{"analyze", `{a="b"`}, "line 1, column 7"},
		"prompt":       {[]string{"analyze", "--prompt", "nope", selector}, "known are:"},
		"url":          {[]string{"analyze", "--loki", "nope", selector}, "http://loki:3100"},
		"max lines":    {[]string{"analyze", "--max-lines", "0", selector}, "above 0"},
		"key":          {[]string{"overrule", "--template", "something failed", "--benign", "--reason", "r"}, "LOKALYST_HISTORY_KEY"},
		"reason":       {[]string{"overrule", "--template", "something failed", "--benign"}, "reason is missing"},
		"for ever":     {[]string{"overrule", "--template", "something failed", "--benign", "--reason", "r", "--expires", "99d"}, "at most 30d"},
		"benign and":   {[]string{"overrule", "--template", "something failed", "--benign", "--severity", "2"}, "goes without"},
		"model server": {[]string{"analyze", "--llm", "nope", selector}, "http://llama:8080"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := lokalyst(t, tc.args...)
			require.Equal(t, exitUsage, code)
			require.Contains(t, errs, tc.want)
			require.Empty(t, strings.TrimSpace(out))
		})
	}
}

// TestOverrule: what is written is signed, and is read back as it was meant.
func TestOverrule(t *testing.T) {
	s := start(t, nil)
	const key = "0123456789abcdef"
	t.Setenv("LOKALYST_HISTORY_KEY", key)
	code, out, errs := lokalyst(t, "overrule", "--loki", s.loki, "--tenant", s.tenant, "--template", "retry <num> failed", "--stream", "app=importer", "--benign", "--reason", "the partner sleeps")
	require.Equal(t, exitHealthy, code, errs)
	require.Contains(t, out, "applies until")
	client, err := loki.NewClient(loki.Options{URL: s.loki, Tenant: s.tenant, HTTP: http.DefaultClient})
	require.NoError(t, err)
	q, err := loki.Parse(`{service_name="lokalyst", kind="overrule"}`)
	require.NoError(t, err)
	lines, err := client.Newest(t.Context(), q, loki.Window{Start: time.Now().Add(-time.Hour), End: time.Now().Add(time.Minute)}, 10)
	require.NoError(t, err)
	require.Len(t, lines, 1)
	record, signed, err := verdict.DecodeRecord(lines[0].Text, s.tenant, lines[0].Time, []byte(key))
	require.NoError(t, err)
	require.True(t, signed)
	var rule rules.Rule
	require.NoError(t, json.Unmarshal(record.Body, &rule))
	require.NoError(t, rule.Check())
	require.Equal(t, "retry <num> failed", rule.Template)
	require.Equal(t, map[string]string{"app": "importer"}, rule.Streams)

	t.Setenv("LOKALYST_HISTORY_KEY", "short")
	code, _, errs = lokalyst(t, "overrule", "--loki", s.loki, "--template", "retry <num> failed", "--benign", "--reason", "r")
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "openssl rand")
}
