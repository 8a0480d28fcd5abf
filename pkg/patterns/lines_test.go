package patterns_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

// TestStackTracesAreOneEvent in each language's form, whether the agent joined the
// lines or not.
func TestStackTracesAreOneEvent(t *testing.T) {
	for name, lines := range map[string][]string{
		"java": {
			"2026-11-22 10:11:12 ERROR order 17 failed", "java.lang.IllegalStateException: pool is closed", "\tat com.shop.Pool.take(Pool.java:17)", "\tat com.shop.Order.run(Order.java:99)",
			"Caused by: java.net.ConnectException: Connection refused", "\tat java.net.Socket.connect(Socket.java:1)", "\t... 17 more",
		},
		"python": {
			"Traceback (most recent call last):", `  File "/app/main.py", line 17, in run`, "    pay(order)", "ValueError: no such order",
		},
		"go": {
			"panic: runtime error: index out of range [3] with length 3", "", "goroutine 17 [running]:", "main.handle(0xc000012345)", "\t/app/main.go:17 +0x1d", "created by main.main", "\t/app/main.go:9 +0x2f", "exit status 2",
		},
		"node": {"TypeError: x is not a function", "    at run (/app/main.js:17:3)", "    at process.tick (node:internal:12:1)"},
	} {
		t.Run(name, func(t *testing.T) {
			head := 1
			if name == "java" {
				head = 2 // the exception is printed by itself
			}
			apart := mine(append(lines, "INFO next order")...)
			require.Len(t, apart, head+1, "%v", apart)
			sum := 0
			for _, p := range apart {
				sum += p.Count
			}
			require.Equal(t, head+1, sum)
			joined := mine(strings.Join(lines[head-1:], "\n"), "INFO next order")
			require.Len(t, joined, 2)
			require.Equal(t, apart[head-1].Template, joined[0].Template)
		})
	}
	java := mine("ERROR order failed", "\tat com.shop.Pool.take(Pool.java:17)", "Caused by: java.net.ConnectException: Connection refused", "\tat x.y(Z.java:1)")
	require.Contains(t, java[0].Template, "Caused by: java.net.ConnectException: Connection refused")
}

func TestPaddedLevelsContinueNothing(t *testing.T) {
	require.Len(t, mine("ERROR disk gone", "  INFO disk is back", "  WARN disk is slow"), 3)
}

func TestLinesOfOtherStreamsContinueNothing(t *testing.T) {
	b := patterns.NewBook(patterns.Config{})
	c := b.Counter()
	c.Begin(0, 10)
	c.Add(patterns.Line{Time: 1, Stream: 0, Text: []byte("ERROR order failed")})
	c.Add(patterns.Line{Time: 2, Stream: 1, Text: []byte("INFO all is well")})
	c.Add(patterns.Line{Time: 3, Stream: 0, Text: []byte("\tat com.shop.Pool.take(Pool.java:17)")})
	tl := c.End(1)
	ps := b.Patterns([]*patterns.Tally{tl}, nil, 0, 10)
	require.EqualValues(t, 3, tl.Lines)
	require.Len(t, ps, 2)
	require.Contains(t, ps[0].Template, "ERROR order failed at com.shop.Pool.take")
}

func TestTextsRecogniseLines(t *testing.T) {
	for line, want := range map[string][]string{
		"10.0.0.1 connection from alice to database orders closed after 12ms": {" connection from alice to database orders closed after ", ""},
		"10.0.0.1\tconnection from  alice closed":                             {"connection", "from", "alice", "closed"},
		`{"level":"info","msg":"user 17 stored the order by hand"}`:           {"level", "info", "msg", "user", "stored", "the", "order", "by", "hand", ""},
		"took 17ms": nil,
	} {
		p := mine(line)[0]
		require.Equal(t, want, p.Texts(), line)
	}
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

// TestHostileLines: whatever a line holds, mining it ends soon and loses nothing.
func TestHostileLines(t *testing.T) {
	for _, line := range []string{
		"msg=" + strings.Repeat("=", 254), "msg=" + strings.Repeat("a=", 200), strings.Repeat(`"`, 5000), strings.Repeat("<", 5000), strings.Repeat("((", 3000),
		`{"a":` + strings.Repeat("[", 3000) + strings.Repeat("]", 3000) + "}", strings.Repeat("x ", 100_000), strings.Repeat("\n", 5000), strings.Repeat("<num> ", 3000),
	} {
		ps := mine(line, line)
		require.Len(t, ps, 1)
		require.Positive(t, ps[0].Count)
		_, err := regexp.Compile(ps[0].Regex())
		require.NoError(t, err)
	}
}

// TestStatusClassesStayApart, also where lines are looked for by a pattern.
func TestStatusClassesStayApart(t *testing.T) {
	p := mine(`10.0.0.1 "GET /orders HTTP/1.1" 503 17 "curl/8.0"`)[0]
	require.Regexp(t, p.Regex(), `10.0.0.1 "GET /orders HTTP/1.1" 502 17 "curl/8.0"`)
	require.NotRegexp(t, p.Regex(), `10.0.0.1 "GET /orders HTTP/1.1" 200 17 "curl/8.0"`)
	require.Contains(t, strings.Join(p.Texts(), ""), "5")
}

// TestTraceIsFoundByItsHead: where the agent does not join lines, the others are
// entries of their own.
func TestTraceIsFoundByItsHead(t *testing.T) {
	p := mine("ERROR order 17 failed", "\tat com.shop.Pool.take(Pool.java:17)", "\tat com.shop.Order.run(Order.java:99)")[0]
	require.Contains(t, p.Template, "Pool.take")
	require.Regexp(t, p.Regex(), "ERROR order 99 failed")
}
