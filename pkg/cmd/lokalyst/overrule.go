package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

type overruleFlags struct {
	loki              lokiFlags
	pattern, template string
	streams           map[string]string
	benign            bool
	category          string
	severity          int
	reason, expires   string
}

func overruleCommand() *cobra.Command {
	var f overruleFlags
	cmd := &cobra.Command{
		Use:   "overrule [flags]",
		Short: "Say that lines are normal, or what they mean",
		Long: `Writes to Loki that lines of a pattern are harmless (--benign), or which severity they have. Every data source that keeps its
history there with the same key obeys it within a minute or two, until it expires, and shows it with its reason.

The key is read from the environment variable ` + historyKeyVariable + `: the data source's historyKey. For rules that last longer than 30 days
use a ConfigMap labelled lokalyst.io/rules.`,
		Example: `  lokalyst overrule --loki http://localhost:3100 --template 'retry <num> of <num> failed' --stream app=importer --benign --reason 'the partner is down on Sundays' --expires 7d
  lokalyst overrule --loki http://localhost:3100 --pattern 'quota <_> exhausted' --severity 3 --category application --reason 'orders are lost'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return overrule(cmd.Context(), f, cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	f.loki.add(cmd, "the Loki with the history")
	flags.StringVar(&f.template, "template", "", "template as the findings show it")
	flags.StringVar(&f.pattern, "pattern", "", "text of a whole line in which <_> stands for any text, instead of --template")
	flags.StringToStringVar(&f.streams, "stream", nil, "labels that the streams have, name=value; * in a value stands for any text")
	flags.BoolVar(&f.benign, "benign", false, "such lines are normal")
	flags.IntVar(&f.severity, "severity", 0, "severity of such lines, 1 to 3, instead of --benign")
	flags.StringVar(&f.category, "category", "", "category of such lines, with --severity")
	flags.StringVar(&f.reason, "reason", "", "why; shown with each verdict that this decides")
	flags.StringVar(&f.expires, "expires", "7d", "how long this applies, at most 30d")
	return cmd
}

func overrule(ctx context.Context, f overruleFlags, stdout io.Writer) error {
	now := time.Now().UTC()
	rule, err := f.rule(now)
	if err != nil {
		return usage(err)
	}
	key, err := historyKey()
	if err != nil {
		return err
	}
	body, err := json.Marshal(rule)
	if err != nil {
		return &exitError{exitNoVerdict, err}
	}
	text, err := verdict.EncodeRecord(verdict.Record{Kind: verdict.KindOverrule, TS: now, Body: body}, f.loki.tenant, key)
	if err != nil {
		return usage(err)
	}
	client, err := f.loki.client()
	if err != nil {
		return usage(err)
	}
	if err := client.Push(ctx, verdict.KindOverrule, loki.PushLine{Time: now, Text: text}); err != nil {
		return &exitError{exitNoVerdict, err}
	}
	fmt.Fprintf(stdout, "%s applies until %s. To end it earlier, write it again with a short --expires.\n", rule.ID, rule.Expires.Format(time.RFC3339))
	return nil
}

// rule makes the rule of the flags.
func (f overruleFlags) rule(now time.Time) (rules.Rule, error) {
	lasts, err := gtime.ParseDuration(f.expires)
	if err != nil || lasts <= 0 || lasts > rules.MaxOverrule {
		return rules.Rule{}, fmt.Errorf("--expires %q must be a duration such as 12h or 7d, at most 30d", f.expires)
	}
	if f.benign && (f.severity != 0 || f.category != "") {
		return rules.Rule{}, errors.New("--benign goes without --severity and --category")
	}
	r := rules.Rule{
		Pattern: f.pattern, Template: f.template, Streams: f.streams, Benign: f.benign, Category: verdict.Category(f.category), Severity: verdict.Severity(f.severity),
		Reason: f.reason, At: rules.RuleTime{Time: now}, Expires: rules.RuleTime{Time: now.Add(lasts).Truncate(time.Second)},
	}
	r.ID = r.OverruleID()
	r.By = userName()
	return r, r.Check()
}
