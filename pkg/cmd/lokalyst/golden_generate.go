package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/generate"
)

type generateFlags struct {
	seed         uint64
	out          string
	families     []string
	split        string
	noise        []int
	plain, force bool
	quiet        bool
	list         bool
	check        bool
	show         string
	severity     int
	twin         bool
}

func goldenGenerateCommand() *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate [flags]",
		Short: "Make synthetic cases",
		Long: `Makes windows of logs of a Kubernetes cluster in which something fails, each with a twin that looks as alarming and is healthy.
The same seed gives the same bytes.

With --check the files named are checked instead: families in YAML as in pkg/golden/generate/families. With --show cases are
printed as lines for people, in which ! marks lines that an answer must cite and + those that it may; a file as the argument
is read instead of the built-in families.`,
		Example: `  lokalyst golden generate --seed 1 --out cases
  lokalyst golden generate --check pkg/golden/generate/families/oom-kill.yaml
  lokalyst golden generate --show oom-kill/jvm-cgroup --severity 2 --twin`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return generateCases(f, args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.Uint64Var(&f.seed, "seed", 1, "what all randomness comes from")
	flags.StringVar(&f.out, "out", "", "folder for dev.jsonl.gz, test.jsonl.gz and manifest.json")
	flags.StringSliceVar(&f.families, "families", nil, "ids of families; all where none is named")
	flags.StringVar(&f.split, "split", "", "dev or test only")
	flags.IntSliceVar(&f.noise, "noise", nil, "only cases with so many background lines for each line of the story; with --show the number to print")
	flags.BoolVar(&f.plain, "plain", false, "write *.jsonl instead of *.jsonl.gz")
	flags.BoolVar(&f.force, "force", false, "write into a folder that holds other files too")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress")
	flags.BoolVar(&f.list, "list", false, "print the ids of the families")
	flags.BoolVar(&f.check, "check", false, "check the files that are named")
	flags.StringVar(&f.show, "show", "", "print FAMILY, FAMILY/STORY or a case by its id")
	flags.IntVar(&f.severity, "severity", 2, "severity to show, 1 to 3")
	flags.BoolVar(&f.twin, "twin", false, "show the healthy twin")
	return cmd
}

func generateCases(f generateFlags, args []string, stdout, stderr io.Writer) error {
	switch {
	case f.check:
		return checkFamilies(args, stdout)
	case f.list:
		return listFamilies(stdout)
	case f.show != "":
		return showCases(f, args, stdout)
	case len(args) > 0:
		return usage(fmt.Errorf("unexpected argument %q; files go with --check and --show", args[0]))
	case f.out == "":
		return usage(errors.New("--out is missing; name a folder for the cases"))
	case f.split != "":
		if _, err := splitOf(f.split, golden.Dev, golden.Test); err != nil {
			return usage(err)
		}
	}
	return writeCases(f, stdout, stderr)
}

func checkFamilies(files []string, stdout io.Writer) error {
	if len(files) == 0 {
		return usage(errors.New("--check needs files"))
	}
	var errs []error
	for _, name := range files {
		if err := generate.Check(name); err != nil {
			errs = append(errs, err)
			continue
		}
		fmt.Fprintf(stdout, "%s: ok\n", name)
	}
	if err := errors.Join(errs...); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return nil
}

func listFamilies(stdout io.Writer) error {
	names, err := generate.Families()
	if err != nil {
		return &exitError{exitNoVerdict, err}
	}
	for _, name := range names {
		fmt.Fprintln(stdout, name)
	}
	return nil
}

func showCases(f generateFlags, args []string, stdout io.Writer) error {
	v := generate.View{Ref: f.show, Seed: f.seed, Severity: f.severity, Twin: f.twin}
	switch {
	case len(args) > 1 || len(f.noise) > 1:
		return usage(errors.New("--show takes one file and one --noise at most"))
	case len(args) == 1:
		v.File = args[0]
	}
	if len(f.noise) == 1 {
		v.Noise = f.noise[0]
	}
	if err := generate.Show(stdout, v); err != nil {
		return usage(err)
	}
	return nil
}

// tally counts cases by split, severity and twin.
type tally struct {
	split    golden.Split
	severity int
	twin     bool
}

func writeCases(f generateFlags, stdout, stderr io.Writer) error {
	p := newProgress(stderr, f.quiet)
	counts := map[tally]int{}
	m, err := generate.Write(f.out, generate.WriteOptions{
		Options: generate.Options{Seed: f.seed, Families: f.families, Split: golden.Split(f.split), Noise: f.noise},
		Plain:   f.plain, Force: f.force,
		Progress: func(done, all int, c *golden.Case) {
			counts[tally{c.Split, int(c.Expected.Severity), slices.Contains(c.Tags, "twin")}]++
			p.step("", fmt.Sprintf("%d of %d cases: %s", done, all, c.ID))
		},
	})
	p.done()
	if errors.Is(err, generate.ErrFolder) || errors.Is(err, generate.ErrChoice) {
		return usage(err)
	}
	if err != nil {
		return &exitError{exitNoVerdict, err}
	}
	return printTally(stdout, m, counts)
}

func printTally(stdout io.Writer, m golden.Manifest, counts map[tally]int) error {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b tally) int {
		return cmp.Or(cmp.Compare(a.split, b.split), cmp.Compare(a.severity, b.severity), len(arm(a.twin))-len(arm(b.twin)))
	})
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SPLIT\tSEVERITY\tARM\tCASES")
	for _, k := range keys {
		fmt.Fprintf(w, "%s\t%d\t%s\t%d\n", k.split, k.severity, arm(k.twin), counts[k])
	}
	if err := w.Flush(); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	for _, file := range m.Files {
		fmt.Fprintf(stdout, "%s  %s  %d cases, %d lines\n", file.SHA256, file.Name, file.Cases, file.Lines)
	}
	return nil
}

func arm(twin bool) string {
	if twin {
		return "twin"
	}
	return "fault"
}
