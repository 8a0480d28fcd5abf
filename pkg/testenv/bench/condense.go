package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

// condenseLines is how many lines are condensed: enough that every statement of the
// corpus occurs often.
const condenseLines = 500_000

// benchCondense measures decoding, masking and mining together on one core, without a
// network, beside Loki's miner, which gets the lines decoded, and beside encoding/json
// with regular expressions.
func benchCondense(ctx context.Context, report func(string, float64, string)) error {
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	start := end.Add(-time.Hour)
	logs, err := newCorpusLoki(condenseLines, start, end, nil)
	if err != nil {
		return err
	}
	defer func() { _ = logs.Close() }() // the figures are taken by then
	client, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: logs}})
	if err != nil {
		return err
	}
	query, err := loki.Parse(`{cluster="bench"}`)
	if err != nil {
		return err
	}
	whole := []loki.Part{{Start: start.UnixNano() - 1, End: end.UnixNano(), Lines: condenseLines, Share: condenseLines}}
	read := func(sink func(int, loki.Entry)) error {
		done, err := client.Read(ctx, query, whole, loki.ReadOptions{}, sink)
		if err == nil && done[0].Lines != condenseLines {
			err = fmt.Errorf("%d of %d lines were read", done[0].Lines, condenseLines)
		}
		return err
	}
	transport := &http.Client{Transport: logs}
	decode, _, err := withoutLoki(ctx, 3, logs, transport, "http://loki", func() error { return read(func(int, loki.Entry) {}) })
	if err != nil {
		return err
	}
	report("decode_lines_per_cpu_second", condenseLines/decode.Seconds(), "lines/s")
	condense, _, err := withoutLoki(ctx, 3, logs, transport, "http://loki", func() error {
		book := patterns.NewBook(patterns.Config{})
		c := book.Counter()
		c.Begin(start.UnixNano(), end.UnixNano())
		if err := read(func(_ int, e loki.Entry) {
			c.Add(patterns.Line{Time: e.Time, Level: patterns.ParseLevel(e.Level), Text: e.Line})
		}); err != nil {
			return err
		}
		if ps := book.Patterns([]*patterns.Tally{c.End(1)}, nil, start.UnixNano(), end.UnixNano()); len(ps) < corpus.Statements/2 {
			return fmt.Errorf("%d patterns of %d statements", len(ps), corpus.Statements)
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("condense_lines_per_cpu_second", condenseLines/condense.Seconds(), "lines/s")
	return condenseBaselines(ctx, logs, report)
}

// condenseBaselines measures a tenth of the lines: the baselines are slow.
func condenseBaselines(ctx context.Context, logs *corpusLoki, report func(string, float64, string)) error {
	const n = condenseLines / 10
	lines := corpus.Lines(n, 1)
	d, err := median(3, func() error {
		if _, templates, _ := lokiDrainGroups(lines); len(templates) == 0 {
			return fmt.Errorf("no templates")
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("condense_loki_drain_lines_per_cpu_second", n/d.Seconds(), "lines/s")
	var pages [][]byte
	for from := 0; from < n; from += 5000 {
		u := fmt.Sprintf("http://loki/loki/api/v1/query_range?query=%s&start=%d&end=%d&limit=5000&direction=forward", url.QueryEscape(`{cluster="bench"}`), logs.at(from), logs.at(from+5000))
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			return err
		}
		res, err := logs.RoundTrip(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		pages = append(pages, body)
	}
	d, err = median(3, func() error {
		for _, p := range pages {
			if _, err := naiveCondense(p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("condense_naive_lines_per_cpu_second", n/d.Seconds(), "lines/s")
	return nil
}
