package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/evaluate"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/prompts"
)

type goldenEvaluateFlags struct {
	llm, models     []string
	prompts         []string
	promptDir, ask  string
	cases           selectionFlags
	smoke           bool
	reruns, orders  int
	rules           bool
	answers         string
	replay          bool
	out             string
	fresh           bool
	estimate, quiet bool
	patience        time.Duration
}

func goldenEvaluateCommand() *cobra.Command {
	var f goldenEvaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate [flags] FILE...",
		Short: "Judge golden cases and keep what came of it",
		Long: `Judges golden cases with the engine that judges live logs: by the rules, by the rules without signatures, and by each prompt with each
model server. FILE is a file of cases or a folder of them. Each judgement is a line of --out; 'lokalyst golden report' reads them.

It says first how long it will take. Prompts are computed whole (cache_prompt off) in one slot, so that answers repeat, and no call is
sent while the server works for others. What was judged is kept when it is interrupted: the same command goes on. With --answers the
models' answers are kept by the content of the question, and the next evaluation asks only what is new; with --replay it asks nothing.

The API key of the model servers is read from the environment variable ` + keyVariable + `.
Exit codes: 0 done, 3 could not (what was judged is kept), 4 wrong usage.`,
		Example: `  lokalyst golden evaluate golden/test.jsonl.gz
  lokalyst golden evaluate --smoke --llm http://localhost:8080 --answers answers.jsonl golden/
  lokalyst golden evaluate --replay --answers answers.jsonl --out again.jsonl golden/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return goldenEvaluate(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.llm, "llm", nil, "URL of a llama-server; may be repeated; without it only the rules judge")
	flags.StringArrayVar(&f.models, "model", nil, "model name for servers that serve several, one for each --llm; with --replay a model to replay")
	flags.StringArrayVar(&f.prompts, "prompt", []string{evaluate.DefaultPrompt}, "prompt id, or id@version; may be repeated")
	flags.StringVar(&f.promptDir, "prompt-dir", "", "folder, or file, of further prompts in YAML")
	flags.StringVar(&f.ask, "ask", "always", "always, or novel: only about what the rules suspect or the baseline does not know")
	f.cases.add(cmd)
	flags.BoolVar(&f.smoke, "smoke", false, fmt.Sprintf("a slice of %d cases of all severities and as many families as possible, of the test split unless --split says another", evaluate.SmokeCases))
	flags.IntVar(&f.reruns, "reruns", 1, "how often each question is asked")
	flags.IntVar(&f.orders, "orders", 1, "in how many orders the lines of a case are told: streams are interleaved anew within each minute")
	flags.BoolVar(&f.rules, "rules", true, "let the rules judge too, which a prompt must beat")
	flags.StringVar(&f.answers, "answers", "", "file that keeps the models' answers")
	flags.BoolVar(&f.replay, "replay", false, "take all answers from --answers and ask no server")
	flags.StringVar(&f.out, "out", "results.jsonl", "file for the results; one of the same evaluation is continued")
	flags.BoolVar(&f.fresh, "fresh", false, "drop the results that --out has")
	flags.BoolVar(&f.estimate, "estimate", false, "say how long it would take, and stop; a server of which no answer is known is asked once")
	flags.DurationVar(&f.patience, "patience", time.Hour, "how long a model server may work for others before this gives up")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	return cmd
}

func goldenEvaluate(ctx context.Context, f goldenEvaluateFlags, paths []string, stdout, stderr io.Writer) (err error) {
	o, err := f.options(paths)
	if err != nil {
		return usage(err)
	}
	if f.answers != "" {
		if o.Answers, err = evaluate.OpenAnswers(f.answers); err != nil {
			return usage(err)
		}
		defer func() { err = errors.Join(err, o.Answers.Close()) }()
	}
	servers, err := f.servers()
	if err != nil {
		return usage(err)
	}
	for _, s := range servers {
		defer s.Close()
		o.Models = append(o.Models, s)
	}
	var results *evaluate.Results
	if !f.estimate {
		if results, err = evaluate.OpenResults(f.out, f.fresh); err != nil {
			return usage(err)
		}
		defer func() { err = errors.Join(err, results.Close()) }()
		o.Done = results.Done()
	}
	p := newEvaluateProgress(stderr, f.quiet)
	o.Progress = p.tell
	e, err := evaluate.New(ctx, o)
	if err != nil {
		if _, server := errors.AsType[*llm.Error](err); server || ctx.Err() != nil {
			return &exitError{exitNoVerdict, err}
		}
		return usage(err)
	}
	if len(servers) > 0 || f.estimate {
		estimate, err := e.Estimate(ctx)
		p.end()
		if err != nil {
			return &exitError{exitNoVerdict, err}
		}
		fmt.Fprintln(stdout, estimate)
	}
	if f.estimate {
		return nil
	}
	n, err := evaluateInto(ctx, e, results)
	p.end()
	if err != nil {
		return &exitError{exitNoVerdict, fmt.Errorf("%w; %d results are in %s, and the same command goes on", err, n+len(o.Done), f.out)}
	}
	fmt.Fprintf(stdout, "%d results in %s, %d of them new\n", n+len(o.Done), f.out, n)
	return nil
}

// evaluateInto appends the results of an evaluation and returns how many there were.
func evaluateInto(ctx context.Context, e *evaluate.Evaluation, results *evaluate.Results) (n int, err error) {
	err = e.Run(ctx, func(r golden.Result) error {
		n++
		return results.Append(r)
	})
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return n, err
}

// options are those that need nothing opened.
func (f goldenEvaluateFlags) options(paths []string) (o evaluate.Options, err error) {
	o = evaluate.Options{
		Paths: paths, Rules: f.rules, Prompts: f.prompts, Reruns: f.reruns, Orders: f.orders, OnlyNovel: f.ask == "novel", Patience: f.patience,
		Select: evaluate.Selection{Smoke: f.smoke},
		Replay: f.replay, ReplayModels: f.models,
	}
	if o.Select.Selection, err = f.cases.read(); err != nil {
		return o, err
	}
	switch {
	case f.ask != "always" && f.ask != "novel":
		return o, fmt.Errorf("--ask %q is neither always nor novel", f.ask)
	case f.reruns < 1 || f.orders < 1 || f.patience <= 0:
		return o, errors.New("--reruns, --orders and --patience must be above 0")
	case f.replay && f.answers == "":
		return o, errors.New("--replay needs --answers")
	case f.replay && len(f.llm) > 0:
		return o, errors.New("--replay asks no server, so it goes without --llm")
	case !f.replay && len(f.models) > max(1, len(f.llm)) || !f.replay && len(f.models) > 1 && len(f.models) != len(f.llm):
		return o, errors.New("name one --model for each --llm, or one for all")
	}
	o.Registry, err = f.registry()
	return o, err
}

// registry returns the built-in prompts and those of --prompt-dir.
func (f goldenEvaluateFlags) registry() (*prompts.Registry, error) {
	r, err := prompts.NewRegistry()
	if err != nil || f.promptDir == "" {
		return r, err
	}
	names := []string{f.promptDir}
	if info, err := os.Stat(f.promptDir); err != nil {
		return nil, err
	} else if info.IsDir() {
		names = nil
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			found, err := filepath.Glob(filepath.Join(f.promptDir, pattern))
			if err != nil {
				return nil, err
			}
			names = append(names, found...)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s holds no *.yaml", f.promptDir)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name) //nolint:gosec // the user names the folder
		if err != nil {
			return nil, err
		}
		if err := r.Add(name, raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return r, nil
}

// servers returns the model servers. Nothing is sent.
func (f goldenEvaluateFlags) servers() (out []*llm.Server, err error) {
	for i, url := range f.llm {
		model := ""
		if len(f.models) > 0 {
			model = f.models[min(i, len(f.models)-1)]
		}
		s, err := llm.New(llm.Config{URL: url, Model: model, APIKey: os.Getenv(keyVariable), Repeatable: true, Yield: true})
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// An evaluateProgress shows how far an evaluation is: on a terminal on one line, elsewhere
// as a line now and then.
type evaluateProgress struct {
	*progress
	plain io.Writer // nil on a terminal, and where nothing is shown
	began time.Time
	first int // done when it began
	told  time.Time
	count int // of what was told last
	phase bool
	busy  bool
}

const (
	evaluateLineEvery = 30 * time.Second
	// evaluateLineCount judgements are told of earlier, but not more often than each
	// evaluateLineLeast.
	evaluateLineCount = 50
	evaluateLineLeast = 5 * time.Second
)

func newEvaluateProgress(w io.Writer, quiet bool) *evaluateProgress {
	p := &evaluateProgress{progress: newProgress(w, quiet)}
	if !quiet && !p.show {
		p.plain = w
	}
	return p
}

func (p *evaluateProgress) tell(x evaluate.Progress) {
	now := time.Now()
	if p.began.IsZero() || p.phase != x.Estimating {
		p.began, p.told, p.first, p.count, p.phase = now, now, max(0, x.Done-1), x.Done, x.Estimating
	}
	text := p.text(x, now)
	p.step("", text)
	changed := x.Waiting && !p.busy
	p.busy = x.Waiting
	since := now.Sub(p.told)
	if p.plain != nil && (changed || since >= evaluateLineEvery || since >= evaluateLineLeast && x.Done-p.count >= evaluateLineCount) {
		p.told, p.count = now, x.Done
		fmt.Fprintln(p.plain, text)
	}
}

func (p *evaluateProgress) text(x evaluate.Progress, now time.Time) string {
	switch {
	case x.Waiting:
		return fmt.Sprintf("%d of %d judgements; the model server works for others, which go first", x.Done, x.Total)
	case x.Estimating:
		return fmt.Sprintf("looking what will be asked: %d of at most %d judgements", x.Done, x.Total)
	}
	text := fmt.Sprintf("%d of %d judgements", x.Done, x.Total)
	if rate := float64(x.Done-p.first) / now.Sub(p.began).Seconds(); rate > 0 && now.After(p.began.Add(time.Second)) {
		left := time.Duration(float64(x.Total-x.Done) / rate * float64(time.Second)).Round(time.Second)
		text += fmt.Sprintf(", %.1f a minute, about %s left", 60*rate, left)
	}
	return text
}

// end clears the line.
func (p *evaluateProgress) end() { p.done() }
