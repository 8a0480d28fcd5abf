package loki_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// TestDecoding checks what JSON can do to a line, in pieces of every size.
func TestDecoding(t *testing.T) {
	const reply = `{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[
	 {"stream":{"app":"x","b":"\u00e9\"\\"},"values":[
	  ["1000000000001","tab\t nl\n quote\" back\\ slash\/ \u0001 \ud83d\ude00 \ud83d x \u20ac",{"structuredMetadata":{"trace":"1","detected_level":"error"},"parsed":{"a":"b"}}],
	  ["1000000000002","plain"],["1000000000003",""],
	  ["1000000000004","",{"structuredMetadata":{"detected_level":"unknown"}}]]},
	 {"stream":{"app":"y"},"values":[["1000000000000","first",{}],["1000000000002","\u003c\u003e",{"parsed":{"detected_level":"fatal"}}]]}
	],"stats":{"a":[1,2,{"b":null}],"c":-1.5e3,"d":true}}}`
	for _, size := range []int{1, 2, 3, 7, 64, 1 << 20} {
		c := stub(t, func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(reply); i += size {
				_, _ = io.WriteString(w, reply[i:min(i+size, len(reply))])
				w.(http.Flusher).Flush()
			}
		})
		var got []string
		_, err := read(t, c, func(e loki.Entry) {
			got = append(got, fmt.Sprintf("%d %s %s %q", e.Time, e.Stream.Key, e.Level, e.Line))
		})
		require.NoError(t, err)
		require.Equal(t, []string{
			`1000000000000 {app="y"}  "first"`,
			`1000000000001 {app="x", b="é\"\\"} error "tab\t nl\n quote\" back\\ slash/ \x01 😀 � x €"`,
			`1000000000002 {app="x", b="é\"\\"}  "plain"`,
			`1000000000002 {app="y"} fatal "<>"`,
			`1000000000003 {app="x", b="é\"\\"}  ""`,
			`1000000000004 {app="x", b="é\"\\"}  ""`,
		}, got)
	}
}

// fake is a Loki that holds one line per nanosecond from first on and answers log
// queries; it stands in for a real one where a fault or a size must be forced.
type fake struct {
	first, lines int64
	line         func(i int64) string
	// limit is the largest page it takes, most the largest it was asked for.
	limit int64
	most  atomic.Int64
}

func (f *fake) RoundTrip(r *http.Request) (*http.Response, error) {
	number := func(name string) int64 {
		n, _ := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
		return n
	}
	limit := number("limit")
	if limit > f.limit {
		text := fmt.Sprintf("max entries limit per query exceeded, limit > max_entries_limit_per_query (%d > %d)", limit, f.limit)
		return &http.Response{StatusCode: http.StatusBadRequest, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
	}
	f.most.Store(max(f.most.Load(), limit))
	from := max(0, number("start")-f.first)
	body := &fakeBody{f: f, next: from, end: min(f.lines, number("end")-f.first, from+limit)}
	body.buf = append(body.buf, `{"data":{"resultType":"streams","result":[{"stream":{"app":"x"},"values":[`...)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body), Request: r}, nil
}

// fakeBody renders lines while it is read.
type fakeBody struct {
	f         *fake
	next, end int64
	buf       []byte
	done      bool
}

func (b *fakeBody) Read(p []byte) (int, error) {
	for len(b.buf) < len(p) && !b.done {
		if b.next >= b.end {
			b.buf, b.done = append(b.buf, `]}]}}`...), true
			break
		}
		b.buf = append(b.buf, '[', '"')
		b.buf = append(strconv.AppendInt(b.buf, b.f.first+b.next, 10), '"', ',')
		b.buf = append(strconv.AppendQuote(b.buf, b.f.line(b.next)), ']')
		if b.next++; b.next < b.end {
			b.buf = append(b.buf, ',')
		}
	}
	n := copy(p, b.buf)
	b.buf = slices.Delete(b.buf, 0, n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (f *fake) part(from, to int64) loki.Part {
	return loki.Part{Start: f.first + from - 1, End: f.first + to - 1, Lines: to - from, Share: to - from}
}

func (f *fake) client(t testing.TB, maxBytes int64) *loki.Client {
	c, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: f}, MaxBytes: maxBytes})
	require.NoError(t, err)
	return c
}

func TestServersSmallerPagesAreObeyed(t *testing.T) {
	f := &fake{first: 1e18, lines: 10_000, limit: 700, line: func(i int64) string { return strconv.FormatInt(i, 10) }}
	parts := []loki.Part{f.part(0, 4000), f.part(4000, 10_000)}
	next := []int64{0, 4000}
	out, err := f.client(t, 0).Read(t.Context(), parsed(t, `{app="x"}`), parts, loki.ReadOptions{Parallel: 2}, func(part int, e loki.Entry) {
		require.Equal(t, strconv.FormatInt(next[part], 10), string(e.Line))
		next[part]++
	})
	require.NoError(t, err)
	require.Equal(t, []int64{4000, 10_000}, next)
	require.Equal(t, []int64{4000, 6000}, []int64{out[0].Lines, out[1].Lines})
	require.EqualValues(t, 700, f.most.Load())
}

func TestRepliesThatAreTooLargeAreReadInSmallerPages(t *testing.T) {
	f := &fake{first: 1e18, lines: 3000, limit: 5000, line: func(i int64) string { return strings.Repeat("x", int(i)) }}
	var next int64
	out, err := f.client(t, 200_000).Read(t.Context(), parsed(t, `{app="x"}`), []loki.Part{f.part(0, 3000)}, loki.ReadOptions{}, func(_ int, e loki.Entry) {
		require.Len(t, e.Line, int(next))
		next++
	})
	require.NoError(t, err)
	require.EqualValues(t, 3000, next)
	require.Greater(t, out[0].Requests, 3000*1500/200_000)

	_, err = f.client(t, 2000).Read(t.Context(), parsed(t, `{app="x"}`), []loki.Part{f.part(2990, 3000)}, loki.ReadOptions{}, func(int, loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrTooLarge, "one line is larger than the limit")
}

// TestFirstErrorIsTold: where one part fails, the others end, and the error is what
// Loki said, not that they were cancelled.
func TestFirstErrorIsTold(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("start") == "1000000000001" {
			<-r.Context().Done()
			return
		}
		http.Error(w, "too many outstanding requests", http.StatusTooManyRequests)
	}))
	t.Cleanup(s.Close)
	c, err := loki.NewClient(loki.Options{URL: s.URL})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	parts := []loki.Part{{Start: 1e12, End: 2e12, Lines: 6, Share: 6}, {Start: 2e12, End: 3e12, Lines: 5, Share: 5}}
	out, err := c.Read(ctx, parsed(t, `{app="x"}`), parts, loki.ReadOptions{Parallel: 2}, func(int, loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrThrottled)
	require.NotErrorIs(t, err, context.Canceled)
	require.Len(t, out, 2)
	require.NoError(t, ctx.Err(), "the part that waits is cancelled")
}

func TestFarMoreThanCounted(t *testing.T) {
	f := &fake{first: 1e18, lines: 10_000, limit: 1000, line: func(int64) string { return "x" }}
	p := f.part(0, 10_000)
	p.Lines, p.Share = 3000, 3000
	out, err := f.client(t, 0).Read(t.Context(), parsed(t, `{app="x"}`), []loki.Part{p}, loki.ReadOptions{Page: 1000}, func(int, loki.Entry) {})
	require.NoError(t, err)
	require.EqualValues(t, 4000, out[0].Lines)
	require.True(t, out[0].Sampled)
}

func TestServerThatIgnoresTheTime(t *testing.T) {
	c := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":{"resultType":"streams","result":[{"stream":{},"values":[["1000000000001","a"],["3000000000002","b"]]}]}}`)
	})
	_, err := read(t, c, func(loki.Entry) {})
	require.ErrorIs(t, err, loki.ErrReply)
}

// TestCountsOutsideTheWindowAreDropped: Loki's frontend may widen a range.
func TestCountsOutsideTheWindowAreDropped(t *testing.T) {
	c, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: answer(
		`{"data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[60,"1"],[120,"2"],[180,"0"],[240,"4"],[300,"5"]]}]}}`,
	)}})
	require.NoError(t, err)
	w := loki.Window{Start: time.Unix(60, 0), End: time.Unix(240, 0)}
	got, err := c.Buckets(t.Context(), parsed(t, `{a="b"}`), w, time.Minute, []string{"a"})
	require.NoError(t, err)
	labels := map[string]string{"a": "b"}
	require.Equal(t, []loki.Bucket{{End: 120e9, Labels: labels, Lines: 2}, {End: 240e9, Labels: labels, Lines: 4}}, got)
}

func TestMetricRepliesAreBounded(t *testing.T) {
	f := func(body string) *loki.Client {
		c, err := loki.NewClient(loki.Options{URL: "http://loki", MaxBytes: 100_000, HTTP: &http.Client{Transport: answer(body)}})
		require.NoError(t, err)
		return c
	}
	_, err := f(`{"data":{"resultType":"matrix","result":["`+strings.Repeat("x", 1<<20)).Series(t.Context(), parsed(t, `rate({a="b"}[1m])`), window, time.Second)
	require.ErrorIs(t, err, loki.ErrReply, "a string where an object must be")
	_, err = f(`{"data":{"resultType":"matrix","result":[{"x":"`+strings.Repeat("x", 1<<20)).Series(t.Context(), parsed(t, `rate({a="b"}[1m])`), window, time.Second)
	require.ErrorIs(t, err, loki.ErrTooLarge)
	_, err = f(`{"data":{"resultType":"matrix","result":[{"values":[[1,"2"]]}]}}`).Series(t.Context(), parsed(t, `rate({a="b"}[1m])`), window, time.Second)
	require.ErrorIs(t, err, loki.ErrReply, "samples without a series")
	series, err := f(`{"data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"NaN"],[2.5,"3"],[3,"+Inf"]]}]}}`).Series(t.Context(), parsed(t, `rate({a="b"}[1m])`), window, time.Second)
	require.NoError(t, err)
	require.Equal(t, []loki.Series{{Labels: map[string]string{"a": "b"}, Points: []loki.Point{{Time: time.UnixMilli(2500), Value: 3}}}}, series)
}

// answer is a server with one answer.
type answer string

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}
