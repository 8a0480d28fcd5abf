package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/push"
)

type goldenPushFlags struct {
	loki            lokiFlags
	cases           selectionFlags
	maxLines        int
	end, run, state string
	together        bool
	restart, quiet  bool
}

func goldenPushCommand() *cobra.Command {
	var f goldenPushFlags
	cmd := &cobra.Command{
		Use:   "push [flags] FILE...",
		Short: "Write golden cases into a Loki as if they happened now",
		Long: `Writes the lines of golden cases into a Loki with new timestamps: the last window ends at --end, and each case before the next, or all at
the same time with --together, which mixes them into one window. All lines have the label eval_run, and each its case's id as the structured metadata
eval_case. FILE is a file of cases or a folder of them.

What was acknowledged is kept in a file, so that the same command goes on where it was interrupted and stores no line twice.
Loki must take structured metadata, which it does by default since version 3.0, and lines as old as the first: by default those of a week.`,
		Example: `  lokalyst golden push --loki http://localhost:3100 --cases 'oom-*' golden/
  lokalyst golden push --loki http://localhost:3100 --families oom-kill,dns-failure --limit 5 --together golden/dev.jsonl.gz`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return goldenPush(cmd.Context(), f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	f.loki.add(cmd, "Loki")
	f.cases.add(cmd)
	flags.StringVar(&f.end, "end", "", "where the last window ends: RFC 3339 or Unix milliseconds; the minute before the last by default")
	flags.BoolVar(&f.together, "together", false, "put all windows at the same time instead of one after another")
	flags.StringVar(&f.run, "run", "", "value of the label eval_run; the time of the start by default")
	flags.StringVar(&f.state, "state", "", "file that keeps what was acknowledged; FILE.push.json by default")
	flags.BoolVar(&f.restart, "restart", false, "forget an earlier push and begin a new run")
	flags.IntVar(&f.maxLines, "max-lines", 1_000_000, "lines of all cases at most, which are held in memory")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	return cmd
}

func goldenPush(ctx context.Context, f goldenPushFlags, files []string, stdout, stderr io.Writer) error {
	if f.maxLines <= 0 {
		return usage(errors.New("--max-lines must be above 0"))
	}
	selection, err := f.cases.read()
	if err != nil {
		return usage(err)
	}
	client, err := f.loki.client()
	if err != nil {
		return usage(err)
	}
	if f.state == "" {
		f.state = filepath.Clean(files[0]) + ".push.json"
	}
	layout, resumed, err := f.layout(time.Now())
	if err != nil {
		return usage(err)
	}
	var cases []*golden.Case
	if err := selection.Each(files, func(c *golden.Case) error {
		cases = append(cases, c)
		return nil
	}); err != nil {
		return usage(err)
	}
	plan, err := push.NewPlan(cases, layout)
	if err != nil {
		return usage(err)
	}
	p := newProgress(stderr, f.quiet)
	tellPlan(stderr, plan, resumed, f)
	err = plan.Push(ctx, push.Options{
		Loki: client, State: f.state, Target: golden.Target(f.loki.url, f.loki.tenant),
		Progress: func(done, total int) { p.step("", fmt.Sprintf("pushed %d of %d lines", done, total)) },
		Retry: func(err error, pause time.Duration) {
			p.step("", fmt.Sprintf("%s; trying again in %s", err.Error(), pause))
		},
	})
	p.done()
	if err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return printPushed(stdout, plan, f)
}

// layout returns where the cases are put: as the state of an earlier try has it.
func (f *goldenPushFlags) layout(now time.Time) (l push.Layout, resumed bool, err error) {
	l = push.Layout{Run: f.run, Together: f.together, MaxLines: f.maxLines}
	if f.restart {
		if err := os.Remove(f.state); err != nil && !errors.Is(err, os.ErrNotExist) {
			return l, false, err
		}
	}
	state, resumed, err := push.ReadState(f.state)
	if err != nil {
		return l, false, err
	}
	if resumed {
		if f.run != "" && f.run != state.Run {
			return l, false, fmt.Errorf("%s is the state of the run %s: name another file with --state, or begin anew with --restart", f.state, state.Run)
		}
		if f.end != "" {
			if end, err := parseMoment("--end", f.end); err != nil || !end.Equal(state.End) {
				return l, false, fmt.Errorf("%s is the state of a push that ends at %s: leave --end out to go on, or begin anew with --restart", f.state, state.End.Format(time.RFC3339))
			}
		}
		l.Run, l.End = state.Run, state.End
		return l, true, nil
	}
	if l.Run == "" {
		l.Run = now.UTC().Format("20060102-150405")
	}
	// Whole minutes are where the slots of an analysis begin.
	l.End = now.Add(-time.Minute).Truncate(time.Minute).UTC()
	if f.end != "" {
		if l.End, err = parseMoment("--end", f.end); err == nil && l.End.After(now.Add(5*time.Minute)) {
			err = fmt.Errorf("--end %s lies in the future, of which Loki takes no lines", f.end)
		}
	}
	return l, false, err
}

// tellPlan says what is about to happen that the reader may not expect.
func tellPlan(w io.Writer, plan *push.Plan, resumed bool, f goldenPushFlags) {
	if resumed {
		fmt.Fprintf(w, "Going on with the run %s of %s; --restart begins anew.\n", plan.Layout.Run, f.state)
	}
	for _, n := range plan.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	if age := plan.Layout.End.Sub(plan.Oldest); age > push.MaxAge-time.Hour {
		fmt.Fprintf(w, "warning: the first line lies %s before the end, and Loki refuses what is older than a week by default: push fewer cases, use --together, or raise limits_config.reject_old_samples_max_age.\n", age.Round(time.Hour))
	}
}

// maxPushedCases is how many cases are listed.
const maxPushedCases = 20

func printPushed(w io.Writer, plan *push.Plan, f goldenPushFlags) error {
	p := &printer{w: w}
	p.line("pushed %d lines of %d cases in %d streams, from %s to %s", plan.Lines(), len(plan.Cases), plan.Streams(), plan.Oldest.Format(time.RFC3339), plan.Layout.End.Format(time.RFC3339))
	p.line("all of them: {%s=%q}", push.RunLabel, plan.Layout.Run)
	p.line("")
	if p.err != nil {
		return p.err
	}
	t := tabwriter.NewWriter(w, 2, 2, 2, ' ', 0)
	fmt.Fprintln(t, "CASE\tEXPECTED\tWINDOW\tLINES\tLOGQL")
	shown := plan.Cases[:min(len(plan.Cases), maxPushedCases)]
	for i := range shown {
		c := &shown[i]
		fmt.Fprintf(t, "%s\t%s, %s\t%s – %s\t%d\t%s\n", c.ID, c.Expected.Severity, c.Expected.Category, c.Window.Start.Format(time.RFC3339), c.Window.End.Format(time.TimeOnly), c.Lines, strings.ReplaceAll(c.LogQL, "\n", " "))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if n := len(plan.Cases) - len(shown); n > 0 {
		p.line("… and %d more cases", n)
	}
	p.line("")
	p.line("%s", golden.Quote(analyzeArgs(&plan.Cases[0], f)))
	return p.err
}

// analyzeArgs is the command that judges a pushed case.
func analyzeArgs(c *push.Placed, f goldenPushFlags) []string {
	args := f.loki.recording(c.LogQL, c.Window, c.Baseline).Args()
	return append([]string{args[0], "analyze"}, args[3:]...)
}
