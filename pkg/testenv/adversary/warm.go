package adversary

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

// A Warm asks a question whose judgement the ledger has and whose lines are known: all of
// QueryData but what Loki and the model server would do.
type Warm struct {
	rig    *rig
	tenant tenant
	query  query
	model  *modelServer
	calls  int

	book        *patterns.Book
	now, before *patterns.Tally
}

// NewWarm makes a question about so many patterns or a few more, and has it answered once.
func NewWarm(ctx context.Context, count int) (*Warm, error) {
	w := newWorld()
	out := &Warm{model: &modelServer{answer: func(p prompt) completion {
		return completion{text: answer(list(finding("application", p.worst(0)...)), `"warning"`, "2", "Some steps fail as they always do."), finish: "stop"}
	}}}
	var err error
	if out.rig, err = newRig(w, out.model); err != nil {
		return nil, err
	}
	if out.tenant, err = out.rig.tenant(ctx, "warm", nil); err == nil {
		err = out.find(ctx, w, count)
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

// find asks about more and more lines of a corpus until they are patterns enough.
func (w *Warm) find(ctx context.Context, logs *world, count int) error {
	all := corpus.Lines(20*count, 1)
	for n := count; n <= len(all); n += max(1, count/20) {
		var lines []line
		for i, text := range all[:n] {
			lines = append(lines, line{component: fmt.Sprint("svc", i%7), text: text})
		}
		s := newScene(fmt.Sprint("warm", n), lines, lines)
		logs.add(s)
		w.query = query{"expr": s.expr(), "baseline": "1d", "ask": "always", "queryType": "verdict"}
		res, err := w.tenant.ask(ctx, withType(w.query, "patterns"), nil)
		if err != nil {
			return err
		}
		if res.Error != nil {
			return res.Error
		}
		if res.Frames[0].Rows() >= count {
			w.condensed(s)
			return w.check(ctx)
		}
	}
	return fmt.Errorf("%d lines are less than %d patterns", len(all), count)
}

// condensed prepares what Condense does.
func (w *Warm) condensed(s *scene) {
	w.book = patterns.NewBook(patterns.Config{Redact: redact.New().Secrets})
	tally := func(end time.Time) *patterns.Tally {
		c := w.book.Counter()
		c.Begin(end.Add(-length).UnixNano(), end.UnixNano())
		for _, l := range s.in(end.Add(-length).UnixNano(), end.UnixNano()) {
			c.Add(patterns.Line{Time: l.at, Level: patterns.ParseLevel(lokiLevel(l.text)), Text: []byte(l.text)})
		}
		return c.End(1)
	}
	w.before, w.now = tally(Now().Add(-baseline)), tally(Now())
}

// Condense makes the patterns of the question from the counts of its lines: the part of Ask
// before there is a pattern set.
func (w *Warm) Condense() int {
	ps := w.book.Patterns([]*patterns.Tally{w.now}, []*patterns.Tally{w.before}, Now().Add(-length).UnixNano(), Now().UnixNano())
	return len(patterns.Compare(ps, true))
}

// check asks twice: the second answer must come from the ledger.
func (w *Warm) check(ctx context.Context) error {
	if err := w.Ask(ctx); err != nil {
		return err
	}
	w.calls = w.model.count()
	res, err := w.tenant.ask(ctx, withType(w.query, "analysis"), nil)
	if err != nil {
		return err
	}
	if f := frameNamed(res.Frames, "verdict"); f == nil || !at[bool](f, "cached", 0) {
		return errors.New("the ledger does not know the judgement")
	}
	return nil
}

// Ask asks for the verdict.
func (w *Warm) Ask(ctx context.Context) error {
	res, err := w.tenant.ask(ctx, w.query, nil)
	if err != nil {
		return err
	}
	if res.Error != nil || res.Status != backend.StatusOK || len(res.Frames) != 1 {
		return fmt.Errorf("status %d: %w", res.Status, res.Error)
	}
	if n := w.model.count(); w.calls > 0 && n != w.calls {
		return fmt.Errorf("the model was asked %d times", n)
	}
	return nil
}

// Close ends it.
func (w *Warm) Close() { w.rig.close() }
