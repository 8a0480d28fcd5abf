package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// keyVariable names the environment variable with the model server's API key: a
// flag would show it in the process list.
const keyVariable = "LOKALYST_LLM_API_KEY"

// ledgerBytes is enough for the groups of one analysis.
const ledgerBytes = 1 << 20

type analyzeFlags struct {
	loki                lokiFlags
	window              windowFlags
	llm, model          string
	prompt, output      string
	vars                map[string]string
	groupBy             []string
	maxLines, maxGroups int
	quiet               bool
}

func analyzeCommand(code *int) *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze [flags] LOGQL",
		Short: "Judge the logs that a LogQL query selects",
		Long: `Reads the logs that a LogQL query selects, lets a llama.cpp server judge them and prints the verdict.

Exit codes: 0 healthy, 1 suspicious, 2 incident, 3 could not judge, 4 wrong usage. Of several groups the worst decides.
The API key of the model server is read from the environment variable ` + keyVariable + `.`,
		Example: `  lokalyst analyze --loki http://localhost:3100 --llm http://localhost:8080 --since 1h '{namespace="shop"}'
  lokalyst analyze --loki http://localhost:3100 --llm http://localhost:8080 --group-by app -o json '{namespace="shop"} |= "timeout"'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			severity, err := analyze(cmd.Context(), f, args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
			*code = exitCode(severity)
			return err
		},
	}
	flags := cmd.Flags()
	f.loki.add(cmd, "Loki")
	flags.StringVar(&f.llm, "llm", "", "URL of llama-server; without it the rules alone judge")
	flags.StringVar(&f.model, "model", "", "model name, for servers that serve several")
	f.window.add(cmd)
	flags.StringVar(&f.prompt, "prompt", "incident-triage", "prompt id, or id@version")
	flags.StringToStringVar(&f.vars, "var", nil, "prompt variables, name=value")
	flags.StringSliceVar(&f.groupBy, "group-by", nil, "label names; each combination of values is judged apart")
	flags.IntVar(&f.maxLines, "max-lines", 20_000, "lines read at most; more are sampled over the window")
	flags.IntVar(&f.maxGroups, "max-groups", 20, "groups that the model judges")
	flags.StringVarP(&f.output, "output", "o", "table", "table or json")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	return cmd
}

// analyze runs one analysis and prints it. It returns the worst severity.
func analyze(ctx context.Context, f analyzeFlags, expr string, stdout, stderr io.Writer) (verdict.Severity, error) {
	if err := checkOutput(f.output); err != nil {
		return 0, err
	}
	request, err := f.request(expr)
	if err != nil {
		return 0, usage(err)
	}
	p := newProgress(stderr, f.quiet)
	request.Progress = p.step
	engine, err := analysis.NewEngine(ledgerBytes, noop.NewTracerProvider().Tracer("lokalyst"), time.Now)
	if err != nil {
		return 0, &exitError{exitNoVerdict, err}
	}
	defer engine.Ledger.Close()
	result, err := engine.Analyse(ctx, request)
	p.done()
	if err != nil {
		return 0, classify(err)
	}
	if f.output == "json" {
		err = printJSON(stdout, result)
	} else {
		err = printTable(stdout, result, isTerminal(stdout))
	}
	if err != nil {
		return 0, &exitError{exitNoVerdict, err}
	}
	return worst(result), nil
}

func (f analyzeFlags) request(expr string) (analysis.Request, error) {
	window, baseline, err := f.window.read(time.Now())
	if err != nil {
		return analysis.Request{}, err
	}
	if f.maxLines <= 0 || f.maxGroups <= 0 {
		return analysis.Request{}, errors.New("--max-lines and --max-groups must be above 0")
	}
	logs, err := f.loki.client()
	if err != nil {
		return analysis.Request{}, err
	}
	r := analysis.Request{
		Logs: logs, Owner: "cli", Expr: expr, Window: window, Baseline: baseline,
		PromptID: f.prompt, PromptVars: f.vars, GroupBy: f.groupBy, MaxGroups: f.maxGroups, MaxLines: f.maxLines, Class: llm.ClassInteractive,
	}
	if f.llm != "" {
		server, err := llm.New(llm.Config{URL: f.llm, Model: f.model, APIKey: os.Getenv(keyVariable)})
		if err != nil {
			return analysis.Request{}, err
		}
		r.Models = analysis.One(server)
	}
	return r, nil
}

func usage(err error) error { return &exitError{exitUsage, err} }

// classify tells a wrong question (4) from one that could not be answered (3).
func classify(err error) error {
	var (
		input *analysis.InputError
		logql *loki.QueryError
	)
	if errors.As(err, &input) || errors.As(err, &logql) || errors.Is(err, prompts.ErrUnknown) || errors.Is(err, loki.ErrRejected) {
		return usage(err)
	}
	return &exitError{exitNoVerdict, err}
}

// worst is the severity that decides the exit code. An inconclusive group counts
// only where no other group is suspicious: then nobody knows.
func worst(res *analysis.Result) verdict.Severity {
	out, unknown := verdict.Healthy, false
	for _, g := range res.Groups {
		unknown = unknown || g.Verdict.Severity == verdict.Inconclusive
		out = max(out, g.Verdict.Severity)
	}
	if out == verdict.Healthy && unknown {
		return verdict.Inconclusive
	}
	return out
}

func exitCode(s verdict.Severity) int {
	switch s.Word() {
	case "healthy":
		return exitHealthy
	case "suspicious":
		return exitSuspicious
	case "incident":
		return exitIncident
	}
	return exitNoVerdict
}
