// Command demo shows the main job on real parts: it starts a Loki and a
// llama-server, pushes two hours of an incident, and queries the built plugin
// binary over Grafana's own protocol.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

func main() {
	model := flag.String("model", "", "GGUF file of a chat model; without it a Llama 3.2 3B in the cache, else the test double")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := demo(ctx, os.Stdout, *model)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// selector is the query that the demo asks.
const selector = `{namespace="shop"}`

// storySeed makes the incident the same each time.
const storySeed = 3

func demo(ctx context.Context, w io.Writer, model string) error {
	model, err := chooseModel(w, model)
	if err != nil {
		return err
	}
	if err := announce(w); err != nil {
		return err
	}
	return story(ctx, w, model)
}

// story starts the parts, with the test double where model is empty, and tells the
// incident.
func story(ctx context.Context, w io.Writer, model string) (err error) {
	progress := func(format string, args ...any) { fmt.Fprintf(w, "  "+format+"\n", args...) }

	fmt.Fprintln(w, "\n1. The parts")
	bin, err := testenv.BuildPlugin(ctx, progress)
	if err != nil {
		return err
	}
	loki, err := testenv.StartLoki(ctx, testenv.LokiOptions{Progress: progress})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, loki.Close()) }()
	llama, err := testenv.StartLlama(ctx, testenv.LlamaOptions{Progress: progress, Model: model, Threads: threads(model)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, llama.Close()) }()
	plugin, err := testenv.StartPlugin(ctx, bin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plugin.Close()) }()

	end := time.Now().UTC().Truncate(time.Second)
	streams := testenv.Incident(end, storySeed)
	if err := loki.Push(ctx, "", streams); err != nil {
		return err
	}
	lines := 0
	for _, s := range streams {
		lines += len(s.Entries)
	}
	fmt.Fprintf(w, "\n2. The logs\n  %d lines of %d services over %s went into Loki: a healthy shop, then an incident.\n", lines, len(streams), testenv.IncidentLength)

	a := asker{ctx: ctx, plugin: plugin, end: end}
	if a.pc, err = testenv.PluginContext("demo", loki.URL, map[string]any{"llmServers": []map[string]string{{"url": llama.URL}}}, nil); err != nil {
		return err
	}
	return show(w, &a, llama.TestDouble)
}

// show asks the questions of a person on call and prints the answers.
func show(w io.Writer, a *asker, double bool) error {
	health, err := a.health()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "  Save & test says: %s\n", health)

	fmt.Fprintf(w, "\n3. On call: what is wrong?   query type analysis, prompt incident-triage, %s\n", selector)
	answer, err := a.ask(map[string]any{"queryType": "analysis", "expr": selector, "promptId": "incident-triage"})
	if err != nil {
		return err
	}
	if double {
		fmt.Fprintln(w, "  (The model here is a test double: it counts words that sound like failures and writes made-up prose.)")
	}
	printAnalysis(w, answer)
	printCost(w, answer)

	fmt.Fprintln(w, "\n4. The same question again: the ledger answers, the model is not asked")
	if answer, err = a.ask(map[string]any{"queryType": "analysis", "expr": selector, "promptId": "incident-triage"}); err != nil {
		return err
	}
	printCost(w, answer)

	fmt.Fprintln(w, "\n5. What an alert rule reads: query type verdict, grouped by service, one number a series")
	if answer, err = a.ask(map[string]any{"queryType": "verdict", "expr": selector, "promptId": "incident-triage", "groupBy": []string{"service_name"}}); err != nil {
		return err
	}
	printVerdicts(w, answer)
	printCost(w, answer)
	fmt.Fprintln(w, "\nNext: README.md says how to install the plugin in a Grafana.")
	return nil
}

// An asker sends queries to the plugin as Grafana does.
type asker struct {
	ctx    context.Context
	plugin *testenv.Plugin
	pc     backend.PluginContext
	end    time.Time
}

func (a *asker) health() (string, error) {
	res, err := a.plugin.CheckHealth(a.ctx, &backend.CheckHealthRequest{PluginContext: a.pc})
	if err != nil {
		return "", err
	}
	return res.Message, nil
}

func (a *asker) ask(query map[string]any) (backend.DataResponse, error) {
	raw, err := json.Marshal(query)
	if err != nil {
		return backend.DataResponse{}, err
	}
	res, err := a.plugin.QueryData(a.ctx, &backend.QueryDataRequest{PluginContext: a.pc, Queries: []backend.DataQuery{{
		RefID: "A", JSON: raw, TimeRange: backend.TimeRange{From: a.end.Add(-testenv.IncidentLength), To: a.end.Add(time.Second)},
	}}})
	if err != nil {
		return backend.DataResponse{}, err
	}
	return res.Responses["A"], res.Responses["A"].Error
}

// realModels are the file names under which a Llama 3.2 3B is looked for in the
// cache.
const realModels = "*[Ll]lama-3.2-3[Bb]*.gguf"

// chooseModel returns the model file, empty for the test double, and says which it
// is.
func chooseModel(w io.Writer, given string) (string, error) {
	if given != "" {
		if _, err := os.Stat(given); err != nil {
			return "", fmt.Errorf("the model file cannot be read: %w", err)
		}
		fmt.Fprintf(w, "Model: %s\n", given)
		return given, nil
	}
	cache, err := testenv.CacheDir()
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(cache, realModels))
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		fmt.Fprintf(w, "Model: %s\n", found[0])
		return found[0], nil
	}
	fmt.Fprintf(w, "Model: a TEST DOUBLE without any judgement, because no real model is here. For the real one put a Llama 3.2 3B Instruct GGUF (about 2 GB)\n"+
		"into %s or run: go tool mage demo -model=FILE\n", cache)
	return "", nil
}

// threads: the test double is fastest with one, a real model with all cores.
func threads(model string) int {
	if model == "" {
		return 1
	}
	return runtime.NumCPU()
}

// What a first run costs with empty caches: CPU seconds that cores share, and
// minutes for downloads and for what one core does alone.
const (
	firstRunCPU   = 670
	firstRunAlone = 3
)

// announce says how long the run takes before anything is done.
func announce(w io.Writer) error {
	cache, err := testenv.CacheDir()
	if err != nil {
		return err
	}
	built, err := filepath.Glob(filepath.Join(cache, "loki-*"))
	if err != nil {
		return err
	}
	if len(built) > 0 || os.Getenv("LOKI_BINARY") != "" {
		fmt.Fprintln(w, "Loki is built already: this takes about half a minute.")
		return nil
	}
	minutes := firstRunCPU/60/runtime.NumCPU() + firstRunAlone
	fmt.Fprintf(w, "First run: Loki and the plugin are compiled and llama.cpp is fetched, which takes about %d minutes on these %d cores.\n"+
		"What is built is kept in %s; later runs take about half a minute.\n", minutes, runtime.NumCPU(), cache)
	return nil
}
