package main

import (
	"errors"

	"github.com/spf13/cobra"
)

// goldenCommand holds what is done with golden cases: windows of logs with the judgement
// that is right about them.
func goldenCommand(code *int) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "golden",
		Short: "Measure how good verdicts are",
		Long: `Makes and uses golden cases: windows of logs with the judgement that is right about them.

Exit codes: 0 done, 1 a gate failed, 3 could not, 4 wrong usage.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage(errors.New("golden needs a subcommand; see 'lokalyst golden --help'"))
		},
	}
	cmd.AddCommand(goldenGenerateCommand(), goldenRecordCommand(), goldenPushCommand(), goldenEvaluateCommand(), goldenReportCommand(), goldenGateCommand(code), goldenCompareCommand())
	return cmd
}
