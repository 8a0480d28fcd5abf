package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/lokalyst/lokalyst/pkg/plugin"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// A pluginRun asks the plugin about one window of a corpus, each time as another data
// source, so that nothing is known from the time before.
type pluginRun struct {
	n          int
	start, end time.Time
	logs       *corpusLoki
	server     *httptest.Server
	host       *plugin.Host
	made       int
	ready      []prepared
}

// prepared is a data source that was not asked yet.
type prepared struct {
	handler backend.QueryDataHandler
	context backend.PluginContext
}

func newPluginRun(n int) (*pluginRun, error) {
	log.DefaultLogger = log.NewNullLogger()
	backend.Logger = log.NewNullLogger()
	r := &pluginRun{n: n, end: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	r.start = r.end.Add(-time.Hour)
	var err error
	if r.logs, err = newCorpusLoki(n, r.start.Add(time.Millisecond), r.end, nil); err != nil {
		return nil, err
	}
	r.server = httptest.NewServer(r.logs)
	r.host, err = plugin.NewHost(plugin.HostOptions{Now: func() time.Time { return r.end }})
	return r, err
}

func (r *pluginRun) close() error {
	r.host.Close()
	r.server.Close()
	return r.logs.Close()
}

// prepare makes data sources for the next queries: making one is no part of a query.
func (r *pluginRun) prepare(ctx context.Context, n int) error {
	for range n {
		r.made++
		pc, err := testenv.PluginContext(fmt.Sprint("bench", r.made), r.server.URL, map[string]any{"maxLines": r.n}, nil)
		if err != nil {
			return err
		}
		instance, err := r.host.NewInstance(ctx, *pc.DataSourceInstanceSettings)
		if err != nil {
			return err
		}
		handler, ok := instance.(backend.QueryDataHandler)
		if !ok {
			return errors.New("the data source answers no queries")
		}
		r.ready = append(r.ready, prepared{handler, pc})
	}
	return nil
}

// query answers one analysis query without a model.
func (r *pluginRun) query(ctx context.Context) error {
	if len(r.ready) == 0 {
		if err := r.prepare(ctx, 1); err != nil {
			return err
		}
	}
	next := r.ready[0]
	r.ready = r.ready[1:]
	res, err := next.handler.QueryData(ctx, &backend.QueryDataRequest{PluginContext: next.context, Queries: []backend.DataQuery{{
		RefID: "A", JSON: json.RawMessage(`{"expr":"{cluster=\"bench\"}"}`), TimeRange: backend.TimeRange{From: r.start, To: r.end},
	}}})
	if err != nil {
		return err
	}
	if err := res.Responses["A"].Error; err != nil {
		return err
	}
	f, _ := res.Responses["A"].Frames[0].FieldByName("lines_read")
	if got, _ := f.ConcreteAt(0); got != int64(r.n) {
		return fmt.Errorf("%v of %d lines were read", got, r.n)
	}
	return nil
}

// pages returns the requests for lines that a query sends.
func (r *pluginRun) pages(ctx context.Context) ([]*url.URL, error) {
	r.logs.asked()
	if err := r.query(ctx); err != nil {
		return nil, err
	}
	var out []*url.URL
	for _, u := range r.logs.asked() {
		if u.Query().Get("limit") != "" {
			out = append(out, u)
		}
	}
	return out, nil
}

// naive does what the usual log analyser does with the same replies.
func (r *pluginRun) naive(ctx context.Context, pages []*url.URL) error {
	for _, u := range pages {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.server.URL+u.RequestURI(), nil)
		if err != nil {
			return err
		}
		res, err := r.server.Client().Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		if _, err := naivePrompt(body); err != nil {
			return err
		}
	}
	return nil
}

func runs(n int) int { return min(7, max(3, 500_000/n)) }

// benchPlugin measures QueryData without Loki and without a model: the server that
// hands out Loki's replies runs in this process, and what it takes is subtracted.
func benchPlugin(ctx context.Context, report func(string, float64, string)) error {
	for _, n := range []int{5_000, 100_000, 1_000_000} {
		if err := benchOverhead(ctx, n, report); err != nil {
			return err
		}
	}
	return nil
}

func benchOverhead(ctx context.Context, n int, report func(string, float64, string)) error {
	r, err := newPluginRun(n)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }() // the figures are taken by then
	pages, err := r.pages(ctx)
	if err != nil {
		return err
	}
	if err := r.prepare(ctx, runs(n)+1); err != nil {
		return err
	}
	own, _, err := withoutLoki(ctx, runs(n), r.logs, r.server.Client(), r.server.URL, func() error { return r.query(ctx) })
	if err != nil {
		return err
	}
	report(fmt.Sprintf("overhead_cpu_ms_%d", n), millis(own), "ms")
	naive, _, err := withoutLoki(ctx, runs(n), r.logs, r.server.Client(), r.server.URL, func() error { return r.naive(ctx, pages) })
	if err != nil {
		return err
	}
	report(fmt.Sprintf("overhead_naive_cpu_ms_%d", n), millis(naive), "ms")
	return nil
}

// benchHeap measures how far the heap rises during one query.
func benchHeap(ctx context.Context, report func(string, float64, string)) error {
	for _, n := range []int{100_000, 1_000_000} {
		r, err := newPluginRun(n)
		if err != nil {
			return err
		}
		pages, err := r.pages(ctx)
		if err != nil {
			return err
		}
		if err := r.prepare(ctx, 1); err != nil {
			return err
		}
		own, err := peakHeap(func() error { return r.query(ctx) })
		if err != nil {
			return err
		}
		report(fmt.Sprintf("peak_heap_mib_%d", n), own, "MiB")
		naive, err := peakHeap(func() error { return r.naive(ctx, pages) })
		if err != nil {
			return err
		}
		report(fmt.Sprintf("peak_heap_naive_mib_%d", n), naive, "MiB")
		if err := r.close(); err != nil {
			return err
		}
	}
	return nil
}
