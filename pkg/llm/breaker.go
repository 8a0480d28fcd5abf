package llm

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	// breaksAfter is how many failures in a row open the breaker.
	breaksAfter = 3
	// The breaker is open for minOpen, twice as long each time until an answer came,
	// maxOpen at most.
	minOpen = 5 * time.Second
	maxOpen = time.Minute
	// loadingFor is how long it is believed that a server loads its model.
	loadingFor = 2 * time.Second
)

// A breaker stops the questions to a server that failed several times in a row. It holds
// no lock and reads no clock.
type breaker struct {
	failures int
	last     error
	// answers says that calls of the model failed, not just questions about the server:
	// then only an answer proves that it works again.
	answers  bool
	openings int       // since the last answer
	until    time.Time // zero where it is closed; then comes a probe
	loading  time.Time // until when the model is thought to load
}

// fail counts a failure; chat says that it was one of the model.
func (b *breaker) fail(now time.Time, err error, chat bool) {
	b.failures++
	b.last = err
	b.answers = b.answers || chat
	if b.until.IsZero() && b.failures >= breaksAfter {
		b.open(now)
	}
}

func (b *breaker) open(now time.Time) {
	period := maxOpen
	if b.openings < 10 { // more would overflow
		period = min(minOpen<<b.openings, maxOpen)
	}
	b.until = now.Add(period)
	b.openings++
}

// succeed closes the breaker. What is no answer proves only that the server can be
// reached: where the model failed, its next failure opens the breaker again.
func (b *breaker) succeed(chat bool) {
	b.loading = time.Time{}
	if chat || !b.answers {
		*b = breaker{}
		return
	}
	b.until = time.Time{}
}

// probed takes the result of the question that an open breaker ends with.
func (b *breaker) probed(now time.Time, err error) {
	if err == nil {
		b.succeed(false)
		return
	}
	b.failures++
	b.last = err
	b.open(now)
}

// State is whether a server can be asked.
type State string

// The states of a server.
const (
	StateReady   State = "ready"
	StateLoading State = "loading"   // it says that it loads its model
	StateOpen    State = "open"      // it failed several times in a row and is not asked
	StateProbe   State = "half_open" // the next question asks its /health first
)

func (b *breaker) state(now time.Time) State {
	switch {
	case !b.until.IsZero() && now.Before(b.until):
		return StateOpen
	case !b.until.IsZero():
		return StateProbe
	case now.Before(b.loading):
		return StateLoading
	}
	return StateReady
}

// refusal is the error of a question that is not asked, nil where it may be asked.
func (b *breaker) refusal(now time.Time) error {
	switch b.state(now) {
	case StateLoading:
		return &Error{Kind: ErrLoading}
	case StateReady:
		return nil
	case StateOpen, StateProbe:
	}
	return &Error{
		Kind: ErrOpen,
		Detail: fmt.Sprintf("it failed %d times in a row, last because %s; it will be asked again in %s",
			b.failures, reason(b.last), roughly(max(time.Second, b.until.Sub(now)))),
		advice: advice(b.last),
	}
}

// reason is an error's text without its advice.
func reason(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.what()
	}
	return oneLine(err.Error())
}

// advice is what an error's text tells the reader to do.
func advice(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.hint()
	}
	return ""
}

// unusable reports whether an error of a question that costs nothing says that the
// server cannot be used; one that lacks the route or refuses the question can.
func unusable(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch {
	case errors.Is(e.Kind, ErrTimeout):
		return true
	case errors.Is(e.Kind, ErrUnavailable):
		return e.Status == 0
	case errors.Is(e.Kind, ErrServer):
		return e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented
	}
	return false
}

// roughly writes a duration as people say it.
func roughly(d time.Duration) string {
	switch {
	case d < 0:
		d = 0
	case d < 10*time.Second:
		d = d.Round(100 * time.Millisecond)
	default:
		d = d.Round(time.Second)
	}
	return d.String()
}
