package llm

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Another process may use the same server, and llama-server queues without a bound and
// without priorities. So before a call is sent the server is asked whether a slot is
// free. Two processes that ask in the same moment may both send one; then the server
// holds one back, which is accepted.
const (
	// lookTimeout bounds such a question. llama-server answers it between two batches, so
	// one that computes a prompt may need longer: then it is busy.
	lookTimeout = 2 * time.Second
	// Between two looks at a busy server are minPause, twice as long each time, maxPause at
	// most, and afterPause where an own call ended just now: the server frees its slot some
	// 10 ms after the caller is gone.
	minPause   = 250 * time.Millisecond
	maxPause   = 2 * time.Second
	afterPause = 50 * time.Millisecond
	justEnded  = 200 * time.Millisecond
	// A call that was just sent is not seen by the next look yet: no second one is sent for
	// afterPause, and for settles where the server shows less than the own calls. Several
	// processes that find an empty server would otherwise each fill it.
	settles = 500 * time.Millisecond
	// blindFor is how long a server is believed to have no route that tells.
	blindFor = 10 * time.Minute
	// Where no own call runs and no slot was free for a whole call, others were faster each
	// time: one call is sent then, and waits within the server, where it is the next. So a
	// process with many calls does not keep another one out. unknownPatience holds as
	// long as the length of a call is not known.
	minPatience     = 5 * time.Second
	unknownPatience = 30 * time.Second
)

// look has the next calls admitted by a goroutine that asks the server for free slots.
// There is one at most, and only while a call waits that could have a slot. The caller
// holds s.mu.
func (s *Server) look() {
	switch {
	case len(s.queue.waiting) == 0 && s.stopLooking != nil:
		s.stopLooking()
		s.stopLooking = nil
	case s.vacant() && s.stopLooking == nil:
		ctx, cancel := context.WithCancel(s.life)
		s.stopLooking = cancel
		go func() {
			defer cancel()
			s.admitter(ctx)
		}()
	}
}

// admitter gives slots to the calls that wait, as the server has them, until none waits
// or the own calls have all slots.
func (s *Server) admitter(ctx context.Context) {
	began, pause := s.cfg.Now(), time.Duration(0)
	select {
	case <-s.wake: // from before
	default:
	}
	for {
		used, err := s.used(ctx)
		s.mu.Lock()
		if ctx.Err() != nil { // stopped, and perhaps another one runs by now
			s.mu.Unlock()
			return
		}
		now := s.cfg.Now()
		granted := s.decide(now, used, err, began)
		if !s.vacant() {
			s.stopLooking = nil
			s.mu.Unlock()
			return
		}
		switch {
		case err != nil:
			began, pause = now, 0
		case granted:
			began, pause = now, afterPause
		case pause <= afterPause && now.Sub(s.ended) < justEnded, s.unsettled(now, used):
			pause = afterPause
		default:
			pause = min(max(minPause, 2*pause), maxPause)
		}
		s.mu.Unlock()
		if pause > 0 && s.pause(ctx, pause) {
			pause = 0
		}
	}
}

// pause waits for d, and less where an own call ends, which it reports.
func (s *Server) pause(ctx context.Context, d time.Duration) (ended bool) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.wake:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// decide admits the next call, or refuses it where the server cannot be used, or does
// neither where it is busy. The caller holds s.mu.
func (s *Server) decide(now time.Time, used occupancy, err error, began time.Time) bool {
	if err != nil {
		if w := s.queue.next(); w != nil {
			w.done <- err
		}
		s.note(now, err)
		s.rearrange()
		return false
	}
	s.note(now, nil)
	if used.unknown {
		s.blindUntil = now.Add(blindFor)
		s.rearrange()
		return true
	}
	s.queue.foreign = max(0, used.busy-len(s.queue.running))
	if s.unsettled(now, used) {
		return false
	}
	free := used.total - max(used.busy, len(s.queue.running))
	if s.cfg.Yield && s.queue.foreign > 0 {
		free = 0
	}
	patience := unknownPatience
	if call := s.meter.takes(0, now); call > 0 {
		patience = max(minPatience, call)
	}
	if s.ended.After(began) {
		began = s.ended
	}
	kept := !s.cfg.Yield && len(s.queue.running) == 0 && now.Sub(began) >= patience
	if free > 0 || kept {
		s.refuseHopeless(now)
		s.grant(now)
	}
	s.rearrange()
	return free > 0 || kept
}

// unsettled reports whether the server may not show yet what was sent to it. The caller
// holds s.mu.
func (s *Server) unsettled(now time.Time, used occupancy) bool {
	own, age := len(s.queue.running), now.Sub(s.granted)
	return own > 0 && (age < afterPause || used.busy < own && age < settles)
}

// occupancy is how many calls a server has, of whomever.
type occupancy struct {
	busy, total int
	unknown     bool // it does not tell
}

// used asks the server how many of its slots are in use.
func (s *Server) used(ctx context.Context) (occupancy, error) {
	u, err := s.usedSlots(ctx)
	if notTold(err) {
		u, err = s.usedMetrics(ctx)
	}
	if notTold(err) {
		return occupancy{unknown: true}, nil
	}
	if errors.Is(err, ErrTimeout) && ctx.Err() == nil {
		if err = s.health(ctx); err == nil {
			return occupancy{busy: 1 << 20}, nil
		}
	}
	return u, err
}

func (s *Server) usedSlots(ctx context.Context) (occupancy, error) {
	raw, err := s.fetch(ctx, lookTimeout, http.MethodGet, "/slots", nil)
	if err != nil {
		return occupancy{}, err
	}
	var slots []struct {
		Busy *bool `json:"is_processing"`
	}
	if json.Unmarshal(raw, &slots) != nil || len(slots) == 0 || slots[0].Busy == nil {
		return occupancy{}, &Error{Kind: ErrRejected, Status: http.StatusNotImplemented} // something else is at this path
	}
	u := occupancy{total: len(slots)}
	for _, slot := range slots {
		if slot.Busy != nil && *slot.Busy {
			u.busy++
		}
	}
	return u, nil
}

// usedMetrics reads what llama-server exports for Prometheus.
func (s *Server) usedMetrics(ctx context.Context) (occupancy, error) {
	raw, err := s.fetch(ctx, lookTimeout, http.MethodGet, "/metrics", nil)
	if err != nil {
		return occupancy{}, err
	}
	s.mu.Lock()
	u := occupancy{total: max(s.total, s.slots())}
	s.mu.Unlock()
	found := false
	for lines := bufio.NewScanner(bytes.NewReader(raw)); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if name != "llamacpp:requests_processing" && name != "llamacpp:requests_deferred" {
			continue
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			found = true
			u.busy += int(n)
		}
	}
	if !found {
		return occupancy{}, &Error{Kind: ErrRejected, Status: http.StatusNotImplemented}
	}
	return u, nil
}

// notTold reports whether a server answers, but not to this question: it lacks the route,
// a proxy forbids it, or it fails there.
func notTold(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return e.Status != 0
}

// health asks a server whether it can be used. Any answer but a failure says that it can:
// other servers have no such route.
func (s *Server) health(ctx context.Context) error {
	_, err := s.fetch(ctx, lookTimeout, http.MethodGet, "/health", nil)
	if unusable(err) || errors.Is(err, ErrLoading) || ctx.Err() != nil {
		return err
	}
	return nil
}
