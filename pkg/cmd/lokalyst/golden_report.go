package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/report"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
)

// pushTimeout bounds one request to the Pushgateway.
const pushTimeout = 30 * time.Second

// measureFlags say which cases figures are of and where they go; report and gate share them.
type measureFlags struct {
	split, dataset, version string
	resamples               int
	pushgateway             string
}

func (f *measureFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.split, "split", string(golden.Test), "split that the figures are of: test, dev or canary")
	flags.StringVar(&f.dataset, "dataset", "", "folder of the cases, whose manifest tells the seed")
	flags.StringVar(&f.version, "dataset-version", "", "name of the dataset at the Pushgateway (default: the start of its hash)")
	flags.IntVar(&f.resamples, "resamples", 10_000, "resamples of the bootstrap, 100 to 1000000")
	flags.StringVar(&f.pushgateway, "pushgateway", "", "URL of a Pushgateway that gets the figures; may carry user:password")
}

func (f *measureFlags) options() (report.Options, error) {
	o := report.Options{DatasetVersion: f.version}
	var err error
	if o.Split, err = splitOf(f.split, golden.Dev, golden.Test, golden.Hidden); err != nil {
		return o, usage(err)
	}
	if f.resamples < 100 || f.resamples > 1_000_000 {
		return o, usage(fmt.Errorf("--resamples %d is not between 100 and 1000000", f.resamples))
	}
	o.Bootstrap = score.Bootstrap{Resamples: f.resamples, Seed: 1}
	if f.dataset != "" {
		m, ok, err := golden.ReadManifest(f.dataset)
		if err != nil {
			return o, &exitError{exitNoVerdict, err}
		}
		if !ok {
			return o, usage(fmt.Errorf("--dataset %s has no %s; make cases with 'lokalyst golden generate'", f.dataset, golden.ManifestName))
		}
		o.Seed = m.Seed
	}
	return o, nil
}

// push sends a report to the Pushgateway, if one is named.
func (f *measureFlags) push(ctx context.Context, r *report.Report, passed map[string]bool) error {
	if f.pushgateway == "" {
		return nil
	}
	p := report.Pusher{URL: f.pushgateway, Client: &http.Client{Timeout: pushTimeout}, Now: time.Now}
	if err := p.Push(ctx, r, passed); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return nil
}

type reportFlags struct {
	measureFlags
	format, out, junit string
}

func goldenReportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report [flags] RESULTS...",
		Short: "Say how good the judges of results files are",
		Long: `Reads results of 'lokalyst golden evaluate' and reports what each judge reached, beside the majority judge, with 95 % confidence
intervals. The first line says whether the model earns its keep. Probabilities are calibrated with the results on the dev split, so
evaluate that too.

Exit codes: 0 reported, 3 could not, 4 wrong usage.`,
		Example: `  lokalyst golden report results.jsonl
  lokalyst golden report dev.jsonl.gz test.jsonl.gz --out report --junit report/junit.xml --pushgateway http://localhost:9091`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return goldenReport(cmd.Context(), f, args, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	f.add(cmd)
	flags.StringVar(&f.format, "format", "markdown", "markdown or json")
	flags.StringVar(&f.out, "out", "", "folder for report.md or report.json and the pictures (default: the report goes to standard output)")
	flags.StringVar(&f.junit, "junit", "", "file for JUnit XML, in which each wrong verdict is a failure")
	return cmd
}

func goldenReport(ctx context.Context, f reportFlags, paths []string, stdout io.Writer) error {
	if f.format != "markdown" && f.format != "json" {
		return usage(fmt.Errorf("unknown format %q; use markdown or json", f.format))
	}
	o, err := f.options()
	if err != nil {
		return err
	}
	results, err := readResults(paths)
	if err != nil {
		return err
	}
	r, err := report.Make(results, o)
	if err != nil {
		return &exitError{exitNoVerdict, err}
	}
	if err := f.write(r, stdout); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return f.push(ctx, r, nil)
}

// write writes the report's files, or prints it.
func (f *reportFlags) write(r *report.Report, stdout io.Writer) error {
	name, text := "report.md", []byte(r.Markdown())
	if f.format == "json" {
		raw, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		name, text = "report.json", append(raw, '\n')
	}
	if f.junit != "" {
		raw, err := r.JUnit()
		if err != nil {
			return err
		}
		if err := writeFile(f.junit, raw); err != nil {
			return err
		}
	}
	if f.out == "" {
		_, err := stdout.Write(text)
		return err
	}
	if err := writeFile(filepath.Join(f.out, name), text); err != nil {
		return err
	}
	for _, p := range r.Pictures() {
		if err := writeFile(filepath.Join(f.out, p.Name), p.SVG); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, r.Answer.Line())
	return nil
}

// writeFile writes a file that the user named, and its folder where that is missing.
func writeFile(name string, raw []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil { //nolint:gosec // a report is for everyone to read
		return err
	}
	return os.WriteFile(name, raw, 0o644) //nolint:gosec // a report is for everyone to read
}

// readResults reads results files.
func readResults(paths []string) ([]golden.Result, error) {
	var out []golden.Result
	err := golden.EachResult(paths, func(r *golden.Result) error {
		out = append(out, *r)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(err)
	}
	if err != nil {
		return nil, &exitError{exitNoVerdict, err}
	}
	return out, nil
}
