package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/term"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/record"
	"github.com/lokalyst/lokalyst/pkg/loki"
)

type goldenRecordFlags struct {
	loki           lokiFlags
	window         windowFlags
	maxLines       int
	out, split     string
	label          string
	unlabelled     bool
	overrules      bool
	overruleWindow string
	quiet          bool
}

func goldenRecordCommand() *cobra.Command {
	var f goldenRecordFlags
	cmd := &cobra.Command{
		Use:   "record [flags] LOGQL",
		Short: "Freeze a window of Loki as a golden case and judge it",
		Long: `Reads the lines that a log query selects in a window, masks secrets, personal data and addresses in them, shows what is in them and asks what
is right about them, one key an answer; Enter takes what the rules suggest. The case is appended to a file. Nothing is written before the last answer.

Without a terminal the answers are given with --label: ` + record.LabelSyntax + `.

With --overrules no query is given: each overrule of the tenant in --since that is signed with the data source's historyKey, which the environment
variable ` + historyKeyVariable + ` holds, becomes a case of the time before it, judged as it says.`,
		Example: `  lokalyst golden record --loki http://localhost:3100 --start 2026-11-23T09:00:00Z --end 2026-11-23T10:00:00Z --baseline 1d '{namespace="shop"}'
  lokalyst golden record --since 30m --label severity=3,category=memory,evidence=p1,p2 '{namespace="shop"}'
  lokalyst golden record --overrules --since 7d`,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.overrules && len(args) > 0 {
				return errors.New("--overrules takes no query: the overrules say which streams are meant")
			}
			if f.overrules {
				return nil
			}
			return cobra.ExactArgs(1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := newRecorder(f, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			defer r.engine.Ledger.Close()
			if f.overrules {
				if !cmd.Flags().Changed("since") {
					r.window.since = "7d"
				}
				return r.overruled(cmd.Context())
			}
			return r.record(cmd.Context(), args[0])
		},
	}
	flags := cmd.Flags()
	f.loki.add(cmd, "Loki")
	f.window.add(cmd)
	flags.IntVar(&f.maxLines, "max-lines", 20_000, "lines kept of the window, and of the baseline; of more a sample over the time is kept")
	flags.StringVar(&f.out, "out", "recorded.jsonl", "file that the case is appended to")
	flags.StringVar(&f.split, "split", string(golden.Dev), "dev or test")
	flags.StringVar(&f.label, "label", "", "the judgement, instead of asking for it")
	flags.BoolVar(&f.unlabelled, "unlabelled", false, "show the window and how to judge it, and write nothing")
	flags.BoolVar(&f.overrules, "overrules", false, "make cases of what was overruled")
	flags.StringVar(&f.overruleWindow, "overrule-window", "1h", "with --overrules, how long before an overrule its case begins")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	return cmd
}

// A recorder records cases into one file.
type recorder struct {
	goldenRecordFlags
	client         *loki.Client
	engine         *analysis.Engine
	file           *record.File
	key            []byte
	by             string
	stdin          io.Reader
	stdout, stderr io.Writer
}

func newRecorder(f goldenRecordFlags, stdin io.Reader, stdout, stderr io.Writer) (*recorder, error) {
	if f.maxLines <= 0 {
		return nil, usage(errors.New("--max-lines must be above 0"))
	}
	if _, err := splitOf(f.split, golden.Dev, golden.Test); err != nil {
		return nil, usage(err)
	}
	client, err := f.loki.client()
	if err != nil {
		return nil, usage(err)
	}
	r := &recorder{goldenRecordFlags: f, client: client, key: make([]byte, 32), by: userName(), stdin: stdin, stdout: stdout, stderr: stderr}
	if _, err := rand.Read(r.key); err != nil {
		return nil, &exitError{exitNoVerdict, err}
	}
	if r.file, err = record.OpenFile(f.out); err != nil {
		return nil, usage(err)
	}
	if r.file.Repaired != "" {
		fmt.Fprintln(stderr, "note:", r.file.Repaired)
	}
	if r.engine, err = analysis.NewEngine(ledgerBytes, noop.NewTracerProvider().Tracer("lokalyst"), time.Now); err != nil {
		return nil, &exitError{exitNoVerdict, err}
	}
	return r, nil
}

// request is what is common to all cases of the run.
func (r *recorder) request(p *progress) record.Request {
	return record.Request{
		Logs: r.client, Engine: r.engine, MaxLines: r.maxLines, Split: golden.Split(r.split), Source: golden.Target(r.loki.url, r.loki.tenant), By: r.by, Key: r.key,
		Progress: func(text string) { p.step("", text) },
	}
}

// record records one window.
func (r *recorder) record(ctx context.Context, expr string) error {
	p := newProgress(r.stderr, r.quiet)
	req := r.request(p)
	req.Expr = expr
	var err error
	if req.Window, req.Baseline, err = r.window.read(time.Now().Truncate(time.Second)); err != nil {
		return usage(err)
	}
	if r.file.Has(req.ID()) && !r.unlabelled {
		return usage(fmt.Errorf("this window is in %s already, as %s: take it away there first, or name another file with --out", r.out, req.ID()))
	}
	c, coverage, err := record.Freeze(ctx, req)
	p.done()
	if err != nil {
		return classify(err)
	}
	if coverage.Read < coverage.Total || coverage.BaselineRead < coverage.BaselineTotal {
		fmt.Fprintln(r.stderr, "note:", coverage, "Narrow the query or raise --max-lines to keep more.")
	}
	view, err := record.NewView(ctx, r.engine, nil, c)
	if err != nil {
		return &exitError{exitNoVerdict, err}
	}
	label, ok, err := r.judge(ctx, view, req)
	if err != nil || !ok {
		return err
	}
	if err := view.Apply(label, r.engine.Redactor.WithKey(r.key).Mask); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return r.save(c)
}

func (r *recorder) save(c *golden.Case) error {
	if err := r.file.Append(c); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	window, baseline := c.Lines()
	fmt.Fprintf(r.stdout, "%s: %s, %s, %d lines and %d of the baseline, %d lines of evidence, appended to %s\n", c.ID, c.Expected.Severity, c.Expected.Category, window, baseline, len(c.Expected.EvidenceMust), r.out)
	return nil
}

// judge gets the judgement: from --label, or from the user at a terminal. ok is false
// where nothing is to be written.
func (r *recorder) judge(ctx context.Context, v *record.View, req record.Request) (l record.Label, ok bool, err error) {
	screen := record.Screen{W: r.stdout, Styled: isTerminal(r.stdout) && os.Getenv("NO_COLOR") == ""}
	if f, isFile := r.stdout.(*os.File); isFile {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			screen.Width = width
		}
	}
	if r.label != "" && !r.unlabelled {
		l, err = v.ParseLabel(r.label)
		if err != nil {
			return l, false, usage(err)
		}
		return l, true, nil
	}
	in, isFile := r.stdin.(*os.File)
	if r.unlabelled || !isFile || !isTerminal(in) || !isTerminal(r.stdout) {
		return l, false, r.tellHow(screen, v, req)
	}
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return l, false, &exitError{exitNoVerdict, fmt.Errorf("the terminal gives no single keys: %w; use --label", err)}
	}
	screen.W = crlf{r.stdout}
	keys := record.NewKeys(in)
	defer keys.Close()
	l, outcome, err := record.Ask(ctx, v, keys, screen)
	if err := term.Restore(int(in.Fd()), state); err != nil {
		fmt.Fprintln(r.stderr, "note: the terminal could not be restored; type: stty sane")
	}
	switch {
	case err != nil:
		return l, false, &exitError{exitNoVerdict, err}
	case outcome == record.Quit:
		return l, false, &exitError{exitNoVerdict, errors.New("left before the window was judged")}
	}
	return l, outcome == record.Saved, nil
}

// tellHow shows the window and how to judge it without a terminal.
func (r *recorder) tellHow(screen record.Screen, v *record.View, req record.Request) error {
	screen.Show(v)
	args := r.loki.recording(req.Expr, req.Window, req.Baseline).Args()
	last := len(args) - 2 // before --
	args = append(append(args[:last:last], "--out", r.out, "--split", r.split, "--label", v.Suggested.Text()), args[last:]...)
	fmt.Fprintf(r.stdout, "Nothing is written. As suggested it is kept with\n  %s\nThe label is %s.\n", golden.Quote(args), record.LabelSyntax)
	if r.unlabelled {
		return nil
	}
	return usage(errors.New("there is no terminal to ask at; give the judgement with --label"))
}

// crlf writes lines as a terminal in raw mode needs them.
type crlf struct{ w io.Writer }

func (c crlf) Write(p []byte) (int, error) {
	if _, err := c.w.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}
