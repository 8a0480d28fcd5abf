package rules

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
)

func TestVoice(t *testing.T) {
	for name, tc := range map[string]struct {
		line string
		mute bool
		want string
	}{
		"plain words":               {line: "write /data/x: no space left on device", want: "write ~: no space left on device"},
		"combined access log":       {line: `10.0.0.1 - oomkilled [22/Nov/2026:10:00:00 +0000] "GET /no%20space HTTP/1.1" 502 12 "-" "panic: x"`, want: `~http/1.1" 502 12 ~`},
		"envoy keeps its flags":     {line: `[2026-11-22T10:00:00.000Z] "GET /x HTTP/1.1" 503 UF,URX 0 91 1000 - "10.0.0.1" "oomkilled"`, want: `~http/1.1" 503 uf,urx 0 91 1000 - ~`},
		"escaped quote in request":  {line: `"GET /\"x HTTP/1.1" 200 5 "-" "a \" no space left on device \" b"`, want: `~http/1.1" 200 5 ~`},
		"json keys":                 {line: `{"level":"error","msg":"lookup failed","path":"/panic","user":{"name":"oomkilled"},"error":"connection refused","n":7}`, want: `{"level":"error","msg":"lookup failed","path":"~","user":{"name":"~"},"error":"connection refused","n":7}`},
		"json without a message":    {line: `{"status":502,"http_user_agent":"panic: x","note":"oomkilled"}`, want: `{"status":502,"http_user_agent":"~","note":"~"}`},
		"json in json":              {line: `{"log":"{\"level\":\"error\",\"msg\":\"out of memory\",\"ua\":\"panic\"}\n"}`, want: `{"log":"{"level":"error","msg":"out of memory","ua":"~"}"}`},
		"opentelemetry body":        {line: `{"body":"panic: x","severity":"ERROR","attributes":{"http.url":"panic"}}`, want: `{"body":"panic: x","severity":"error","attributes":{"http.url":"~"}}`},
		"logfmt":                    {line: `level=info msg="login failed" user="no space left on device" err="connection refused"`, want: `level=info msg="login failed" user="~" err="connection refused"`},
		"logfmt without quotes":     {line: `level=info user=no space left on device ip=10.0.0.1 msg=x`, want: `level=info user=~ ip=~ msg=x`},
		"klog":                      {line: `I1122 10:00:00.123456 1 a.go:12] "Probe failed" pod="shop/x" reason="OOMKilled"`, want: `i1122 10:00:00.123456 1 a.go:12] "probe failed" pod="~" reason="oomkilled"`},
		"sshd":                      {line: "Invalid user panic: runtime error from 10.0.0.1 port 22", mute: true, want: "invalid user ~ from 10.0.0.1 port 22"},
		"sshd, no from":             {line: "Failed password for invalid user no space left on device from 10.0.0.1 port 22 ssh2", mute: true, want: "failed password for invalid user ~ from 10.0.0.1 port 22 ssh2"},
		"coredns":                   {line: `[INFO] 10.0.0.1:4 - 5 "A IN oomkilled. udp 51 false 512" SERVFAIL qr 51 2s`, mute: true, want: `[info] 10.0.0.1:4 - 5 "~" servfail qr 51 2s`},
		"lookups":                   {line: "dial tcp: lookup oomkilled.example.com on 10.96.0.10:53: no such host", want: "dial tcp: lookup ~ on 10.96.0.10:53: no such host"},
		"mail":                      {line: "from=<no space left on device@example.com> to <oomkilled@example.com> bob@oomkilled.example", want: "from=~ to ~ ~"},
		"quotes in own words":       {line: `ERROR failed to "StartContainer" for "oomkilled" with CrashLoopBackOff: "back-off restarting failed container"`, want: `error failed to "startcontainer" for "~" with crashloopbackoff: "back-off restarting failed container"`},
		"quotes in harmless lines":  {line: `INFO comment was "no space left on device"`, want: `info comment was "~"`},
		"nginx error log":           {line: `2026/11/22 10:00:00 [error] 29#29: *1 open() "/x/no space left on device" failed (2: No such file or directory), request: "GET /oomkilled HTTP/1.1", referrer: "panic"`, mute: true, want: `2026/11/22 10:00:00 [error] 29#29: *1 open() "~" failed (2: no such file or directory), request: "~", referrer: ~`},
		"postgres statement":        {line: "STATEMENT:  select 'no space left on device'", mute: true, want: "statement: ~"},
		"postgres key":              {line: "DETAIL:  Key (email)=(no space left on device) already exists.", mute: true, want: "detail: key ~"},
		"headers":                   {line: "INFO request User-Agent: no space left on device, Accept: x", want: "info request user-agent: ~, accept: x"},
		"python dict":               {line: `INFO headers {'User-Agent': 'no space left on device'}`, want: `info headers {'~': '~'}`},
		"python exception":          {line: "OSError: [Errno 28] No space left on device: '/data/out.csv'", want: "oserror: [errno 28] no space left on device: '~'"},
		"go parse error":            {line: `level=error err="strconv.Atoi: parsing \"no space left on device\": invalid syntax"`, want: `level=error err="strconv.atoi: parsing "~":invalid syntax"`},
		"go maps":                   {line: `level=error msg="bad request" headers=map[User-Agent:[panic: x]] err=eof`, want: `level=error msg="bad request" headers=~ err=eof`},
		"postgres prefix":           {line: "2026-11-22 UTC [7] user=app,db=orders,client=10.0.0.1 FATAL:  sorry, too many clients already", want: "2026-11-22 utc [7] user=~,db=orders,client=~ fatal: sorry, too many clients already"},
		"a name in an own sentence": {line: "ERROR could not load user: dial tcp 10.0.0.1:5432: connect: connection refused", want: "error could not load user: dial tcp 10.0.0.1:5432: connect: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			var v voice
			v.read(tc.line, levelOf(&patterns.Pattern{}, tc.line), tc.mute, true)
			require.Equal(t, tc.want, strings.ReplaceAll(string(v.out), string(rune(hole)), "~"))
			marked := string(v.out)
			v.read(tc.line, levelOf(&patterns.Pattern{}, tc.line), tc.mute, false)
			assert.Equal(t, marked, string(v.out), "marks change nothing")
		})
	}
}

func TestMessageStarts(t *testing.T) {
	for _, line := range []string{
		"panic: x",
		"2026-11-22T10:00:00.123Z panic: x",
		"2026-11-22T10:00:00.123456789Z stderr F panic: x",
		"Nov 22 10:00:00 node-1 checkout[812]: panic: x",
		"<13>Nov 22 10:00:00 node-1 checkout: panic: x",
		"2026-11-22T10:00:00+00:00 node-1 checkout[812]: panic: x",
		"2026/11/22 10:00:00 panic: x",
		"2026-11-22 10:00:00,123 ERROR [main] com.example.Orders - panic: x",
		"2026-11-22 10:00:00.123 UTC [77] panic: x",
		"[2026-11-22 10:00:00,123: ERROR/MainProcess] panic: x",
		"E1122 10:00:00.123456       1 server.go:12] panic: x",
		"[ 1234.567890] panic: x",
		"\x1b[31mERROR\x1b[0m panic: x",
		"1:M 22 Nov 2026 10:00:00.123 # panic: x",
		"ERROR:root:panic: x",
		"ERROR    app.orders:views.py:12 panic: x",
		"com.example.Orders: panic: x",
	} {
		var v voice
		v.read(line, patterns.LevelUnknown, false, true)
		assert.True(t, v.says("panic: ", true), "%q: %v %v %q", line, messageStarts(line), v.starts, v.out)
	}
	for _, line := range []string{
		"user said panic: x", "login failed: panic: x", "comment posted by bob panic: x", "search for panic: x done", "GET /a panic: x",
		`INFO "GET /x" panic: x`, "INFO search: panic: x", "hello, panic: x",
	} {
		var v voice
		v.read(line, patterns.DetectLevel(line), false, true)
		assert.False(t, v.says("panic: ", true), "%q", line)
	}
}
