package main

import (
	"context"
	"errors"
	"os"

	"github.com/lokalyst/lokalyst/pkg/golden"
	goldeneval "github.com/lokalyst/lokalyst/pkg/golden/evaluate"
	"github.com/lokalyst/lokalyst/pkg/golden/generate"
	goldenscore "github.com/lokalyst/lokalyst/pkg/golden/score"
)

// benchGolden generates the golden cases of the first seed and has the rules judge those of
// the test split, with and without signatures.
func benchGolden(ctx context.Context, report func(string, float64, string)) (err error) {
	folder, err := os.MkdirTemp("", "lokalyst-golden-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	var manifest golden.Manifest
	took, err := median(1, func() (err error) {
		manifest, err = generate.Write(folder, generate.WriteOptions{Options: generate.Options{Seed: 1}, Force: true})
		return err
	})
	if err != nil {
		return err
	}
	cases := 0
	for _, f := range manifest.Files {
		cases += f.Cases
	}
	report("golden_cases", float64(cases), "cases")
	report("golden_generate_cases_per_cpu_second", float64(cases)/took.Seconds(), "cases/s")

	var results []golden.Result
	o := goldeneval.Options{Paths: []string{folder}, Select: goldeneval.Selection{Selection: golden.Selection{Splits: []golden.Split{golden.Test}}}, Rules: true}
	err = goldeneval.Run(ctx, o, func(r golden.Result) error {
		results = append(results, r)
		return nil
	})
	if err != nil {
		return err
	}
	runs, err := goldenscore.Runs(results)
	if err != nil {
		return err
	}
	for _, run := range runs {
		f := goldenscore.Figures(run)
		switch run.Judge.Kind {
		case golden.JudgeRules:
			report("rules_macro_f1_test", f[goldenscore.MacroF1], "F1")
			report("rules_false_alarms_healthy", f[goldenscore.FalseAlarms], "ratio")
			report("rules_missed_incidents_critical", f[goldenscore.MissedTotal], "cases")
		case golden.JudgeWithoutSignatures:
			report("rules_macro_f1_test_without_signatures", f[goldenscore.MacroF1], "F1")
		}
	}
	return nil
}
