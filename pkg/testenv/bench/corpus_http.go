package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Loki's defaults, which refuse a request that exceeds them.
const (
	maxPage   = 5000
	maxPoints = 11_000
)

var errNotFound = errors.New("404 page not found")

// ServeHTTP implements [http.Handler].
func (l *corpusLoki) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, content, body := l.respond(r)
	w.Header().Set("Content-Type", content)
	w.WriteHeader(status)
	_, _ = io.Copy(w, body) // the client left
}

// RoundTrip implements [http.RoundTripper]: it answers without a network.
func (l *corpusLoki) RoundTrip(r *http.Request) (*http.Response, error) {
	status, content, body := l.respond(r)
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {content}}, Body: body, ContentLength: -1, Request: r,
	}, nil
}

// respond answers a request and keeps it for asked.
func (l *corpusLoki) respond(r *http.Request) (status int, content string, body io.ReadCloser) {
	params, err := parameters(r)
	if err == nil {
		l.mu.Lock()
		l.requests = append(l.requests, &url.URL{Path: r.URL.Path, RawQuery: params.Encode()})
		l.mu.Unlock()
		body, err = l.answer(r.URL.Path, params)
	}
	if err == nil {
		return http.StatusOK, "application/json; charset=UTF-8", body
	}
	status = http.StatusBadRequest
	if errors.Is(err, errNotFound) {
		status = http.StatusNotFound
	}
	return status, "text/plain; charset=utf-8", io.NopCloser(strings.NewReader(err.Error()))
}

// parameters returns those of the URL and, of a POST, those of the body.
func parameters(r *http.Request) (url.Values, error) {
	text := r.URL.RawQuery
	if r.Body != nil {
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		text += "&" + string(body)
	}
	return url.ParseQuery(strings.Trim(text, "&"))
}

func (l *corpusLoki) answer(path string, q url.Values) (io.ReadCloser, error) {
	switch {
	case strings.HasSuffix(path, "/loki/api/v1/series"):
		var list []map[string]string
		for _, name := range l.names {
			list = append(list, map[string]string{"app": name, "cluster": "bench", "namespace": "corpus"})
		}
		return jsonBody(map[string]any{"status": "success", "data": list})
	case !strings.HasSuffix(path, "/loki/api/v1/query_range"):
		return nil, errNotFound
	case strings.HasPrefix(q.Get("query"), "sum"):
		return l.matrix(q)
	}
	start, end, err := window(q)
	if err != nil {
		return nil, err
	}
	limit := 100
	if q.Has("limit") {
		if limit, err = strconv.Atoi(q.Get("limit")); err != nil || limit <= 0 {
			return nil, errors.New("limit must be a positive value")
		}
	}
	if limit > maxPage {
		return nil, fmt.Errorf("max entries limit per query exceeded, limit > max_entries_limit_per_query (%d > %d)", limit, maxPage)
	}
	from, to := l.first(start), l.first(end)
	if q.Get("direction") == "forward" {
		return l.page(from, min(to, from+limit), false), nil
	}
	return l.page(max(from, to-limit), to, true), nil
}

func window(q url.Values) (start, end int64, err error) {
	if start, err = strconv.ParseInt(q.Get("start"), 10, 64); err == nil {
		end, err = strconv.ParseInt(q.Get("end"), 10, 64)
	}
	if err == nil && end <= start {
		err = errors.New("end timestamp must not be before or equal to start time")
	}
	return start, end, err
}

func jsonBody(v any) (io.ReadCloser, error) {
	text, err := json.Marshal(v)
	return io.NopCloser(strings.NewReader(string(text))), err
}

// countText is the only metric query there is.
var countText = regexp.MustCompile(`(?s)^sum ?(?:by ?\(([^)]*)\))? ?\( ?count_over_time\(.*\[([0-9a-zµ.]+)\]\)\s*\)$`)

// A series of a matrix.
type countSeries struct {
	Metric map[string]string `json:"metric"`
	Values [][2]any          `json:"values"`
}

// matrix counts the lines in (t-range, t] for each t from start to end by step.
func (l *corpusLoki) matrix(q url.Values) (io.ReadCloser, error) {
	start, end, err := window(q)
	if err != nil {
		return nil, err
	}
	m := countText.FindStringSubmatch(q.Get("query"))
	if m == nil {
		return nil, fmt.Errorf("the query %q is not of the form sum by (labels) (count_over_time(selector[range]))", q.Get("query"))
	}
	width, err := time.ParseDuration(m[2])
	if err != nil {
		return nil, err
	}
	d, err := time.ParseDuration(q.Get("step"))
	if err != nil {
		return nil, fmt.Errorf("step: %w", err)
	}
	step := d.Nanoseconds()
	if step <= 0 || (end-start)/step > maxPoints {
		return nil, errors.New("exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter")
	}
	by := strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' })
	byApp, byLevel := slices.Contains(by, "app"), slices.Contains(by, "detected_level")
	series := make([]countSeries, 1+256*len(levelNames()))
	counts := make([]int, len(series))
	for t := start; t <= end; t += step {
		l.count(counts, l.first(t-width.Nanoseconds()+1), l.first(t+1), byApp, byLevel)
		for i, n := range counts {
			if n > 0 {
				series[i].Values = append(series[i].Values, [2]any{float64(t/int64(time.Millisecond)) / 1000, strconv.Itoa(n)})
			}
		}
	}
	filled := []countSeries{}
	for i, s := range series {
		if s.Values == nil {
			continue
		}
		s.Metric = map[string]string{}
		if byApp {
			s.Metric["app"] = l.names[i/len(levelNames())]
		}
		if byLevel {
			s.Metric["detected_level"] = levelNames()[i%len(levelNames())]
		}
		filled = append(filled, s)
	}
	return jsonBody(map[string]any{"status": "success", "data": map[string]any{"resultType": "matrix", "result": filled, "stats": struct{}{}}})
}

// count sets counts to the numbers of lines in [from, to) by stream and level, as far as these are wanted.
func (l *corpusLoki) count(counts []int, from, to int, byApp, byLevel bool) {
	clear(counts)
	if !byApp && !byLevel {
		counts[0] = to - from
		return
	}
	for i := from; i < to; i++ {
		k := 0
		if byApp {
			k = int(l.streams[i]) * len(levelNames())
		}
		if byLevel {
			k += int(l.levels[i])
		}
		counts[k]++
	}
}
