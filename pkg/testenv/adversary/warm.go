package adversary

import (
	"context"
	"errors"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

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
}

// NewWarm makes a question about so many patterns or a few more, and has it answered once.
func NewWarm(ctx context.Context, patterns int) (*Warm, error) {
	w := newWorld()
	out := &Warm{model: &modelServer{answer: func(p prompt) completion {
		return completion{text: answer(list(finding("application", p.worst(0)...)), `"warning"`, "2", "Some steps fail as they always do."), finish: "stop"}
	}}}
	var err error
	if out.rig, err = newRig(w, out.model); err != nil {
		return nil, err
	}
	if out.tenant, err = out.rig.tenant(ctx, "warm", nil); err == nil {
		err = out.find(ctx, w, patterns)
	}
	if err != nil {
		out.Close()
		return nil, err
	}
	return out, nil
}

// find asks about more and more lines of a corpus until they are patterns enough.
func (w *Warm) find(ctx context.Context, logs *world, patterns int) error {
	all := corpus.Lines(20*patterns, 1)
	for n := patterns; n <= len(all); n += max(1, patterns/20) {
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
		if res.Frames[0].Rows() >= patterns {
			return w.check(ctx)
		}
	}
	return fmt.Errorf("%d lines are less than %d patterns", len(all), patterns)
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
