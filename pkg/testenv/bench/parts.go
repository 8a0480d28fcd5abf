package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// each returns the CPU time of one call, from many calls a run.
func each(calls int, f func() error) (time.Duration, error) {
	d, err := median(5, func() error {
		for range calls {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	})
	return d / time.Duration(calls), err
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// fromMemory answers requests with a handler, without a network.
type fromMemory struct{ handler http.Handler }

func (m fromMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &memoryWriter{}
	m.handler.ServeHTTP(w, r)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(w.String())), Request: r}, nil
}

type memoryWriter struct{ strings.Builder }

func (*memoryWriter) Header() http.Header { return http.Header{} }
func (*memoryWriter) WriteHeader(int)     {}

// benchLoki measures paging, decoding and ordering without a network.
func benchLoki(ctx context.Context, report func(string, float64, string)) error {
	const n = 100_000
	end := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	w := loki.Window{Start: end.Add(-time.Hour), End: end}
	client, err := loki.NewClient(loki.Options{URL: "http://loki", HTTP: &http.Client{Transport: fromMemory{preparedLoki(distinctLines(n), w.Start, w.End)}}})
	if err != nil {
		return err
	}
	query, err := loki.Parse(`{app="bench"}`)
	if err != nil {
		return err
	}
	d, err := median(5, func() error {
		read, err := client.Lines(ctx, query, w, nil, loki.Limits{Lines: n}, func(loki.Entry) {})
		if err == nil && read.Lines != n {
			err = fmt.Errorf("%d of %d lines were read", read.Lines, n)
		}
		return err
	})
	if err != nil {
		return err
	}
	report("decode_lines_per_cpu_second", n/d.Seconds(), "lines/s")
	return nil
}

func benchRules(_ context.Context, report func(string, float64, string)) error {
	set, err := rules.BuiltIn()
	if err != nil {
		return err
	}
	m := patterns.NewMiner(patterns.Config{})
	for i, l := range distinctLines(5000) {
		m.Add(patterns.Line{Time: int64(i), Text: []byte(l)})
	}
	in := rules.Input{Patterns: m.Patterns(), Lines: 5000}
	d, err := each(50, func() error {
		if set.Assess(in).Severity == verdict.Inconclusive {
			return errors.New("the rules did not judge")
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("assess_cpu_us_per_pattern", micros(d)/float64(len(in.Patterns)), "us")
	return nil
}

func benchPrompts(_ context.Context, report func(string, float64, string)) error {
	raw := []byte("id: bench\nversion: 1.0.0\ntitle: Bench\ninstructions: Look at {{ .team }}.\nvariables: [{name: team}]\n")
	d, err := each(500, func() error {
		_, err := prompts.Parse(raw)
		return err
	})
	if err != nil {
		return err
	}
	report("prompt_parse_cpu_us", micros(d), "us")
	return nil
}

func benchVerdict(ctx context.Context, report func(string, float64, string)) error {
	const answer = `{"findings":[{"patterns":["p1","p2"],"category":"memory"}],"verdict":"critical","severity":3,"summary":"a b c","root_cause":"d e f","next_step":"g h i"}`
	words := verdict.DefaultWords()
	d, err := each(2000, func() error {
		_, err := verdict.ParseAnswer(answer, []string{"p1", "p2"}, nil, words)
		return err
	})
	if err != nil {
		return err
	}
	report("answer_parse_cpu_us", micros(d), "us")
	ledger := verdict.NewLedger(10, time.Now)
	defer ledger.Close()
	d, err = each(10_000, func() error {
		_, _, err := ledger.Do(ctx, verdict.KeyOf("bench"), false, func(context.Context) (verdict.Entry, error) { return verdict.Entry{}, nil })
		return err
	})
	if err != nil {
		return err
	}
	report("ledger_hit_cpu_us", micros(d), "us")
	return nil
}
