package llm

import (
	"context"
	"errors"
	"time"
)

// ready returns nil where the server may be asked, else why not. Behind a breaker whose
// time is over it asks the server's /health first, once for all that come meanwhile.
func (s *Server) ready(ctx context.Context) error {
	if s.life.Err() != nil {
		return errClosed()
	}
	state, refusal := s.state()
	if state != StateProbe {
		return refusal
	}
	_, err := share(ctx, s, "health", func(ctx context.Context) (struct{}, error) { return struct{}{}, s.probeHealth(ctx) })
	return err
}

func (s *Server) state() (State, error) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.breaker.state(now), s.breaker.refusal(now)
}

// probeHealth closes the breaker or opens it again.
func (s *Server) probeHealth(ctx context.Context) error {
	if state, refusal := s.state(); state != StateProbe { // probed in this very moment
		return refusal
	}
	err := s.health(ctx)
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.breaker.state(now) != StateProbe: // something else was quicker
	case errors.Is(err, ErrLoading):
		s.breaker.probed(now, nil)
		s.breaker.loading = now.Add(loadingFor)
	case errors.Is(err, context.Canceled):
		return errClosed()
	default:
		s.breaker.probed(now, err)
	}
	return s.breaker.refusal(now)
}

// note takes the outcome of a question that costs the server nothing. The caller holds
// s.mu.
func (s *Server) note(now time.Time, err error) {
	e, isError := errors.AsType[*Error](err)
	switch {
	case errors.Is(err, ErrLoading):
		s.breaker.loading = now.Add(loadingFor)
	case unusable(err):
		s.breaker.fail(now, err, false)
	case err == nil || isError && e.Status != 0:
		s.breaker.succeed(false) // it answers
	}
	s.refuseWhileDown(now)
}

// noteCall takes the outcome of a call of the model into the measurements and the
// breaker.
func (s *Server) noteCall(ctx context.Context, reply Reply, err error, took time.Duration) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e, _ := errors.AsType[*Error](err); {
	case err == nil:
		s.meter.answered(now, reply.Timings, took)
		s.breaker.succeed(true)
	case e == nil || errors.Is(ctx.Err(), context.Canceled): // the caller left
	case errors.Is(err, ErrLoading):
		s.breaker.loading = now.Add(loadingFor)
	case errors.Is(err, ErrTimeout):
		s.meter.gaveUp(now, took)
		if reply.Text == "" && took >= probeTimeout { // a shorter call tells nothing
			s.breaker.fail(now, err, true)
		}
	case errors.Is(err, ErrUnavailable), errors.Is(err, ErrServer):
		s.breaker.fail(now, err, true)
	default: // refused, too long, cut: the server works
		s.breaker.succeed(true)
	}
	s.refuseWhileDown(now)
}

// refuseWhileDown refuses those that wait for a server that cannot be asked. The caller
// holds s.mu.
func (s *Server) refuseWhileDown(now time.Time) {
	if refusal := s.breaker.refusal(now); refusal != nil && len(s.queue.waiting) > 0 {
		s.refuseAll(refusal)
	}
}

// shareTimeout bounds what is asked for several callers: more than the two requests that
// Capabilities needs may take, so that these run into their own bounds.
const shareTimeout = 2*probeTimeout + time.Second

// share asks something once for all callers that want to know it at the same time. The
// question goes on when its asker leaves, for shareTimeout at most: it is worth knowing
// that a server does not answer.
func share[T any](ctx context.Context, s *Server, key string, ask func(context.Context) (T, error)) (T, error) {
	answer := s.flights.DoChan(key, func() (any, error) {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), shareTimeout)
		defer cancel()
		stop := context.AfterFunc(s.life, cancel)
		defer stop()
		return ask(own)
	})
	select {
	case r := <-answer:
		v, _ := r.Val.(T)
		return v, r.Err
	case <-ctx.Done():
		var none T
		return none, classify(ctx, ctx.Err(), nil)
	}
}

// question asks the server something that does not run the model, unless it is known
// that it cannot be asked.
func (s *Server) question(ctx context.Context, method, path string, body, into any) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	return s.ask(ctx, method, path, body, into)
}

// ask is question without the breaker's leave. The outcome counts for it.
func (s *Server) ask(ctx context.Context, method, path string, body, into any) error {
	raw, err := s.fetch(ctx, probeTimeout, method, path, body)
	if err == nil {
		err = decode(raw, into)
	}
	if ctx.Err() == nil { // the asker's end says nothing about the server
		s.mu.Lock()
		s.note(s.cfg.Now(), err)
		s.mu.Unlock()
	}
	return err
}
