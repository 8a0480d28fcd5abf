package llm

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// A retryBudget bounds the retries of a server to a tenth of its calls, so that a
// server that is down does not get twice the load. It counts in tenths of a retry.
type retryBudget struct{ tenths int }

const (
	retryCost   = 10
	firstBudget = 1 * retryCost // one retry is there from the start
	maxBudget   = 3 * retryCost // so many retries may come at once
	// retryPause is how long a call waits before it is sent again.
	retryPause = 250 * time.Millisecond
)

// earn counts a call that is sent.
func (b *retryBudget) earn() { b.tenths = min(maxBudget, b.tenths+1) }

// spend reports whether there is a retry left, and takes it.
func (b *retryBudget) spend() bool {
	if b.tenths < retryCost {
		return false
	}
	b.tenths -= retryCost
	return true
}

// passing reports whether a failed call may succeed when it is sent again: nothing of
// an answer had come, and the request itself was not refused.
func passing(err error, answered bool) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	unreachable := errors.Is(e.Kind, ErrUnavailable) && e.Status == 0 && !answered
	// llama-server answers so where the model wrote what its parser cannot read.
	failed := errors.Is(e.Kind, ErrServer) && e.Status == http.StatusInternalServerError
	return unreachable || failed
}

// retry waits and reports whether a failed call shall be sent again.
func (s *Server) retry(ctx context.Context, r Request, err error, answered bool) bool {
	if !passing(err, answered) {
		return false
	}
	now := s.cfg.Now()
	s.mu.Lock()
	takes := s.meter.takes(r.PromptTokens, now)
	deadline, bounded := ctx.Deadline()
	inTime := !bounded || deadline.Sub(now) >= takes+retryPause
	ok := inTime && s.breaker.refusal(now) == nil && s.retries.spend()
	s.mu.Unlock()
	return ok && sleep(ctx, retryPause) == nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
