package adversary

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var countQuery = regexp.MustCompile(`(?s)^sum ?(?:by ?\(([^)]*)\))? ?\(count_over_time.*\[(\d+)ms\]\)\)$`)

// ServeHTTP answers as Loki does what a [loki.Client] asks.
func (w *world) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if err := w.serve(rw, r); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
	}
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) error {
	q, err := params(r)
	if err != nil {
		return err
	}
	if strings.HasSuffix(r.URL.Path, "/series") {
		_, err = io.WriteString(rw, `{"status":"success","data":[]}`)
		return err
	}
	s := w.scene(q.Get("query"))
	if m := countQuery.FindStringSubmatch(q.Get("query")); m != nil {
		return s.serveCounts(rw, q, strings.FieldsFunc(m[1], func(r rune) bool { return r == ',' || r == ' ' }), m[2])
	}
	start, end, err := bounds(q)
	if err != nil {
		return err
	}
	return reply(rw, "streams", s.streams(start-1, end-1))
}

// streams are the lines of (start, end] in Loki's form.
func (s *scene) streams(start, end int64) []any {
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][]any           `json:"values"`
	}
	at := map[string]*stream{}
	var out []any
	for _, l := range s.in(start, end) {
		x := at[l.component]
		if x == nil {
			x = &stream{Stream: s.labels(l.component)}
			at[l.component] = x
			out = append(out, x)
		}
		metadata := map[string]any{}
		if level := lokiLevel(l.text); level != "" {
			metadata = map[string]any{"structuredMetadata": map[string]string{"detected_level": level}}
		}
		x.Values = append(x.Values, []any{strconv.FormatInt(l.at, 10), l.text, metadata})
	}
	return out
}

// serveCounts answers a metric query that counts lines.
func (s *scene) serveCounts(rw http.ResponseWriter, q url.Values, by []string, width string) error {
	ms, err := strconv.ParseInt(width, 10, 64)
	if err != nil {
		return err
	}
	step := time.Duration(ms) * time.Millisecond
	if q.Has("time") {
		return fmt.Errorf("the count of one slot is not served")
	}
	start, end, err := bounds(q)
	if err != nil {
		return err
	}
	var out []any
	for _, b := range s.buckets(start-int64(step), end, step, by) {
		out = append(out, map[string]any{"metric": b.Labels, "values": [][]any{{float64(b.End) / 1e9, strconv.FormatInt(b.Lines, 10)}}})
	}
	return reply(rw, "matrix", out)
}

func bounds(q url.Values) (start, end int64, err error) {
	if start, err = strconv.ParseInt(q.Get("start"), 10, 64); err != nil {
		return 0, 0, err
	}
	end, err = strconv.ParseInt(q.Get("end"), 10, 64)
	return start, end, err
}

func reply(rw http.ResponseWriter, resultType string, result []any) error {
	if result == nil {
		result = []any{}
	}
	return json.NewEncoder(rw).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": resultType, "result": result}})
}

// params returns those of the URL and of a form.
func params(r *http.Request) (url.Values, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return url.ParseQuery(strings.Trim(r.URL.RawQuery+"&"+string(body), "&"))
}
