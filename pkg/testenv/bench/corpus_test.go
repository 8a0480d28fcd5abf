package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

const needle = "a <needle> in the \"hay\""

// small serves 1,000 lines, one every 3.6 s of an hour.
func small(t *testing.T) (l *corpusLoki, start time.Time) {
	t.Helper()
	start = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	l, err := newCorpusLoki(1000, start, start.Add(time.Hour), map[int]string{500: needle})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l, start
}

func ask(t *testing.T, l *corpusLoki, path string, params url.Values) (status int, body []byte) {
	t.Helper()
	client := &http.Client{Transport: l}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://loki"+path+"?"+params.Encode(), nil)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err = io.ReadAll(iotest.OneByteReader(res.Body))
	require.NoError(t, err)
	return res.StatusCode, body
}

type entry struct {
	app, level, line string
	ns               int64
}

func entries(t *testing.T, body []byte) (out []entry) {
	t.Helper()
	var reply struct {
		Data struct {
			Result []struct {
				Stream map[string]string
				Values [][]any
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &reply), "%s", body)
	seen := map[string]bool{}
	for _, s := range reply.Data.Result {
		require.False(t, seen[s.Stream["app"]], "a stream is there twice")
		seen[s.Stream["app"]] = true
		for _, v := range s.Values {
			ns, err := strconv.ParseInt(v[0].(string), 10, 64)
			require.NoError(t, err)
			level := v[2].(map[string]any)["structuredMetadata"].(map[string]any)["detected_level"].(string)
			out = append(out, entry{s.Stream["app"], level, v[1].(string), ns})
		}
	}
	return out
}

func between(from, to time.Time, more ...string) url.Values {
	v := url.Values{"start": {fmt.Sprint(from.UnixNano())}, "end": {fmt.Sprint(to.UnixNano())}, "query": {`{app=~".+"}`}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

const queryRange = "/loki/api/v1/query_range"

func TestCorpusLokiServesTheCorpus(t *testing.T) {
	l, start := small(t)
	var got []entry
	for from := start; from.Before(start.Add(time.Hour)); from = from.Add(15 * time.Minute) {
		status, body := ask(t, l, queryRange, between(from, from.Add(15*time.Minute), "limit", "5000", "direction", "forward"))
		require.Equal(t, http.StatusOK, status)
		got = append(got, entries(t, body)...)
	}
	slices.SortFunc(got, func(a, b entry) int { return int(a.ns - b.ns) })
	require.Len(t, got, 1000)
	g := corpus.New(1)
	for i, e := range got {
		line, from := g.Next(nil)
		if i == 500 {
			line, from = []byte(needle), corpus.Line{Level: "info"}
		}
		require.Equal(t, entry{corpus.Services()[from.Service], from.Level, string(line), start.UnixNano() + int64(i)*3_600_000_000}, e)
	}
	_, body := ask(t, l, queryRange, between(start, start.Add(time.Hour), "limit", "5000"))
	require.Contains(t, string(body), `a \u003cneedle\u003e in the \"hay\"`, "Loki escapes so")
	require.Len(t, l.asked(), 5)
	require.Empty(t, l.asked())
}

func TestCorpusLokiPages(t *testing.T) {
	l, start := small(t)
	first, last := start.UnixNano(), start.Add(time.Hour-3600*time.Millisecond).UnixNano()
	times := func(params url.Values) (out []int64) {
		_, body := ask(t, l, queryRange, params)
		for _, e := range entries(t, body) {
			out = append(out, e.ns)
		}
		return out
	}
	forward := times(between(start, start.Add(time.Hour), "limit", "10", "direction", "forward"))
	require.Len(t, forward, 10)
	require.Equal(t, first, slices.Min(forward))
	require.Equal(t, first+9*3_600_000_000, slices.Max(forward))
	backward := times(between(start, start.Add(time.Hour)))
	require.Len(t, backward, 100)
	require.Equal(t, last, slices.Max(backward))
	require.Equal(t, last-99*3_600_000_000, slices.Min(backward))
	_, body := ask(t, l, queryRange, between(start, start.Add(time.Hour)))
	byApp := map[string][]int64{}
	for _, e := range entries(t, body) {
		byApp[e.app] = append(byApp[e.app], -e.ns)
	}
	for app, list := range byApp {
		require.True(t, slices.IsSorted(list), "%s is not newest first", app)
	}
	// The end is exclusive and the start is not; a window without lines is an empty list.
	at := start.Add(3600 * time.Millisecond)
	require.Equal(t, []int64{at.UnixNano()}, times(between(at, at.Add(3600*time.Millisecond))))
	require.Empty(t, times(between(at.Add(1), at.Add(2))))
	require.Equal(t, []int64{at.UnixNano()}, times(between(start.Add(1), at.Add(1))))
	require.Empty(t, times(between(start.Add(2*time.Hour), start.Add(3*time.Hour))))
	require.Empty(t, times(between(start.Add(-2*time.Hour), start)))
}

func TestCorpusLokiCounts(t *testing.T) {
	l, start := small(t)
	points := func(query string) map[string]map[float64]string {
		_, body := ask(t, l, queryRange, between(start.Add(time.Minute-1), start.Add(time.Hour-1), "query", query, "step", "60s"))
		var reply struct {
			Data struct {
				ResultType string
				Result     []struct {
					Metric map[string]string
					Values [][2]any
				}
			}
		}
		require.NoError(t, json.Unmarshal(body, &reply), "%s", body)
		require.Equal(t, "matrix", reply.Data.ResultType)
		out := map[string]map[float64]string{}
		for _, s := range reply.Data.Result {
			name := s.Metric["app"] + "/" + s.Metric["detected_level"]
			out[name] = map[float64]string{}
			for _, p := range s.Values {
				out[name][p[0].(float64)] = p[1].(string)
			}
		}
		return out
	}
	// Of (t-range, t], the first is not part and the last is.
	at := start.Add(36 * time.Second)
	_, body := ask(t, l, queryRange, between(at, at.Add(1), "query", `sum(count_over_time({a="b"}[36000ms]))`, "step", "36s"))
	require.Contains(t, string(body), fmt.Sprintf(`"values":[[%d,"10"]]`, at.Unix()))
	whole := points(`sum(count_over_time({app=~".+"} |= "[a]" [60000ms]))`)
	require.Len(t, whole["/"], 60)
	total := 0
	for _, n := range whole["/"] {
		require.Contains(t, []string{"16", "17"}, n)
		add, _ := strconv.Atoi(n)
		total += add
	}
	require.Equal(t, 1000, total)
	truth := map[string]int{}
	g := corpus.New(1)
	for i := range 1000 {
		_, from := g.Next(nil)
		if i == 500 {
			from = corpus.Line{Level: "info"}
		}
		truth[corpus.Services()[from.Service]+"/"+from.Level]++
	}
	got := map[string]int{}
	for name, values := range points("sum by (app, detected_level) (count_over_time({app=~\".+\"}\n| drop __error__ [60000ms]))") {
		for _, n := range values {
			add, _ := strconv.Atoi(n)
			got[name] += add
		}
	}
	require.Equal(t, truth, got)
	require.Len(t, points(`sum by(detected_level)(count_over_time({app=~".+"}[1m]))`), 4)
}

func TestCorpusLokiRefuses(t *testing.T) {
	l, start := small(t)
	hour := start.Add(time.Hour)
	for text, params := range map[string]url.Values{
		"max entries limit":  between(start, hour, "limit", "5001"),
		"positive":           between(start, hour, "limit", "0"),
		"end timestamp":      between(hour, start),
		"invalid syntax":     between(start, hour, "start", "yesterday"),
		"not of the form":    between(start, hour, "query", "sum(rate({a=\"b\"}[1m]))", "step", "60s"),
		"maximum resolution": between(start, hour, "query", `sum(count_over_time({a="b"}[1m]))`, "step", "0.1s"),
	} {
		status, body := ask(t, l, queryRange, params)
		require.Equal(t, http.StatusBadRequest, status, text)
		require.Contains(t, string(body), text)
	}
	status, _ := ask(t, l, "/loki/api/v1/query", between(start, hour))
	require.Equal(t, http.StatusNotFound, status)
	status, body := ask(t, l, "/loki/api/v1/series", nil)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, len(corpus.Services()), strings.Count(string(body), `"app":`))
	_, err := newCorpusLoki(2000, start, start.Add(time.Microsecond), nil)
	require.Error(t, err)
}

func TestCorpusLokiAsAServer(t *testing.T) {
	l, start := small(t)
	server := httptest.NewServer(l)
	defer server.Close()
	params := between(start, start.Add(time.Hour), "limit", "5000")
	post := func() error {
		res, err := server.Client().PostForm(server.URL+queryRange, params)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.Len(t, entries(t, body), 1000)
		return err
	}
	own, transport, err := withoutLoki(t.Context(), 3, l, server.Client(), server.URL, post)
	require.NoError(t, err)
	require.Positive(t, own)
	require.Positive(t, transport)
	requests := l.asked()
	require.Empty(t, requests, "the comparison leaves none behind")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, discard(ctx, server.Client(), server.URL, []*url.URL{{Path: queryRange}}), context.Canceled)
	require.ErrorContains(t, discard(t.Context(), server.Client(), server.URL, []*url.URL{{Path: "/elsewhere"}}), "404")
}
