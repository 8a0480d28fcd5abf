package loki_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
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
		`({a="b"})`:             "{a=\"b\"}\n|~ \"x\\\\d\"",
		`rate({a="b"}[1m])`:     `rate({a="b"}[1m])`,
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

// whole is the part that holds all of the window, by a count that is given.
func whole(lines int64) []loki.Part {
	return []loki.Part{{Start: window.Start.UnixNano() - 1, End: window.End.UnixNano() - 1, Lines: lines, Share: lines}}
}

func parsed(t testing.TB, text string) loki.Query {
	t.Helper()
	q, err := loki.Parse(text)
	require.NoError(t, err)
	return q
}

func read(t testing.TB, c *loki.Client, sink func(loki.Entry)) (loki.PartRead, error) {
	out, err := c.Read(t.Context(), parsed(t, `{app="x"}`), whole(10), loki.ReadOptions{}, func(_ int, e loki.Entry) { sink(e) })
	return out[0], err
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
			_, _ = io.WriteString(w, `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"val`)
		}, loki.ErrReply, "broke off"},
		{"reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, loki.ErrUnavailable, "Check that Loki runs"},
		{"slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, loki.ErrTimeout, "did not answer in time"},
		{"unknown escape", body(`{"data":{"resultType":"streams","result":[{"stream":{"a":"\q"}}]}}`), loki.ErrReply, "escape"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := read(t, stub(t, tc.handler), func(loki.Entry) {})
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
	_, err = read(t, c, func(loki.Entry) {})
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
		_, _ = read(t, c, func(loki.Entry) {})
		require.Equal(t, "/loki/api/v1/query_range", <-paths)
	}
}

func TestCallerThatLeavesIsNoFailureOfLoki(t *testing.T) {
	c := stub(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Read(ctx, parsed(t, `{app="x"}`), whole(1), loki.ReadOptions{}, func(int, loki.Entry) {})
	require.ErrorIs(t, err, context.Canceled)
}
