package main

import (
	"context"
	"fmt"
	"time"

	"github.com/lokalyst/lokalyst/pkg/testenv/adversary"
)

const adversarySeed = 1

// benchLedger measures an answer that needs neither Loki nor the model: all of a query, and
// what of it is left behind the set of 200 patterns: rules, composing, the ledger,
// verifying and the frame.
func benchLedger(ctx context.Context, report func(string, float64, string)) error {
	whole, hit, err := ledgerHit(ctx)
	if err != nil {
		return err
	}
	report("ledger_hit_cpu_ms", millis(hit), "ms")
	report("ledger_hit_whole_query_cpu_ms", millis(whole), "ms")
	return nil
}

func ledgerHit(ctx context.Context) (whole, hit time.Duration, err error) {
	const patterns = 200
	w, err := adversary.NewWarm(ctx, patterns)
	if err != nil {
		return 0, 0, err
	}
	defer w.Close()
	if whole, err = each(200, func() error { return w.Ask(ctx) }); err != nil {
		return 0, 0, err
	}
	condense, err := each(200, func() error {
		if n := w.Condense(); n < patterns {
			return fmt.Errorf("there are %d patterns", n)
		}
		return nil
	})
	return whole, whole - condense, err
}

// benchAnswers gives the plugin answers that no model should give.
func benchAnswers(ctx context.Context, report func(string, float64, string)) error {
	a, err := adversary.RunAnswers(ctx, adversarySeed, 10_000)
	if err != nil {
		return err
	}
	report("adversarial_completions", float64(a.Completions), "answers")
	report("evidence_cited", float64(a.Cited), "patterns")
	report("fabricated_evidence", float64(a.Fabricated), "patterns")
	report("schema_valid_frames", float64(a.Valid)/float64(a.Responses), "ratio")
	return nil
}

// benchAttacks has attackers write into logs that a model obeys.
func benchAttacks(ctx context.Context, report func(string, float64, string)) error {
	s, err := adversary.RunSuppression(ctx, adversarySeed, 1)
	if err != nil {
		return err
	}
	report("suppression_cases", float64(s.Cases), "cases")
	report("rules_covered_share", float64(s.Covered)/float64(s.Cases), "ratio")
	report("suppressed_incidents_by_model", float64(s.ByModel), "cases")
	report("suppressed_incidents_by_model_and_evidence", float64(s.ByEvidence), "cases")
	report("suppressed_incidents", float64(s.Succeeded), "cases")
	f, err := adversary.RunForgery(ctx, adversarySeed, 1)
	if err != nil {
		return err
	}
	report("forgery_cases", float64(f.Cases), "cases")
	report("forged_incidents_by_model", float64(f.ByModel)/float64(f.Cases), "ratio")
	report("forged_incidents_by_model_and_evidence", float64(f.ByEvidence)/float64(f.Cases), "ratio")
	report("forged_incidents", float64(f.Succeeded)/float64(f.Cases), "ratio")
	return nil
}

// benchTenancy sends requests of random askers to one process and looks at pairs of them.
func benchTenancy(ctx context.Context, report func(string, float64, string)) error {
	t, err := adversary.RunTenancy(ctx, adversarySeed, 1500, 100_000)
	if err != nil {
		return err
	}
	report("tenancy_pairs", float64(t.Pairs), "pairs")
	report("cross_tenant_hits", float64(t.Crossed), "pairs")
	report("tenancy_pairs_of_one_asker", float64(t.Same), "pairs")
	report("shared_hits", float64(t.Shared), "pairs")
	return nil
}
