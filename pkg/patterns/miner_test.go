package patterns_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

func mine(lines ...string) []patterns.Pattern {
	m := patterns.NewMiner(patterns.Config{Start: 0, End: int64(len(lines))})
	for i, l := range lines {
		m.Add(patterns.Line{Time: int64(i), Text: []byte(l)})
	}
	return m.Patterns()
}

func TestTemplates(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"numbers and units", "took 12.5ms, read 4096 rows, 12MiB, 98% of -3", "took <dur>, read <num> rows, <size>, <num>% of <num>"},
		{"addresses", "dial tcp 10.1.2.3:5432 and [fe80::1ff:fe23:4567:890a]:80", "dial tcp <ip>:<num> and [<ip>]:<num>"},
		{"times", "2026-11-22T10:11:12.123Z at 10:11:12,5 on 2026/11/22 10:11:12", "<ts> at <ts> on <ts>"},
		{"ids", "pod api-7f9c4d9b8-x2k9q uid 0b8a7c1e-1111-2222-3333-444455556666 sha deadbeef01", "pod api-<hex>-<id> uid <id> sha <hex>"},
		{"names keep their words", "node12 ready, worker_3 idle", "node<num> ready, worker_<num> idle"},
		{"status class", `"GET /pay HTTP/1.1" 503 12 status=404`, `"GET /pay HTTP/<num>" 5xx <num> status=4xx`},
		{"words that look like hex", "dead beef facade added", "dead beef facade added"},
		{"clock is no address", "at 12:34:56 sharp", "at <ts> sharp"},
		{"json by key", `{"ts":"2026-11-22T10:11:12Z","level":"error","msg":"user 17 failed","took":1.5,"tags":["a",1]}`, `level=error msg=user <num> failed took=<num> tags=["a",<num>]`},
		{"broken json stays text", `{"level":"error`, `{"level":"error`},
		{"ansi and control characters", "\x1b[31mred\x1b[0m\x00 alert\x07", "red alert"},
		{"invalid utf-8", "caf\xe9 ok", "caf\uFFFD ok"},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := mine(tc.line)
			require.Len(t, got, 1)
			require.Equal(t, tc.want, got[0].Template)
		})
	}
}

func TestSimilarLinesShareAPattern(t *testing.T) {
	got := mine(
		"connection from alice to database orders closed by peer",
		"connection from bob to database orders closed by peer",
		"GET /healthz 200",
		"connection from carol to database orders closed by peer",
	)
	require.Len(t, got, 2)
	require.Equal(t, "connection from <*> to database orders closed by peer", got[0].Template)
	require.Equal(t, 3, got[0].Count)
	require.Equal(t, int64(0), got[0].First)
	require.Equal(t, int64(3), got[0].Last)
	require.Equal(t, "connection from alice to database orders closed by peer", got[0].Sample)
}

func TestSecretsStayOutOfTemplates(t *testing.T) {
	m := patterns.NewMiner(patterns.Config{Redact: strings.NewReplacer("john2@example.com", "<email>").Replace})
	m.Add(patterns.Line{Text: []byte("mail to john2@example.com sent")})
	require.Equal(t, "mail to <email> sent", m.Patterns()[0].Template)
	require.Regexp(t, m.Patterns()[0].Regex(), "mail to john2@example.com sent")
}

func TestNoLineIsLost(t *testing.T) {
	m := patterns.NewMiner(patterns.Config{MaxPatterns: 50})
	const n = 3000
	for i := range n {
		w := func(k int) string { return string(rune('a'+(i*k)%26)) + string(rune('a'+(i/26*k)%26)) }
		m.Add(patterns.Line{Time: int64(i), Text: []byte(strings.Repeat(w(3)+" ", 1+i%7) + w(5) + " " + w(11))})
	}
	sum, other := 0, false
	for _, p := range m.Patterns() {
		sum += p.Count
		other = other || p.Template == patterns.OtherTemplate
	}
	require.Equal(t, n, sum)
	require.True(t, other, "lines beyond MaxPatterns are counted under a name of their own")
	require.LessOrEqual(t, len(m.Patterns()), 51)
}

func TestMiningIsDeterministic(t *testing.T) {
	var lines []string
	for i := range 2000 {
		lines = append(lines, fmt.Sprintf("worker %d handled %s job in %dms", i%9, []string{"mail", "sms", "push", "fax"}[i%4], i))
	}
	first, second := mine(lines...), mine(lines...)
	require.Equal(t, first, second)
}

func TestSampleIsTheMostSevereLineAndValidUTF8(t *testing.T) {
	m := patterns.NewMiner(patterns.Config{})
	m.Add(patterns.Line{Time: 1, Level: patterns.LevelInfo, Text: []byte("job 1 ended \xff")})
	m.Add(patterns.Line{Time: 2, Level: patterns.LevelError, Text: []byte("job 2 ended \xff")})
	p := m.Patterns()[0]
	require.Equal(t, "job 2 ended \uFFFD", p.Sample)
	require.True(t, utf8.ValidString(p.Template))
}

func TestLongLineIsCountedOnce(t *testing.T) {
	got := mine(strings.Repeat("é word ", 200_000))
	require.Len(t, got, 1)
	require.Equal(t, 1, got[0].Count)
	require.LessOrEqual(t, len(got[0].Sample), 1024+8)
	require.True(t, utf8.ValidString(got[0].Template))
}

func TestBaselineSharesTemplates(t *testing.T) {
	m := patterns.NewMiner(patterns.Config{})
	for i := range 100 {
		m.Add(patterns.Line{Time: int64(i), Baseline: true, Text: fmt.Appendf(nil, "user %c logged in to the shop", 'a'+i%26)})
		m.Add(patterns.Line{Time: int64(i), Baseline: true, Text: []byte("heartbeat sent")})
	}
	m.Add(patterns.Line{Time: 5, Baseline: true, Text: []byte("seen once")})
	for i := range 90 {
		m.Add(patterns.Line{Time: 1000 + int64(i), Text: []byte("user zoe logged in to the shop")})
	}
	for range 40 {
		m.Add(patterns.Line{Time: 2000, Text: []byte("seen once")})
	}
	m.Add(patterns.Line{Time: 3000, Text: []byte("disk is on fire")})
	changes := map[string]patterns.Change{}
	for _, p := range patterns.Compare(m.Patterns(), 1, true) {
		changes[p.Template] = p.Change
	}
	require.Equal(t, map[string]patterns.Change{
		"user <*> logged in to the shop": patterns.ChangeSteady,
		"heartbeat sent":                 patterns.ChangeGone,
		"seen once":                      patterns.ChangeRisen,
		"disk is on fire":                patterns.ChangeNew,
	}, changes)
}

func TestRankPutsExplanationsFirst(t *testing.T) {
	ps := []patterns.Pattern{
		levelled("steady info", patterns.LevelInfo, 10_000, patterns.ChangeSteady),
		levelled("new info", patterns.LevelInfo, 1, patterns.ChangeNew),
		levelled("steady warning", patterns.LevelWarn, 50, patterns.ChangeSteady),
		levelled("new fatal", patterns.LevelFatal, 1, patterns.ChangeNew),
		levelled("old error", patterns.LevelError, 5, patterns.ChangeSteady),
	}
	var got []string
	for _, i := range patterns.Rank(ps) {
		got = append(got, ps[i].Template)
	}
	require.Equal(t, []string{"new fatal", "old error", "new info", "steady warning", "steady info"}, got)
}

func levelled(name string, l patterns.Level, n int, c patterns.Change) patterns.Pattern {
	p := patterns.Pattern{Template: name, Count: n, Change: c}
	p.Levels[l] = n
	return p
}

func TestDetectLevel(t *testing.T) {
	for line, want := range map[string]patterns.Level{
		"2026-11-22 ERROR cannot bind":            patterns.LevelError,
		`level=warn msg="slow"`:                   patterns.LevelWarn,
		`{"level":"fatal","msg":"x"}`:             patterns.LevelFatal,
		"E1122 10:11:12.000 reflector.go:1] lost": patterns.LevelError,
		`{"error":null,"level":"info"}`:           patterns.LevelInfo,
		"[debug] tick":                            patterns.LevelDebug,
		"error: no such file":                     patterns.LevelError,
		"wrote 3 rows, error_count=0":             patterns.LevelUnknown,
		"no error seen in the info channel":       patterns.LevelUnknown,
		"ERROR_COUNT 0":                           patterns.LevelUnknown,
		"":                                        patterns.LevelUnknown,
	} {
		require.Equal(t, want, patterns.DetectLevel(line), line)
	}
}

func TestRegexMatchesItsLines(t *testing.T) {
	for _, lines := range [][]string{
		{"took 12.5ms (a+b) [x]", "took 3s (a+b) [x]"},
		{`{"ts":"2026-11-22T10:11:12Z","level":"error","msg":"user 17 said \\"no\\" at /a/b","took":1.5,"tags":["a",1]}`},
		{"2026-11-22 10:11:12  GET /healthz\t200", "a caf\xe9 at 10.0.0.1:80"},
		{"connection from alice to database orders closed", "connection from bob to database orders closed"},
		{"x y one two three end of the story here", "x y four five six end of the story here"},
	} {
		ps := mine(lines...)
		for _, l := range lines {
			matched := false
			for i := range ps {
				re, err := regexp.Compile(ps[i].Regex())
				require.NoError(t, err)
				matched = matched || re.MatchString(l)
			}
			require.True(t, matched, "%q by %q", l, ps[0].Regex())
		}
	}
	for _, l := range []string{
		`"GET / HTTP/1.1" 502 17`, "status=503 upstream gone", `{"level":"error","msg":"panic: boom\\n\\tat main.go"}`, `{"msg":"failed with code=x y"}`,
		`{"k8s_pod":"a","http2":1}`, `{"spaced key":"v w"}`, "a\u00a0b\u2028c", `{"a":"b","ts":"x y","c":"d e"}`, `{"a": "b" , "c": {"d": [1, "e"]}}`,
		"2024-01-02T03:04:05Z \x1b[32mINFO\x1b[0m main: server started", `{"level":"INFO","timestamp":"2024-01-01 10:00:00,123","msg":"worker started"}`,
		`{"level":"i","ts":1.5,"time":"x","msg":"a b"}`, `{"level":"i","ts":{"a":1},"msg":"a b"}`,
		`{"msg":"caf\\u00e9 a\\u0001b"}`,
	} {
		p := mine(l)[0]
		require.Regexp(t, p.Regex(), l)
	}
	shared := mine("level=info msg=started", `{"level":"info","msg":"started"}`)
	require.Len(t, shared, 1)
	require.Regexp(t, shared[0].Regex(), `{"level":"info","msg":"started"}`)
	require.Regexp(t, shared[0].Regex(), "level=info msg=started")
	require.False(t, regexp.MustCompile(func() string { p := mine("disk sda failed")[0]; return p.Regex() }()).MatchString("disk sda ok"))
}

func FuzzMine(f *testing.F) {
	for _, s := range []string{"GET /a 200", `{"a":1,"b":{"c":"}"}}`, "\x1b[", "::::", "1:2:3:4", "0x", "12h3m\xff", "a\x00b", "{\"a\":\"\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, b := mine(s, s), mine(s, s)
		require.Equal(t, a, b)
		require.Len(t, a, 1)
		require.Equal(t, 2, a[0].Count)
		require.True(t, utf8.ValidString(a[0].Template))
		require.False(t, strings.ContainsAny(a[0].Template, "\x00\x1b\n"))
	})
}

func BenchmarkMine(b *testing.B) {
	lines := make([][]byte, 10_000)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, "2026-11-22T10:11:%02dZ INFO http GET /api/v1/orders/%d status=200 took %dms client=10.0.%d.%d trace=%08x", i%60, i, i%900, i%250, i%199, i*7919)
	}
	b.ReportAllocs()
	for b.Loop() {
		m := patterns.NewMiner(patterns.Config{})
		for i, l := range lines {
			m.Add(patterns.Line{Time: int64(i), Text: l})
		}
	}
	b.ReportMetric(float64(len(lines))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
