package loki_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// prepared answers log queries with pages that were rendered before, so that a
// benchmark measures the client alone. Line i has the time first+i.
type prepared struct {
	first int64
	page  int64
	pages [][]byte
}

func (p prepared) RoundTrip(r *http.Request) (*http.Response, error) {
	start, err := strconv.ParseInt(r.URL.Query().Get("start"), 10, 64)
	if err != nil {
		return nil, err
	}
	body := []byte(`{"data":{"resultType":"streams","result":[]}}`)
	if i := (start - p.first) / p.page; i < int64(len(p.pages)) {
		body = p.pages[i]
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// prepare renders pages as Loki does, each with one line more than it is used for:
// the last timestamp of a full page is left to the next.
func prepare(pages, page, streams int, line, extra func(i int) string) prepared {
	p := prepared{first: 1_700_000_000_000_000_000, page: int64(page - 1)}
	for n := range pages {
		var b strings.Builder
		b.WriteString(`{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[`)
		for s := range streams {
			if s > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"stream":{"app":"x","namespace":"shop","pod":"x-%d","service_name":"x"},"values":[`, s)
			for i := s; i < page; i += streams {
				if i > s {
					b.WriteByte(',')
				}
				at := n*(page-1) + i
				quoted := strconv.AppendQuote(nil, line(at))
				fmt.Fprintf(&b, `["%d",%s,%s]`, p.first+int64(at), quoted, extra(at))
			}
			b.WriteString("]}")
		}
		b.WriteString(`],"stats":{"summary":{"bytesProcessedPerSecond":1,"execTime":0.02},"querier":{"store":{"chunk":{}}}}}}`)
		p.pages = append(p.pages, []byte(b.String()))
	}
	return p
}

func plainLine(i int) string {
	return fmt.Sprintf("2026-11-22T10:11:12.%09dZ INFO  [http-nio-8080-exec-%d] o.s.web.OrderController GET /api/v1/orders/%d took %dms", i, i%32, i*7, i%900)
}

func jsonLine(i int) string {
	return fmt.Sprintf(`{"ts":"2026-11-22T10:11:12.%09dZ","level":"info","caller":"order.go:%d","msg":"order stored","id":%d,"took":"%dms"}`, i, i%200, i*7, i%900)
}

func levelOnly(int) string { return `{"structuredMetadata":{"detected_level":"info"}}` }

func parsedLabels(i int) string {
	return fmt.Sprintf(`{"structuredMetadata":{"detected_level":"info","trace_id":"%032x"},"parsed":{"caller":"order.go:%d","id":"%d","level":"info","msg":"order stored"}}`, i, i%200, i*7)
}

func cpu(t testing.TB) float64 {
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// BenchmarkRead measures paging, decoding and ordering without a network.
func BenchmarkRead(b *testing.B) {
	for _, bb := range []struct {
		name    string
		streams int
		line    func(int) string
		extra   func(int) string
		labels  []string
	}{
		{"plain, 1 stream", 1, plainLine, levelOnly, nil},
		{"plain, 20 streams", 20, plainLine, levelOnly, nil},
		{"JSON, 1 stream", 1, jsonLine, levelOnly, nil},
		{"JSON, 20 streams", 20, jsonLine, levelOnly, nil},
		{"JSON parsed, 20 streams, by caller", 20, jsonLine, parsedLabels, []string{"caller"}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			const page, pages = 5000, 40
			p := prepare(pages, page, bb.streams, bb.line, bb.extra)
			c, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: p}})
			require.NoError(b, err)
			q, err := loki.Parse(`{app="x"}`)
			require.NoError(b, err)
			lines := int64(pages * (page - 1))
			parts := []loki.Part{{Start: p.first - 1, End: p.first + lines, Lines: lines, Share: lines}}
			size := 0
			for _, body := range p.pages {
				size += len(body)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				read, err := c.Read(context.Background(), q, parts, loki.ReadOptions{Labels: bb.labels}, func(int, loki.Entry) {})
				require.NoError(b, err)
				require.Equal(b, lines, read[0].Lines)
			}
			b.ReportMetric(float64(lines)*float64(b.N)/(cpu(b)-before)/1e6, "Mlines/cpu-s")
		})
	}
}

// TestMemoryOfOneRead: however many lines are read, no more is live than a page for
// each part that is under way.
func TestMemoryOfOneRead(t *testing.T) {
	const lines, parallel = 200_000, 2
	text := strings.Repeat("a line of some length ", 5)
	f := &fake{first: 1e18, lines: lines, limit: 5000, line: func(i int64) string { return text }}
	var parts []loki.Part
	for i := range int64(8) {
		parts = append(parts, f.part(i*lines/8, (i+1)*lines/8))
	}
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := live()
	var most, n atomic.Uint64
	_, err := f.client(t, 0).Read(t.Context(), parsed(t, `{app="x"}`), parts, loki.ReadOptions{Parallel: parallel}, func(int, loki.Entry) {
		if n.Add(1)%7919 == 0 {
			most.Store(max(most.Load(), live()))
		}
	})
	require.NoError(t, err)
	require.EqualValues(t, lines, n.Load())
	require.Less(t, most.Load()-before, uint64(6<<20))
	t.Logf("live: %d KiB", (most.Load()-before)>>10)
}
