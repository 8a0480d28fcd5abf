package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// killed are lines of a window in which the kernel kills a process.
func killed(now time.Time) []testenv.Stream {
	entry := func(before time.Duration, text string) testenv.Entry {
		return testenv.Entry{Time: now.Add(-before), Line: text}
	}
	return []testenv.Stream{
		{Labels: map[string]string{"app": "kernel"}, Entries: []testenv.Entry{
			entry(20*time.Minute, "Memory cgroup out of memory: Killed process 1 (checkout) total-vm:524288kB, anon-rss:520000kB"),
			entry(10*time.Minute, "Memory cgroup out of memory: Killed process 2 (checkout) total-vm:524288kB, anon-rss:520000kB"),
		}},
		{Labels: map[string]string{"app": "shop"}, Entries: []testenv.Entry{entry(30*time.Minute, "level=info msg=\"it's ready\"")}},
	}
}

// cases reads what a file holds.
func cases(t *testing.T, name string) (out []*golden.Case) {
	t.Helper()
	require.NoError(t, golden.EachCase([]string{name}, func(c *golden.Case) error {
		out = append(out, c)
		return nil
	}))
	return out
}

// TestGoldenRecord: without a terminal nothing is asked; what is printed then records the
// window, once.
func TestGoldenRecord(t *testing.T) {
	now := time.Now()
	s := start(t, killed(now))
	out := filepath.Join(t.TempDir(), "it's.jsonl")
	record := func(args ...string) (int, string, string) {
		t.Helper()
		return lokalyst(t, append([]string{"golden", "record", "--loki", s.loki, "--tenant", s.tenant, "--out", out}, args...)...)
	}
	code, shown, errs := record(`{app=~".+"} != "it's"`)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "there is no terminal to ask at; give the judgement with --label")
	require.Contains(t, shown, "The rules say warning, memory")
	code, shown, errs = record("--unlabelled", `{app=~".+"} != "it's"`)
	require.Equal(t, exitHealthy, code, errs)
	require.NoFileExists(t, out)

	var line string
	for l := range strings.SplitSeq(shown, "\n") {
		if strings.HasPrefix(l, "  lokalyst golden record") {
			line = l
		}
	}
	require.NotEmpty(t, line, shown)
	args := shellWords(t, line)
	code, shown, errs = lokalyst(t, args[1:]...)
	require.Equal(t, exitHealthy, code, errs)
	require.Contains(t, shown, "warning, memory, 2 lines")
	kept := cases(t, out)
	require.Len(t, kept, 1)
	require.Equal(t, "suspicious", kept[0].Expected.Verdict)
	require.Len(t, kept[0].Expected.EvidenceMust, 2)

	code, _, errs = lokalyst(t, args[1:]...)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "is in "+out+" already")
	code, _, errs = record("--label", "severity=2,category=node,evidence=p1,note=seen by hand", "--since", "25m", "--baseline", "1h", `{app=~".+"}`)
	require.Equal(t, exitHealthy, code, errs)
	kept = cases(t, out)
	require.Len(t, kept, 2)
	require.Equal(t, "1h", kept[1].Query.Baseline)
	require.True(t, strings.HasPrefix(kept[1].Provenance.Note, "seen by hand\nAll 2 lines of the window are kept."), kept[1].Provenance.Note)
}

// TestGoldenRecordOverrules: an overrule of the command line becomes a case, once.
func TestGoldenRecordOverrules(t *testing.T) {
	s := start(t, killed(time.Now()))
	t.Setenv(historyKeyVariable, "0123456789abcdef")
	out := filepath.Join(t.TempDir(), "cases.jsonl")
	args := []string{"golden", "record", "--overrules", "--loki", s.loki, "--tenant", s.tenant, "--out", out}
	code, shown, _ := lokalyst(t, args...)
	require.Equal(t, exitHealthy, code)
	require.Contains(t, shown, "Nothing was overruled")
	code, _, errs := lokalyst(t, "overrule", "--loki", s.loki, "--tenant", s.tenant, "--pattern", "Memory cgroup out of memory: Killed process <_> (checkout) total-vm:<_>, anon-rss:<_>", "--stream", "app=kernel", "--benign", "--reason", "a drill")
	require.Equal(t, exitHealthy, code, errs)
	code, shown, errs = lokalyst(t, args...)
	require.Equal(t, exitHealthy, code, errs)
	require.Contains(t, shown, "healthy, none, 2 lines")
	require.Equal(t, "healthy", cases(t, out)[0].Expected.Verdict)
	code, shown, _ = lokalyst(t, args...)
	require.Equal(t, exitHealthy, code)
	require.Contains(t, shown, "recorded already")
	require.Len(t, cases(t, out), 1)

	t.Setenv(historyKeyVariable, "another key 0123456789")
	code, shown, _ = lokalyst(t, args...)
	require.Equal(t, exitHealthy, code)
	require.Contains(t, shown, "left out, it is not signed")
}

// TestGoldenPush: a recorded case is pushed, found by what is printed, and judged as it was.
func TestGoldenPush(t *testing.T) {
	s := start(t, killed(time.Now()))
	out := filepath.Join(t.TempDir(), "cases.jsonl")
	code, _, errs := lokalyst(t, "golden", "record", "--loki", s.loki, "--tenant", s.tenant, "--out", out, "--label", "suggested", `{app=~".+"}`)
	require.Equal(t, exitHealthy, code, errs)
	other := fmt.Sprintf("cmd-%d", time.Now().UnixNano())
	args := []string{"golden", "push", "--loki", s.loki, "--tenant", other, "--cases", "rec-*", out}
	code, shown, errs := lokalyst(t, args...)
	require.Equal(t, exitHealthy, code, errs)
	require.Contains(t, shown, "pushed 3 lines of 1 cases in 2 streams")
	code, again, errs := lokalyst(t, args...)
	require.Equal(t, exitHealthy, code)
	require.Equal(t, shown, again, "what was acknowledged is not pushed again")
	require.Contains(t, errs, "Going on with the run")

	lines := strings.Split(strings.TrimSpace(shown), "\n")
	judge := shellWords(t, lines[len(lines)-1])
	code, judged, errs := lokalyst(t, judge[1:]...)
	require.Equal(t, exitSuspicious, code, judged+errs)
	require.Contains(t, judged, "lines: 3 read of 3")

	code, _, errs = lokalyst(t, append(args, "--run", "another")...)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errs, "--restart")
	code, shown, errs = lokalyst(t, append(args, "--run", "another", "--restart")...)
	require.Equal(t, exitHealthy, code, errs)
	require.Contains(t, shown, `{eval_run="another"}`)
	require.FileExists(t, out+".push.json")
}

func TestGoldenRecordAndPushUsage(t *testing.T) {
	dir := t.TempDir()
	none := filepath.Join(dir, "none.jsonl")
	require.NoError(t, os.WriteFile(none, nil, 0o600))
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"record nothing":   {[]string{"record"}, "accepts 1 arg"},
		"record lines":     {[]string{"record", "--max-lines", "0", selector}, "above 0"},
		"record split":     {[]string{"record", "--split", "canary", selector}, "none of dev, test"},
		"record file":      {[]string{"record", "--out", "x.gz", selector}, "compressed"},
		"record time":      {[]string{"record", "--start", "soon", selector}, "Unix milliseconds"},
		"record order":     {[]string{"record", "--start", "1795345200000", "--end", "2026-01-01T00:00:00Z", selector}, "must lie behind"},
		"record metric":    {[]string{"record", "--baseline", "1m", selector}, "--baseline"},
		"overrules key":    {[]string{"record", "--overrules"}, historyKeyVariable},
		"overrules query":  {[]string{"record", "--overrules", selector}, "takes no query"},
		"push nothing":     {[]string{"push"}, "requires at least 1 arg"},
		"push split":       {[]string{"push", "--split", "x", none}, "none of dev, test, canary"},
		"push no case":     {[]string{"push", none}, "no case was chosen"},
		"push no file":     {[]string{"push", filepath.Join(dir, "x")}, "no such file"},
		"push end":         {[]string{"push", "--end", "2200-01-01T00:00:00Z", none}, "lies in the future"},
		"push bad pattern": {[]string{"push", "--cases", "[", none}, "syntax error in pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(historyKeyVariable, "")
			code, _, errs := lokalyst(t, append([]string{"golden"}, tc.args...)...)
			require.Equal(t, exitUsage, code, errs)
			require.Contains(t, errs, tc.want)
		})
	}
}
