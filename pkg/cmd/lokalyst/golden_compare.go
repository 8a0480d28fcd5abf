package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/report"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
)

type compareFlags struct {
	judge, judgeB, split, output string
	limit                        int
}

func goldenCompareCommand() *cobra.Command {
	var f compareFlags
	cmd := &cobra.Command{
		Use:   "compare [flags] A B",
		Short: "Show which cases two runs judge differently",
		Long: `Compares the results files A and B case by case: which cases B has wrong that A had right and the other way round, by family, with
McNemar's test. With two judges in one file name it twice and say --judge and --judge-b.

Exit codes: 0 compared, 3 could not, 4 wrong usage.`,
		Example: `  lokalyst golden compare before.jsonl after.jsonl
  lokalyst golden compare results.jsonl results.jsonl --judge rules --judge-b model -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return goldenCompare(f, args[0], args[1], cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.judge, "judge", "", "judge in A, and in B without --judge-b (default: the only model, else rules)")
	flags.StringVar(&f.judgeB, "judge-b", "", "judge in B")
	flags.StringVar(&f.split, "split", "", "compare the cases of one split only: test, dev or canary")
	flags.StringVarP(&f.output, "output", "o", "table", "table or json")
	flags.IntVar(&f.limit, "limit", 40, "cases shown of each kind in the table; 0 is all")
	return cmd
}

func goldenCompare(f compareFlags, fileA, fileB string, stdout io.Writer) error {
	if err := checkOutput(f.output); err != nil {
		return err
	}
	if f.split != "" {
		if _, err := splitOf(f.split, golden.Dev, golden.Test, golden.Hidden); err != nil {
			return usage(err)
		}
	}
	if f.limit < 0 {
		return usage(fmt.Errorf("--limit %d is below 0", f.limit))
	}
	if f.judgeB == "" {
		f.judgeB = f.judge
	}
	a, err := pickFrom(fileA, f.judge)
	if err != nil {
		return err
	}
	b, err := pickFrom(fileB, f.judgeB)
	if err != nil {
		return err
	}
	c := report.Compare(a, b, golden.Split(f.split), score.Bootstrap{Seed: 1})
	if f.output == "table" {
		fmt.Fprint(stdout, c.Markdown(f.limit))
		return nil
	}
	enc := json.NewEncoder(stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(c); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return nil
}

func pickFrom(file, judge string) (score.Run, error) {
	results, err := readResults([]string{file})
	if err != nil {
		return score.Run{}, err
	}
	run, err := report.Pick(results, judge)
	if err != nil {
		return score.Run{}, usage(fmt.Errorf("%s: %w", file, err))
	}
	return run, nil
}
