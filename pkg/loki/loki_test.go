package loki_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

func TestMain(m *testing.M) {
	// Loki's LogQL package starts these two when it is imported.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"), goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func TestParse(t *testing.T) {
	for _, tc := range []struct {
		text string
		kind loki.Kind
	}{
		{`{app="x"}`, loki.KindLogs},
		{`{app="x"} |= "a" | json | line_format "{{.msg}}" # comment`, loki.KindLogs},
		{`sum by (app) (rate({app="x"} |~ "a" [5m]))`, loki.KindMetric},
	} {
		q, err := loki.Parse(tc.text)
		require.NoError(t, err, tc.text)
		require.Equal(t, tc.kind, q.Kind)
		require.Equal(t, tc.text, q.Text, "the user's text is kept")
	}
}

func TestParseErrorsSayWhatToDo(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "  ", "the query is empty"},
		{"unparsable", `{app="x"} |= |= "b"`, "line 1, column 14: syntax error"},
		{"unparsable in the second line", "{app=\"x\"} # \"é\n|= |= \"b\"", "line 2, column 4: syntax error"},
		{"unfinished", "{app=\"x\"}\n| json |", "line 2, column 9"},
		{"nothing selected", `{app=~".*"}`, "at least one"},
		{"broken regexp", `{app="x"} |~ "("`, "missing closing"},
		{"broken template", `{app="x"} | line_format "{{.x"`, "template"},
		{"broken unwrap", `sum_over_time({app="x"} | label_format a="{{.b" | unwrap a [5m])`, "template"},
		{"constant", `1+1`, "reads no logs"},
		{"macro", `rate({app="x"}[$__interval])`, "$__interval was not replaced"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := loki.Parse(tc.text)
			var q *loki.QueryError
			require.ErrorAs(t, err, &q)
			require.Contains(t, err.Error(), tc.want)
		})
	}
}

func TestNarrow(t *testing.T) {
	for text, want := range map[string]string{
		`{a="b"} |= "c" # note`: "{a=\"b\"} |= \"c\" # note\n|~ \"x\\\\d\"",
		`({a="b"})`:             `({a="b"})`,
	} {
		q, err := loki.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, loki.Narrow(q)(`x\d`))
		_, err = loki.Parse(loki.Narrow(q)(`x\d`))
		require.NoError(t, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{a="b"} | json`)
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := loki.Parse(s); err != nil {
			var q *loki.QueryError
			require.ErrorAs(t, err, &q)
		}
	})
}

// stub serves one fixed handler; it stands in for a Loki only where a fault must
// be forced.
func stub(t *testing.T, h http.HandlerFunc) *loki.Client {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := loki.NewClient(loki.Options{URL: s.URL, HTTP: &http.Client{Timeout: 2 * time.Second}})
	require.NoError(t, err)
	return c
}

var window = loki.Window{Start: time.Unix(1000, 0), End: time.Unix(2000, 0)}

func lines(c *loki.Client, limit int, fn func(loki.Entry)) (loki.Read, error) {
	q, err := loki.Parse(`{app="x"}`)
	if err != nil {
		return loki.Read{}, err
	}
	return c.Lines(context.Background(), q, window, nil, loki.Limits{Lines: limit}, fn)
}

func TestFaults(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			http.Error(w, body, code)
		}
	}
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		kind    error
		want    string
	}{
		{"400", status(400, "the query time range exceeds the limit (query length: 96h1m0s, limit: 2d)"), loki.ErrRejected, "exceeds the limit"},
		{"401", status(401, "no org id"), loki.ErrAuth, "credentials and tenant"},
		{"404", status(404, "page not found"), loki.ErrUnavailable, "no Loki API at this URL"},
		{"429", status(429, "too many outstanding requests"), loki.ErrThrottled, "retry after 7 s"},
		{"500", status(500, `{"message":"boom"}`), loki.ErrServer, "(HTTP 500): boom"},
		{"504", status(504, "request timed out"), loki.ErrTimeout, "Narrow the time range"},
		{"not JSON", body("<html>hello</html>"), loki.ErrReply, "is this the URL of a Loki?"},
		{"another JSON", body(`{"status":"ok"}`), loki.ErrReply, "there is no result"},
		{"empty", body(""), loki.ErrReply, "broke off"},
		{"cut off in the middle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"val`)
		}, loki.ErrReply, "broke off"},
		{"reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, loki.ErrUnavailable, "Check that Loki runs"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, loki.ErrTimeout, "did not answer in time"},
		{"unknown escape", body(`{"data":{"resultType":"vector","result":[{"metric":{"a":"\q"}}]}}`), loki.ErrReply, "escape"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := lines(stub(t, tc.handler), 10, func(loki.Entry) {})
			require.ErrorIs(t, err, tc.kind)
			require.Contains(t, err.Error(), tc.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestRefusedConnectionHidesCredentials(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	c, err := loki.NewClient(loki.Options{URL: "http://user:" + "hunter2@" + l.Addr().String(), HTTP: &http.Client{}})
	require.NoError(t, err)
	_, err = lines(c, 10, func(loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrUnavailable)
	require.NotContains(t, err.Error(), "hunter2")
}

func TestURLs(t *testing.T) {
	for _, bad := range []string{"", "loki:3100", "ftp://loki", "http://"} {
		_, err := loki.NewClient(loki.Options{URL: bad})
		require.ErrorContains(t, err, "http://loki:3100", bad)
	}
	paths := make(chan string, 4)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths <- r.URL.Path
		http.Error(w, "", http.StatusBadRequest)
	}))
	defer s.Close()
	for _, suffix := range []string{"", "/", "/loki/api/v1", "/loki/api/v1/"} {
		c, err := loki.NewClient(loki.Options{URL: s.URL + suffix})
		require.NoError(t, err)
		_, _ = lines(c, 1, func(loki.Entry) {})
		require.Equal(t, "/loki/api/v1/query", <-paths)
	}
}

func TestCallerThatLeavesIsNoFailureOfLoki(t *testing.T) {
	c := stub(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q, err := loki.Parse(`{app="x"}`)
	require.NoError(t, err)
	_, err = c.Lines(ctx, q, window, nil, loki.Limits{Lines: 1}, func(loki.Entry) {})
	require.ErrorIs(t, err, context.Canceled)
}

// TestDecoding checks what JSON can do to a line, in pieces of every size.
func TestDecoding(t *testing.T) {
	const reply = `{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[
	 {"stream":{"app":"x","b":"\u00e9\"\\"},"values":[
	  ["1000000000001","tab\t nl\n quote\" back\\ slash\/ \u0001 \ud83d\ude00 \ud83d x \u20ac",{"structuredMetadata":{"trace":"1","detected_level":"error"},"parsed":{"a":"b"}}],
	  ["1000000000002","plain"],
	  ["1000000000003",""]]},
	 {"stream":{"app":"y"},"values":[["1000000000000","first",{}]]}
	],"stats":{"a":[1,2,{"b":null}],"c":-1.5e3,"d":true}}}`
	for _, size := range []int{1, 2, 3, 7, 64, 1 << 20} {
		calls := 0
		c := stub(t, func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls == 1 {
				_, _ = io.WriteString(w, `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"4"]}]}}`)
				return
			}
			for i := 0; i < len(reply); i += size {
				_, _ = io.WriteString(w, reply[i:min(i+size, len(reply))])
				w.(http.Flusher).Flush()
			}
		})
		var got []string
		read, err := lines(c, 10, func(e loki.Entry) {
			got = append(got, fmt.Sprintf("%d %s %s %q", e.Time, e.Stream.Key, e.Level, e.Line))
		})
		require.NoError(t, err)
		require.Equal(t, 4, read.Lines)
		require.Equal(t, []string{
			`1000000000000 {app="y"}  "first"`,
			`1000000000001 {app="x", b="é\"\\"} error "tab\t nl\n quote\" back\\ slash/ \x01 😀 � x €"`,
			`1000000000002 {app="x", b="é\"\\"}  "plain"`,
			`1000000000003 {app="x", b="é\"\\"}  ""`,
		}, got)
	}
}

func TestServerThatIgnoresThePageStart(t *testing.T) {
	calls := 0
	c := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			_, _ = io.WriteString(w, `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"2"]}]}}`)
			return
		}
		_, _ = io.WriteString(w, `{"data":{"resultType":"streams","result":[{"stream":{},"values":[["1000000000001","a"],["1000000000002","b"]]}]}}`)
	})
	_, err := lines(c, 2, func(loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrReply)
}

func TestReplyLargerThanTheLimit(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":{"resultType":"vector","result":["`+strings.Repeat("x", 1<<20))
	}))
	defer s.Close()
	c, err := loki.NewClient(loki.Options{URL: s.URL, MaxBytes: 100_000})
	require.NoError(t, err)
	_, err = lines(c, 10, func(loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrReply, "a string where an object must be")
	_, err = c.Series(t.Context(), loki.Query{Text: "x", Kind: loki.KindMetric}, window, time.Second)
	require.Error(t, err)
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"data":{"resultType":"streams","result":[{"stream":{"a":"b"},"values":[["1","x\u00e9"]]}]}}`)
	f.Add(`{"data":{"result":[[[[[[["\ud800\u`)
	f.Fuzz(func(t *testing.T, s string) {
		calls := 0
		srv := roundTrip(func(*http.Request) string {
			if calls++; calls == 1 {
				return `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"4"]}]}}`
			}
			return s
		})
		c, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: srv}})
		require.NoError(t, err)
		_, err = lines(c, 10, func(loki.Entry) {})
		_ = err // any reply may be an error; none may panic or hang
	})
}

type roundTrip func(*http.Request) string

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(r(req))), Request: req}, nil
}

func BenchmarkDecode(b *testing.B) {
	const n = 4999 // less than a page, which ends the paging
	var reply strings.Builder
	reply.WriteString(`{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"x"},"values":[`)
	for i := range n {
		if i > 0 {
			reply.WriteByte(',')
		}
		fmt.Fprintf(&reply, `["%d","2026-11-22T10:11:12Z INFO GET /api/v1/orders/%d took %dms\n",{"structuredMetadata":{"detected_level":"info"}}]`, 1_000_000_000_000+i, i, rand.N(900))
	}
	reply.WriteString(`]}]}}`)
	text := reply.String()
	c, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) string {
		if strings.HasSuffix(r.URL.Path, "/query") {
			return `{"data":{"resultType":"vector","result":[{"metric":{},"value":[1,"4999"]}]}}`
		}
		return text
	})}})
	require.NoError(b, err)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		read, err := lines(c, n+1, func(loki.Entry) {})
		require.NoError(b, err)
		require.Equal(b, n, read.Lines)
	}
}
