// Command bench measures what the documentation quotes. It prints one line a
// figure, "name value unit"; a group that fails says so on standard error, the
// others still print, and the exit status is 1. Figures that need what this machine
// does not have are left out, which is said on standard error.
//
// Speed is CPU time of this process, taken with getrusage, because wall time on a
// shared machine says more about the neighbours. Loki and llama-server run as
// processes of their own and are not counted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
)

// A group measures one package.
type group struct {
	name string
	run  func(ctx context.Context, report func(name string, value float64, unit string)) error
}

func groups() []group {
	return []group{
		{"plugin", benchPlugin},
		{"heap", benchHeap},
		{"condense", benchCondense},
		{"loghub", benchLoghub},
		{"tokens", benchTokens},
		{"refresh", benchRefresh},
		{"evaluation", benchEvaluation},
		{"needle", benchNeedle},
		{"secrets", benchSecrets},
		{"rules", benchRules},
		{"prompts", benchPrompts},
		{"verdict", benchVerdict},
		{"llm", benchLLM},
		{"lanes", benchLanes},
		{"ledger", benchLedger},
		{"answers", benchAnswers},
		{"attacks", benchAttacks},
		{"tenancy", benchTenancy},
		{"golden", benchGolden},
	}
}

func main() {
	only := flag.String("only", "", "comma-separated groups to run; all without it")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, groups(), *only, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run measures the groups that only names, all where it is empty, and returns the
// exit status.
func run(ctx context.Context, all []group, only string, stdout, stderr io.Writer) (code int) {
	for _, g := range all {
		if only != "" && !slices.Contains(strings.Split(only, ","), g.name) {
			continue
		}
		fmt.Fprintf(stderr, "bench: %s\n", g.name)
		err := g.run(ctx, func(name string, value float64, unit string) { fmt.Fprintf(stdout, "%s %.4g %s\n", name, value, unit) })
		switch {
		case errors.Is(err, errSkip):
			fmt.Fprintf(stderr, "bench: %s: %v\n", g.name, err)
		case err != nil:
			fmt.Fprintf(stderr, "bench: %s failed: %v\n", g.name, err)
			code = 1
		}
	}
	return code
}
