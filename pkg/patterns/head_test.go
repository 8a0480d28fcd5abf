package patterns

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeadLevel(t *testing.T) {
	for name, tc := range map[string]struct {
		line   string
		level  Level
		stated bool
	}{
		"klog information":      {`I0722 09:34:16.954398       1 cronjob_controllerv2.go:199] "Error cleaning up jobs"`, LevelInfo, true},
		"klog error":            {`E0722 09:34:16.954398       1 x.go:1] "no info"`, LevelError, true},
		"klog warning":          {`W1122 09:34:16.954398       1 x.go:1] error`, LevelWarn, true},
		"a word and a number":   {`E0722 units of error left in stock`, LevelUnknown, false},
		"redis notice":          {`1:M 22 Nov 2026 10:00:00.123 * Background saving error is over`, LevelInfo, true},
		"redis warning":         {`4405:C 02 Aug 2026 07:02:41.301 # Write error while saving DB`, LevelWarn, true},
		"mongodb":               {`{"t":{"$date":"2026-11-22T10:00:00.123+00:00"},"s":"I",  "c":"NETWORK","attr":{"error":"x"}}`, LevelInfo, true},
		"postgresql log":        {`2026-11-22 10:00:00.123 UTC [77] app@orders LOG:  could not receive data from client: error`, LevelInfo, true},
		"postgresql statement":  {`2026-11-22 10:00:00.123 UTC [77] STATEMENT:  SELECT 'fatal error'`, LevelInfo, true},
		"postgresql panic":      {`2026-11-22 10:00:00.123 UTC [77] PANIC:  could not write`, LevelFatal, true},
		"mysql note":            {`2026-11-22T10:00:00.123456Z 0 [Note] [MY-010733] Shutting down after error`, LevelInfo, true},
		"mysql warning":         {`2026-11-22T10:00:00.123456Z 0 [Warning] [MY-010068] CA error`, LevelWarn, true},
		"celery":                {`[2026-08-11 21:48:41,055: INFO/ForkPoolWorker-7] Task x retry: HTTPError(error)`, LevelInfo, true},
		"logback with a trace":  {`2026-11-22 10:00:00.123 [trace=1,span=2] ERROR c.e.Orders : lost`, LevelError, true},
		"clickhouse":            {`2026.11.22 10:00:00.123456 [ 77 ] {} <Information> Merge: no error`, LevelInfo, true},
		"rabbitmq notice":       {`2026-11-22 10:00:00.123+00:00 [notice] <0.1.0> error logger started`, LevelInfo, true},
		"nginx":                 {`2026/09/03 08:11:22 [crit] 31#31: *1 SSL_do_handshake() failed (SSL: error:0A000102)`, LevelFatal, true},
		"access log":            {`10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "fatal error"`, LevelUnknown, true},
		"an error of a request": {`upstream timed out, request: "GET /x HTTP/1.1", host: "fatal"`, LevelUnknown, false},
		"prose":                 {`2026-11-22 10:00:00 connection ERROR while reading`, LevelUnknown, false},
		"small letters":         {`2026-11-22T10:00:00Z web error POST /pay 503`, LevelUnknown, false},
		"short":                 {`E0722`, LevelUnknown, false},
		"nothing":               {``, LevelUnknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			level, stated := headLevel([]byte(tc.line))
			require.Equal(t, tc.stated, stated)
			require.Equal(t, tc.level, level)
		})
	}
}

func TestNumberedLevel(t *testing.T) {
	for line, want := range map[string]Level{
		`{"level":40,"time":1,"err":{"type":"Error"}}`:               LevelWarn,
		`{"name":"web","hostname":"a","pid":1,"level":60,"msg":"x"}`: LevelFatal,
		`{"level":20}`:                        LevelDebug,
		`{"body":{"level":10},"error":"x"}`:   LevelUnknown,
		`{"level":404,"msg":"x"}`:             LevelUnknown,
		`{"level":"error"}`:                   LevelUnknown,
		`{"msg":"\"level\":10,","error":"x"}`: LevelUnknown,
		`{"level":3`:                          LevelUnknown,
	} {
		got, ok := numberedLevel([]byte(line))
		require.Equal(t, want, got, line)
		require.Equal(t, want != LevelUnknown, ok, line)
	}
}

// TestHeadBeatsGuess: what a line's head states counts, whatever was guessed from its words.
func TestHeadBeatsGuess(t *testing.T) {
	b := NewBook(Config{})
	c := b.Counter()
	c.Begin(0, 100)
	for i, l := range []string{
		`I0722 09:34:16.954398       1 x.go:1] "Error cleaning up jobs" job="a"`, `I0722 09:34:17.954398       1 x.go:1] "Error cleaning up jobs" job="a"`,
		`{"level":30,"time":1,"msg":"error is gone"}`, `{"level":50,"time":1,"msg":"error is gone"}`,
		`service failed to start`,
	} {
		c.Add(Line{Time: int64(i), Level: LevelError, Text: []byte(l)})
	}
	levels := [levelCount]int{}
	for _, p := range b.Patterns([]*Tally{c.End(1)}, nil, 0, 100) {
		for l, n := range p.Levels {
			levels[l] += n
		}
	}
	require.Equal(t, [levelCount]int{LevelInfo: 3, LevelError: 2}, levels)
}

func FuzzHeadLevel(f *testing.F) {
	f.Add([]byte(`I0722 09:34:16.954398       1 x.go:1] x`))
	f.Add([]byte(`1:M 22 Nov 2026 10:00:00.123 * x`))
	f.Add([]byte(`{"level":30}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if l, ok := headLevel(line); !ok {
			require.Equal(t, LevelUnknown, l)
		}
		numberedLevel(line)
	})
}
