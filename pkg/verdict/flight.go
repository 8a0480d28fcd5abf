package verdict

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A flight is one call under way and those who wait for it. The ledger's lock guards
// all but done and published and what their closing makes readable.
type flight struct {
	ctx    context.Context //nolint:containedctx // the call's own, which its waiters end
	cancel context.CancelFunc
	// waiters counts them by urgency.
	waiters map[int]int
	// keep says that one of them wants the call to go on without them, kept how
	// urgent the most urgent of those was.
	keep bool
	kept int

	done chan struct{}
	flown
	// published is closed when flown.early is there.
	published chan struct{}
}

// flown is what came of a call.
type flown struct {
	entry Entry
	err   error
	// head says that a head was published; early is it.
	head  bool
	early Entry
}

func (f *flown) outcome() (Outcome, error) {
	if f.err != nil && f.head {
		return Outcome{Entry: f.early, Early: true}, nil
	}
	return Outcome{Entry: f.entry}, f.err
}

// A Call is what a judgement under way knows of those who wait for it.
type Call struct {
	ledger *Ledger
	flight *flight
}

// maxHead bounds a published head, in bytes: it can be remembered with a failure.
const maxHead = 16 << 10

// Publish hands out the head of a judgement whose prose is still being written. It
// marks the entry as partial. Only the first call counts, and only before the
// judgement returns; a head of more than 16 KiB is ignored.
func (c *Call) Publish(e Entry) {
	e.Answer.Partial = true
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	f := c.flight
	select {
	case <-f.done:
		return // too late: what came of the call is being read
	default:
	}
	if f.head || e.size() > maxHead {
		return
	}
	f.head, f.early = true, e
	close(f.published)
}

// Urgency returns how urgent the most urgent of those is who wait for the call now;
// one who left and asked to keep the call counts as waiting. It changes as others
// join and leave, so a queue asks each time that it chooses.
func (c *Call) Urgency() int {
	c.ledger.mu.Lock()
	defer c.ledger.mu.Unlock()
	return c.flight.urgency()
}

func (f *flight) urgency() int {
	classes := slices.Collect(maps.Keys(f.waiters))
	if f.keep {
		classes = append(classes, f.kept)
	}
	if len(classes) == 0 {
		return 0 // nobody waits, so the call is being cancelled: it shall end soon
	}
	return slices.Min(classes)
}

func (f *flight) join(a *Ask) {
	f.waiters[a.Urgency]++
	if !a.Keep {
		return
	}
	if !f.keep || a.Urgency < f.kept {
		f.keep, f.kept = true, a.Urgency
	}
}

// leave reports whether nobody is left for whom to go on.
func (f *flight) leave(a *Ask) bool {
	if f.waiters[a.Urgency]--; f.waiters[a.Urgency] == 0 {
		delete(f.waiters, a.Urgency)
	}
	return f.abandoned()
}

// abandoned reports whether nobody waits and nobody asked to go on.
func (f *flight) abandoned() bool { return len(f.waiters) == 0 && !f.keep }

// start runs a judgement apart from the asker's cancellation. The caller holds l.mu.
func (l *Ledger) start(ctx context.Context, a *Ask) *flight {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(l.ctx, cancel)
	f := &flight{ctx: run, cancel: cancel, waiters: map[int]int{}, done: make(chan struct{}), published: make(chan struct{})}
	l.flying[a.Key] = f
	key, judge := a.Key, a.Judge
	l.calls.Go(func() {
		defer stop()
		defer cancel()
		entry, err := protect(run, &Call{ledger: l, flight: f}, judge)
		l.mu.Lock()
		defer l.mu.Unlock()
		f.entry, f.err = entry, err
		var last *lasting
		switch {
		case err == nil:
			l.remember(key, entry)
		case errors.As(err, &last):
			l.failures.Add(key, failure{flown: f.flown, until: l.opts.Now().Add(failureFor)})
		}
		if l.flying[key] == f {
			delete(l.flying, key)
		}
		close(f.done)
	})
	return f
}

// protect turns a panic of judge into an error: it runs on a goroutine of its own,
// where a panic would end the plugin for everyone.
func protect(ctx context.Context, c *Call, judge func(context.Context, *Call) (Entry, error)) (e Entry, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("judging panicked: %v", r)
		}
	}()
	return judge(ctx, c)
}
