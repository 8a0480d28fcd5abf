// Command lokalyst is the analysis engine in a terminal and in scripts: the same
// engine as the data source plugin, without Grafana.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
)

// The exit codes, for scripts.
const (
	exitHealthy    = 0
	exitSuspicious = 1
	exitIncident   = 2
	exitNoVerdict  = 3
	exitUsage      = 4
)

// An exitError ends the program with a code; its text goes to standard error.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// rootCommand returns the whole program, which sets code where it is not 0 without an error.
func rootCommand(code *int) *cobra.Command {
	root := &cobra.Command{
		Use:           "lokalyst",
		Short:         "Judge logs in Loki with a local model",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(*cobra.Command, []string) error { return errors.New("no command given") },
	}
	root.AddCommand(analyzeCommand(code), overruleCommand(), goldenCommand(code))
	return root
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	code := exitHealthy
	root := rootCommand(&code)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return code
	}
	fmt.Fprintln(stderr, "lokalyst:", err)
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	fmt.Fprintln(stderr, "Run 'lokalyst --help' for the usage.")
	return exitUsage // cobra's own errors are about the command line
}
