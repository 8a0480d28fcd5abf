package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"

	"github.com/lokalyst/lokalyst/pkg/golden/record"
)

// overruled records what was overruled. One that makes no case is told and harms no other.
func (r *recorder) overruled(ctx context.Context) error {
	key, err := historyKey()
	if err != nil {
		return err
	}
	length, err := gtime.ParseDuration(r.overruleWindow)
	if err != nil || length <= 0 || length > 24*time.Hour {
		return usage(fmt.Errorf("--overrule-window %q must be a duration such as 1h, a day at most", r.overruleWindow))
	}
	var baseline time.Duration
	if r.window.baseline != "" {
		if baseline, err = gtime.ParseDuration(r.window.baseline); err != nil || baseline < length {
			return usage(fmt.Errorf("--baseline %q must be a duration of at least --overrule-window %s", r.window.baseline, r.overruleWindow))
		}
	}
	r.window.baseline = ""
	window, _, err := r.window.read(time.Now())
	if err != nil {
		return usage(err)
	}
	list, err := record.Overrules(ctx, r.client, window, r.loki.tenant, key)
	if err != nil {
		return classify(err)
	}
	if len(list) == 0 {
		fmt.Fprintln(r.stdout, "Nothing was overruled in this time.")
		return nil
	}
	failed := 0
	for i := range list {
		if err := r.oneOverruled(ctx, &list[i], length, baseline); err != nil {
			if ctx.Err() != nil {
				return &exitError{exitNoVerdict, err}
			}
			failed++
			fmt.Fprintf(r.stderr, "%s: not recorded: %s\n", list[i].CaseID(), err)
		}
	}
	if failed > 0 {
		return &exitError{exitNoVerdict, fmt.Errorf("%d of %d overrules were not recorded", failed, len(list))}
	}
	return nil
}

func (r *recorder) oneOverruled(ctx context.Context, o *record.Overrule, length, baseline time.Duration) error {
	name := o.At.UTC().Format(time.RFC3339)
	switch {
	case o.Refused != "":
		fmt.Fprintf(r.stdout, "%s of %s: left out, %s\n", named(o.Rule.ID), name, o.Refused)
		return nil
	case r.file.Has(o.CaseID()):
		fmt.Fprintf(r.stdout, "%s: recorded already\n", o.CaseID())
		return nil
	}
	p := newProgress(r.stderr, r.quiet)
	req := r.request(p)
	req.Baseline = baseline
	c, err := o.Record(ctx, req, length)
	p.done()
	if errors.Is(err, record.ErrOtherFindings) {
		fmt.Fprintf(r.stdout, "%s: left out, %s\n", o.CaseID(), err)
		return nil
	}
	if err != nil {
		return err
	}
	return r.save(c)
}

func named(id string) string {
	if id == "" {
		return "a line"
	}
	return fmt.Sprintf("%.60q", id) // who did not sign could write what a terminal obeys
}
