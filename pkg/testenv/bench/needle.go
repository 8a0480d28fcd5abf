package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

// The haystack: a window of a million lines, and as many an hour before.
const (
	needleLines    = 1_000_000
	needleBaseline = 1_000_000
	needleTenant   = "needle"
)

// benchNeedle pushes a million lines with one new line of level info among them into a
// real Loki and asks for them, once with a budget for all lines and once with a tenth
// of it. Found means that the prompt shows the line's pattern. Cutting to the newest
// lines that a request of Loki gives shows what is usual.
func benchNeedle(ctx context.Context, report func(string, float64, string)) error {
	server, err := testenv.SharedLoki(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // the figures are taken by then
	end := time.Now().Truncate(time.Minute)
	window := loki.Window{Start: end.Add(-time.Hour), End: end}
	needle := corpus.Needle(1)
	if err := pushCorpus(ctx, server, window.Shift(-time.Hour), needleBaseline, 1, ""); err != nil {
		return err
	}
	if err := pushCorpus(ctx, server, window, needleLines-1, 2, needle); err != nil {
		return err
	}
	client, err := loki.NewClient(loki.Options{URL: server.URL, Tenant: needleTenant})
	if err != nil {
		return err
	}
	words := needle[strings.Index(needle, "[orrery]"):]
	found := 0.0
	for _, share := range []int{1, 10} {
		got, res, err := findNeedle(ctx, client, window, needleLines/share, words)
		if err != nil {
			return err
		}
		found += got / 2
		report(fmt.Sprintf("needle_recall_1000000_budget_%d", needleLines/share), got, "ratio")
		report(fmt.Sprintf("needle_lines_read_budget_%d", needleLines/share), float64(res.Groups[0].LinesRead), "lines")
	}
	report("needle_recall_1000000", found, "ratio")
	report("needle_recall_1000000_cut", 5000.0/needleLines, "ratio")
	return nil
}

// findNeedle reports 1 if the prompt shows the words.
func findNeedle(ctx context.Context, client *loki.Client, w loki.Window, budget int, words string) (found float64, res *analysis.Result, err error) {
	e, err := analysis.NewEngine(10, noop.NewTracerProvider().Tracer(""), time.Now)
	if err != nil {
		return 0, nil, err
	}
	defer e.Ledger.Close()
	model := &promptRecorder{}
	res, err = e.Analyse(ctx, analysis.Request{
		Logs: client, Models: analysis.One(model), Expr: `{cluster="bench"}`, PromptID: "incident-triage", MaxGroups: 1, MaxLines: budget, Baseline: time.Hour, Window: w,
	})
	if err != nil {
		return 0, nil, err
	}
	for _, p := range model.prompts {
		if strings.Contains(p, words) {
			found = 1
		}
	}
	return found, res, nil
}

// pushCorpus pushes n lines of a corpus evenly spread over a window, in the middle one
// more if it is not empty.
func pushCorpus(ctx context.Context, server *testenv.Loki, w loki.Window, n int, seed uint64, extra string) error {
	const batch = 50_000
	g := corpus.New(seed)
	names := corpus.Services()
	step := w.Length() / time.Duration(n+1)
	for from := 0; from < n; from += batch {
		streams := make([]testenv.Stream, len(names))
		for i, name := range names {
			streams[i].Labels = map[string]string{"cluster": "bench", "app": name}
		}
		for i := from; i < min(from+batch, n); i++ {
			line, meta := g.Next(nil)
			s := &streams[meta.Service]
			s.Entries = append(s.Entries, testenv.Entry{Time: w.Start.Add(time.Duration(i+1) * step), Line: string(line)})
			if i == n/2 && extra != "" {
				s.Entries = append(s.Entries, testenv.Entry{Time: w.Start.Add(time.Duration(i+1)*step + 1), Line: extra})
			}
		}
		if err := server.Push(ctx, needleTenant, streams); err != nil {
			return err
		}
	}
	return nil
}
