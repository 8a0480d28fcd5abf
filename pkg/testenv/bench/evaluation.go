package main

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

// A rule that looks at a quarter of an hour every minute, for an hour.
const (
	ruleWindow   = 15 * time.Minute
	ruleInterval = time.Minute
	ruleTimes    = 60
)

// benchEvaluation measures which share of the lines of its window a rule reads at each
// evaluation after the first, where some lines arrive late. Reading the window each time
// is 1.
func benchEvaluation(ctx context.Context, report func(string, float64, string)) error {
	share, err := evaluate(ctx, ruleTimes)
	if err != nil {
		return err
	}
	report("evaluation_lines_read_share", share, "ratio")
	return nil
}

// evaluate returns the share that so many evaluations after the first read.
func evaluate(ctx context.Context, times int) (share float64, err error) {
	start := time.Date(2026, 11, 22, 12, 0, 7, 0, time.UTC) // rules are not evaluated at whole minutes
	end := start.Add(ruleWindow + time.Duration(times)*ruleInterval)
	logs := newMemoryLogs(start)
	g := corpus.New(1)
	for a := range corpus.Arrivals(1, start) {
		if a.Event > end.UnixNano() {
			break
		}
		line, _ := g.Next(nil)
		logs.add(time.Unix(0, a.Event), time.Unix(0, a.Arrived), string(line))
	}
	e, err := analysis.NewEngine(10, noop.NewTracerProvider().Tracer(""), func() time.Time { return logs.now })
	if err != nil {
		return 0, err
	}
	defer e.Ledger.Close()
	var window int64
	for i := range times + 1 {
		logs.now = start.Add(ruleWindow + time.Duration(i)*ruleInterval)
		if i == 1 {
			logs.read = 0
		}
		res, err := e.Patterns(ctx, analysis.Request{
			Logs: logs, Expr: `{app="bench"}`, MaxLines: 1_000_000, Window: loki.Window{Start: logs.now.Add(-ruleWindow), End: logs.now},
		})
		if err != nil {
			return 0, err
		}
		var exact int64 // of the slots, which begin up to one before the window
		logs.visible(logs.now.Add(-ruleWindow).UnixNano(), logs.now.UnixNano(), func(*memoryLine) { exact++ })
		got := res.Groups[0].LinesRead
		if got < exact || got > exact*102/100 {
			return 0, fmt.Errorf("evaluation %d saw %d of %d lines", i, got, exact)
		}
		if i > 0 {
			window += exact
		}
	}
	return float64(logs.read) / float64(window), nil
}
