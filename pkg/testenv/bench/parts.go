package main

import (
	"context"
	"errors"
	"time"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/prompts"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// each returns the CPU time of one call, from many calls a run.
func each(calls int, f func() error) (time.Duration, error) {
	d, err := median(5, func() error {
		for range calls {
			if err := f(); err != nil {
				return err
			}
		}
		return nil
	})
	return d / time.Duration(calls), err
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

func benchRules(_ context.Context, report func(string, float64, string)) error {
	set, err := rules.BuiltIn()
	if err != nil {
		return err
	}
	book := patterns.NewBook(patterns.Config{})
	c := book.Counter()
	c.Begin(0, 5000)
	for i, l := range corpus.Lines(5000, 1) {
		c.Add(patterns.Line{Time: int64(i), Text: []byte(l)})
	}
	in := rules.Input{Patterns: book.Patterns([]*patterns.Tally{c.End(1)}, nil, 0, 5000), Lines: 5000}
	d, err := each(50, func() error {
		if set.Assess(in).Severity == verdict.Inconclusive {
			return errors.New("the rules did not judge")
		}
		return nil
	})
	if err != nil {
		return err
	}
	report("assess_cpu_us_per_pattern", micros(d)/float64(len(in.Patterns)), "us")
	return nil
}

func benchPrompts(_ context.Context, report func(string, float64, string)) error {
	raw := []byte("id: bench\nversion: 1.0.0\ntitle: Bench\ninstructions: Look at {{ .team }}.\nvariables: [{name: team}]\n")
	d, err := each(500, func() error {
		_, err := prompts.Parse(raw)
		return err
	})
	if err != nil {
		return err
	}
	report("prompt_parse_cpu_us", micros(d), "us")
	return nil
}

func benchVerdict(ctx context.Context, report func(string, float64, string)) error {
	const answer = `{"findings":[{"patterns":["p1","p2"],"category":"memory"}],"verdict":"critical","severity":3,"summary":"a b c","root_cause":"d e f","next_step":"g h i"}`
	words := verdict.DefaultWords()
	d, err := each(2000, func() error {
		_, err := verdict.ParseAnswer(answer, []string{"p1", "p2"}, nil, words)
		return err
	})
	if err != nil {
		return err
	}
	report("answer_parse_cpu_us", micros(d), "us")
	ledger := verdict.NewLedger(verdict.LedgerOptions{})
	defer ledger.Close()
	d, err = each(10_000, func() error {
		_, err := ledger.Do(ctx, verdict.Ask{Key: verdict.KeyOf("bench"), Judge: func(context.Context, *verdict.Call) (verdict.Entry, error) { return verdict.Entry{}, nil }})
		return err
	})
	if err != nil {
		return err
	}
	report("ledger_hit_cpu_us", micros(d), "us")
	return nil
}
