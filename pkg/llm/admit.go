package llm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// maxWaiting is how many calls may wait for a slot of a server; on a CPU, more would
	// wait for longer than anybody does.
	maxWaiting = 64
	// maxWait bounds the wait of a call that names no bound.
	maxWait = 10 * time.Minute
	// minReport is how long a call's position is kept from its caller after the last.
	minReport = time.Second
)

// admit waits for a slot. The call that it returns gives it back with release.
func (s *Server) admit(ctx context.Context, r Request, answerBy time.Time) (*waiter, error) {
	now := s.cfg.Now()
	w := &waiter{
		class: r.Class, org: r.Org, tokens: r.PromptTokens, startBy: now.Add(maxWait), answerBy: answerBy,
		done: make(chan error, 1), moved: make(chan struct{}, 1),
	}
	if w.class == nil {
		w.class = func() Class { return ClassInteractive }
	}
	if r.Within > 0 {
		w.startBy = answerBy
	}
	s.mu.Lock()
	if s.life.Err() != nil {
		s.mu.Unlock()
		return nil, errClosed()
	}
	displaced, ok := s.queue.add(w)
	if !ok {
		s.mu.Unlock()
		return nil, &Error{Kind: ErrBusy, Detail: fmt.Sprintf("%d calls that are as urgent are waiting for a slot already", maxWaiting)}
	}
	if displaced != nil {
		displaced.done <- &Error{Kind: ErrBusy, Detail: fmt.Sprintf("%d calls are waiting for a slot, and another one had to go first", maxWaiting)}
	}
	s.rearrange()
	s.mu.Unlock()
	if err := s.await(ctx, w, r.Queued); err != nil {
		return nil, err
	}
	return w, nil
}

// release gives back the slot of a call.
func (s *Server) release(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue.finish(w)
	s.ended = s.cfg.Now()
	s.rearrange()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// await waits until w has its slot or is refused, and tells how it moves on.
func (s *Server) await(ctx context.Context, w *waiter, queued func(Position)) error {
	var told Position
	var toldAt time.Time
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case err := <-w.done:
			return err
		default:
		}
		pos, next := s.standing(w)
		if queued != nil && (toldAt.IsZero() || pos.Ahead != told.Ahead || pos.Others != told.Others) {
			if due := minReport - s.cfg.Now().Sub(toldAt); toldAt.IsZero() || due <= 0 {
				told, toldAt = pos, s.cfg.Now()
				queued(pos)
			} else {
				next = min(next, due)
			}
		}
		timer.Reset(next)
		select {
		case err := <-w.done:
			return err
		case <-ctx.Done():
			return s.leave(ctx, w)
		case <-w.moved:
		case <-timer.C:
			s.mu.Lock()
			s.rearrange()
			s.mu.Unlock()
		}
	}
}

// standing returns where w stands, and in how long it would be too late for it.
func (s *Server) standing(w *waiter) (Position, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return w.pos, max(0, w.latest().Sub(s.cfg.Now())) + time.Millisecond
}

// leave takes a call out of the queue whose caller's time is over, or gives back the
// slot that it got in this very moment.
func (s *Server) leave(ctx context.Context, w *waiter) error {
	s.mu.Lock()
	waited := s.queue.remove(w)
	if waited {
		s.rearrange()
	}
	s.mu.Unlock()
	if !waited {
		if err := <-w.done; err != nil {
			return err
		}
		s.release(w)
	}
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return &Error{Kind: ErrBusy, Detail: fmt.Sprintf("the time was over before a slot was free; %d calls were ahead", w.pos.Ahead), cause: ctx.Err()}
}

// rearrange brings the queue in order after a change: it refuses what has become
// hopeless, tells who moved, and has the next calls admitted. The caller holds s.mu.
func (s *Server) rearrange() {
	now := s.cfg.Now()
	s.refuseHopeless(now)
	for now.Before(s.blindUntil) && s.vacant() {
		s.queue.foreign = 0
		s.grant(now)
	}
	for _, w := range s.queue.waiting {
		if is := (place{w.pos, w.latest()}); is != w.signalled {
			w.signalled = is
			select {
			case w.moved <- struct{}{}:
			default:
			}
		}
	}
	s.look()
}

// vacant reports whether a call waits that could have a slot as far as the own calls
// go. The caller holds s.mu.
func (s *Server) vacant() bool {
	return len(s.queue.waiting) > 0 && len(s.queue.running) < s.slots()
}

// grant gives a slot to the next call. The caller holds s.mu.
func (s *Server) grant(now time.Time) {
	if w := s.queue.start(now); w != nil {
		s.granted = now
		w.done <- nil
	}
	s.refuseHopeless(now)
}

// refuseHopeless refuses the calls that would be answered too late. The caller holds s.mu.
func (s *Server) refuseHopeless(now time.Time) {
	takes := func(tokens int) time.Duration { return s.meter.takes(tokens, now) }
	for _, w := range s.queue.assess(now, s.slots(), takes) {
		w.done <- tooLate(w, now)
	}
}

// refuseAll refuses all that wait. The caller holds s.mu.
func (s *Server) refuseAll(err error) {
	for _, w := range s.queue.waiting {
		w.done <- err
	}
	s.queue.waiting = nil
	s.look() // nobody waits for it
}

// tooLate refuses a call that would be answered too late.
func tooLate(w *waiter, now time.Time) *Error {
	detail := fmt.Sprintf("%d calls are ahead", w.pos.Ahead)
	if w.pos.Ahead == 1 {
		detail = "1 call is ahead"
	}
	if w.pos.Wait > 0 {
		detail += fmt.Sprintf(", a slot will be free in about %s", roughly(w.pos.Wait))
	}
	if w.work > 0 {
		detail += fmt.Sprintf(", an answer takes about %s", roughly(w.work))
	}
	left := w.startBy.Sub(now)
	if !w.answerBy.IsZero() {
		left = w.answerBy.Sub(now)
	}
	return &Error{Kind: ErrBusy, Detail: detail + fmt.Sprintf(", and %s are left", roughly(left))}
}

// slots is how many calls may run at once. The caller holds s.mu.
func (s *Server) slots() int {
	if s.cfg.Slots > 0 {
		return s.cfg.Slots
	}
	return max(1, s.caps.Slots)
}
