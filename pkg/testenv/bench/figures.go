package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/plugin"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// cpu returns the CPU time that this process has used.
func cpu() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// median runs f a few times and returns the median of the CPU time of one run.
func median(runs int, f func() error) (time.Duration, error) {
	times := make([]time.Duration, runs)
	for i := range times {
		before, err := cpu()
		if err != nil {
			return 0, err
		}
		if err := f(); err != nil {
			return 0, err
		}
		after, err := cpu()
		if err != nil {
			return 0, err
		}
		times[i] = after - before
	}
	slices.Sort(times)
	return times[runs/2], nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// distinctLines returns n lines of which no two are equal, in several formats.
func distinctLines(n int) []string {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same lines each time
	words := strings.Fields("cart order payment session cache index volume route token queue worker shard replica lease snapshot bucket")
	lines := make([]string, n)
	for i := range lines {
		w := func() string { return words[r.IntN(len(words))] }
		switch i % 4 {
		case 0:
			lines[i] = fmt.Sprintf("2026-11-22T10:%02d:%02d.%03dZ INFO http GET /api/v1/%s/%d status=200 took %dms client=10.0.%d.%d", i/60%60, i%60, i%1000, w(), i, r.IntN(900), r.IntN(250), r.IntN(250))
		case 1:
			lines[i] = fmt.Sprintf(`{"level":"info","msg":"%s %d stored by %s","trace_id":"%016x"}`, w(), i, w(), r.Uint64())
		case 2:
			lines[i] = fmt.Sprintf(`ts=2026-11-22T10:00:00Z level=warn msg="%s waits for %s" waited=%dms id=%d`, w(), w(), r.IntN(5000), i)
		default:
			lines[i] = fmt.Sprintf("E1122 10:00:00.%06d 1 reflector.go:%d] failed to list %s %s: connection refused (attempt %d)", i%1000000, r.IntN(900), w(), w(), i)
		}
	}
	return lines
}

// benchPlugin measures QueryData of the plugin's own code in this process. A local
// HTTP server gives Loki's replies, prepared before, so that only the plugin's work
// is counted beside the copying of bytes.
func benchPlugin(ctx context.Context, report func(string, float64, string)) error {
	log.DefaultLogger = log.NewNullLogger()
	backend.Logger = log.NewNullLogger()
	for _, n := range []int{5_000, 100_000} {
		d, err := overhead(ctx, n)
		if err != nil {
			return err
		}
		report(fmt.Sprintf("overhead_cpu_ms_%d", n), millis(d), "ms")
	}
	return nil
}

func overhead(ctx context.Context, n int) (time.Duration, error) {
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	start := end.Add(-time.Hour)
	server := httptest.NewServer(preparedLoki(distinctLines(n), start, end))
	defer server.Close()
	host, err := plugin.NewHost(func() time.Time { return end })
	if err != nil {
		return 0, err
	}
	defer host.Close()
	pc, err := testenv.PluginContext("bench", server.URL, map[string]any{"maxLines": n}, nil)
	if err != nil {
		return 0, err
	}
	instance, err := host.NewInstance(ctx, *pc.DataSourceInstanceSettings)
	if err != nil {
		return 0, err
	}
	handler, ok := instance.(backend.QueryDataHandler)
	if !ok {
		return 0, errors.New("the data source answers no queries")
	}
	query, err := json.Marshal(map[string]any{"expr": `{app="bench"}`})
	if err != nil {
		return 0, err
	}
	return median(7, func() error {
		res, err := handler.QueryData(ctx, &backend.QueryDataRequest{PluginContext: pc, Queries: []backend.DataQuery{{RefID: "A", JSON: query, TimeRange: backend.TimeRange{From: start, To: end}}}})
		if err != nil {
			return err
		}
		if err := res.Responses["A"].Error; err != nil {
			return err
		}
		f, _ := res.Responses["A"].Frames[0].FieldByName("lines_read")
		if got, _ := f.ConcreteAt(0); got != int64(n) {
			return fmt.Errorf("%v of %d lines were read", got, n)
		}
		return nil
	})
}

// preparedLoki answers the count and the pages of one window from memory.
func preparedLoki(lines []string, start, end time.Time) http.Handler {
	const page = 5000
	step := end.Sub(start).Nanoseconds() / int64(len(lines))
	at := func(i int) int64 { return start.UnixNano() + int64(i)*step }
	render := func(from int) []byte {
		var b strings.Builder
		b.WriteString(`{"status":"success","data":{"resultType":"streams","result":[{"stream":{"app":"bench"},"values":[`)
		for i := from; i < min(from+page, len(lines)); i++ {
			if i > from {
				b.WriteByte(',')
			}
			text, _ := json.Marshal(lines[i]) // a string always marshals
			fmt.Fprintf(&b, `["%d",%s,{"structuredMetadata":{"detected_level":"info"}}]`, at(i), text)
		}
		b.WriteString(`]}]}}`)
		return []byte(b.String())
	}
	// A page begins with the last line of the one before, whose timestamp it repeats.
	pages := map[string][]byte{}
	for from := 0; from < len(lines); from += page - 1 {
		pages[fmt.Sprint(at(from))] = render(from)
	}
	count := fmt.Appendf(nil, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"%d"]}]}}`, len(lines))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := count
		if strings.HasSuffix(r.URL.Path, "/query_range") {
			body = pages[r.URL.Query().Get("start")]
		}
		_, _ = w.Write(body) // the client left
	})
}

func benchPatterns(_ context.Context, report func(string, float64, string)) error {
	lines := distinctLines(100_000)
	d, err := median(5, func() error {
		m := patterns.NewMiner(patterns.Config{})
		for i, l := range lines {
			m.Add(patterns.Line{Time: int64(i), Level: patterns.LevelInfo, Text: []byte(l)})
		}
		if len(m.Patterns()) == 0 {
			return fmt.Errorf("no patterns")
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("mine_lines_per_cpu_second", float64(len(lines))/d.Seconds(), "lines/s")
	return nil
}

func benchRedact(_ context.Context, report func(string, float64, string)) error {
	lines := distinctLines(20_000)
	r := redact.New()
	d, err := median(5, func() error {
		for _, l := range lines {
			r.Mask(l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("redact_lines_per_cpu_second", float64(len(lines))/d.Seconds(), "lines/s")
	return nil
}

// benchLLM measures the client's own work for one call of a real llama-server with
// the test double; the server's work is not counted.
func benchLLM(ctx context.Context, report func(string, float64, string)) error {
	llama, err := testenv.SharedLlama(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = llama.Close() }() // its end decides nothing here
	server, err := llm.New(llm.Config{URL: llama.URL})
	if err != nil {
		return err
	}
	request := llm.Request{
		Messages: []llm.Message{{Role: "user", Content: strings.Repeat("p1 request served in <dur>\n", 60)}},
		Schema:   verdict.Schema([]string{"p1"}, nil, verdict.DefaultWords()), MaxTokens: 500,
	}
	d, err := median(9, func() error {
		_, err := server.Chat(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	report("model_call_client_cpu_ms", millis(d), "ms")
	return nil
}
