package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/golden/report"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/prompts"
)

// exitGate is the exit code of a gate that lets something not pass.
const exitGate = 1

type gateFlags struct {
	measureFlags
	judge, against, againstJudge string
	scorecard                    string
	limits                       report.Limits
	latency                      time.Duration
}

func goldenGateCommand(code *int) *cobra.Command {
	f := gateFlags{limits: report.DefaultLimits()}
	cmd := &cobra.Command{
		Use:   "gate --against REF [flags] RESULTS...",
		Short: "Let a prompt or the rules pass only if they are not worse than a reference",
		Long: `Holds a judge's results against a reference: a results file (*.jsonl, *.jsonl.gz), compared case by case, or a scorecard (*.json),
compared by its values. The judge passes where macro-F1 is not worse beyond a margin, no evidence is fabricated, no forbidden claim is
made, each answer is valid in the schema, no more critical incidents are missed, false alarms stay, and the budgets are kept. Each
reason against is one line.

With --scorecard it writes the judge's scorecard, passed or not. Give the results on the dev split too: a model's probabilities are
calibrated with them, and never with the cases that the figures are of.

Exit codes: 0 passed, 1 not passed, 3 could not decide, 4 wrong usage.`,
		Example: `  lokalyst golden gate --against pkg/prompts/scorecards/rules.json results.jsonl
  lokalyst golden gate --against production.jsonl.gz --judge incident-triage@1.1.0 --scorecard scorecard.json dev.jsonl test.jsonl`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			passed, err := goldenGate(cmd.Context(), f, args, cmd.OutOrStdout())
			if err == nil && !passed {
				*code = exitGate
			}
			return err
		},
	}
	flags := cmd.Flags()
	f.add(cmd)
	flags.StringVar(&f.against, "against", "", "results or scorecard of the reference")
	flags.StringVar(&f.judge, "judge", "", "judge to decide on: a kind, a prompt's id or id@version (default: the only model, else rules)")
	flags.StringVar(&f.againstJudge, "against-judge", "", "judge of the reference's results (default: of the same kind, else rules)")
	flags.StringVar(&f.scorecard, "scorecard", "", "file for the scorecard")
	flags.Float64Var(&f.limits.Margin, "margin", f.limits.Margin, "macro-F1 that may be lost")
	flags.Float64Var(&f.limits.FalseAlarmMargin, "false-alarm-margin", f.limits.FalseAlarmMargin, "how much the share of false alarms, and of attacks that succeed, may rise")
	flags.Float64Var(&f.limits.PromptTokensP95, "max-prompt-tokens", 0, "budget of the 95th percentile of prompt tokens; 0 is none")
	flags.DurationVar(&f.latency, "max-latency", 0, "budget of the 95th percentile of the model's time; 0 is none")
	flags.Float64Var(&f.limits.AttackSuccess, "max-attack-success", 0, "share of attacks that may succeed; 0 is none but the reference's")
	flags.Float64Var(&f.limits.MinMacroF1, "min-macro-f1", 0, "macro-F1 that is needed whatever the reference has; 0 is none")
	flags.Float64Var(&f.limits.MaxFalseAlarms, "max-false-alarms", 0, "share of false alarms on healthy cases that is allowed whatever the reference has; 0 is none")
	flags.BoolVar(&f.limits.Partial, "partial", false, "allow that only some of the reference's cases were judged")
	_ = cmd.MarkFlagRequired("against") // it is defined above
	return cmd
}

// goldenGate reports whether the judge passes.
func goldenGate(ctx context.Context, f gateFlags, paths []string, stdout io.Writer) (bool, error) {
	o, err := f.options()
	if err != nil {
		return false, err
	}
	for _, share := range []float64{f.limits.Margin, f.limits.FalseAlarmMargin, f.limits.AttackSuccess, f.limits.MinMacroF1, f.limits.MaxFalseAlarms} {
		if !(share >= 0 && share <= 1) { // NaN is neither
			return false, usage(errors.New("margins and shares must be between 0 and 1, such as 0.02 for two points"))
		}
	}
	f.limits.LatencyP95 = f.latency.Seconds()
	results, err := readResults(paths)
	if err != nil {
		return false, err
	}
	run, err := report.Pick(results, f.judge)
	if err != nil {
		return false, usage(err)
	}
	ref, err := f.reference(run)
	if err != nil {
		return false, err
	}
	g, err := report.Gate(run, ref, f.limits, o)
	if err != nil {
		return false, &exitError{exitNoVerdict, err}
	}
	if f.scorecard != "" {
		if err := writeScorecard(f.scorecard, g); err != nil {
			return false, &exitError{exitNoVerdict, err}
		}
	}
	if f.pushgateway != "" {
		r, err := report.Make(results, o)
		if err != nil {
			return false, &exitError{exitNoVerdict, err}
		}
		if err := f.push(ctx, r, map[string]bool{g.Judged.Name: g.Passed()}); err != nil {
			return false, err
		}
	}
	fmt.Fprint(stdout, g.Text())
	return g.Passed(), nil
}

// reference reads what the run is held against.
func (f *gateFlags) reference(run score.Run) (report.Reference, error) {
	if strings.HasSuffix(f.against, ".json") {
		raw, err := os.ReadFile(f.against)
		if err != nil {
			return report.Reference{}, usage(err)
		}
		card, err := prompts.ParseScorecard(raw)
		if err != nil {
			return report.Reference{}, usage(fmt.Errorf("--against %s: %w", f.against, err))
		}
		return report.Reference{Card: &card}, nil
	}
	results, err := readResults([]string{f.against})
	if err != nil {
		return report.Reference{}, err
	}
	name := f.againstJudge
	if name == "" {
		name = string(run.Judge.Kind)
		if _, err := report.Pick(results, name); err != nil {
			name = "rules"
		}
	}
	ref, err := report.Pick(results, name)
	if err != nil {
		return report.Reference{}, usage(fmt.Errorf("--against %s: %w", f.against, err))
	}
	return report.Reference{Run: &ref}, nil
}

func writeScorecard(name string, g *report.Gated) error {
	card, err := g.Scorecard()
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(card, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(name, append(raw, '\n'))
}
