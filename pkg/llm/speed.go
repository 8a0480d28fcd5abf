package llm

import "time"

// Speed is how fast a server was in its last calls. A value is 0 as long as nothing
// was measured.
type Speed struct {
	// Prompt and Answer are tokens a second: of the prompt, less those in the prefix
	// cache, and of the answer.
	Prompt, Answer float64
	// AnswerTokens is how many tokens an answer had.
	AnswerTokens float64
	// Call is how long a call took in its slot.
	Call time.Duration
}

const (
	// latest is the weight of the last call in the means: a machine that becomes slow
	// is noticed after a few.
	latest = 0.3
	// minMeasured is how many tokens of a prompt must have been computed to tell a speed:
	// few take as long as a batch of them.
	minMeasured = 64
	// measuredFor is how long a measurement bounds what is admitted: without an end, a
	// server that was slow once would never get the call that shows it is fast again. It is
	// longer than a call takes.
	measuredFor = 10 * time.Minute
)

// A meter measures the calls of a server. It holds no lock and reads no clock.
type meter struct {
	speed Speed
	// fresh and cached are the tokens of a prompt that were computed, and those that were
	// in the prefix cache.
	fresh, cached float64
	at            time.Time // of the last measurement
}

// Speed returns the mean of the last calls.
func (s *Server) Speed() Speed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meter.speed
}

func mean[T float64 | time.Duration](old *T, x T) {
	if *old == 0 {
		*old = x
	}
	*old += T(latest * float64(x-*old))
}

// answered takes the timings of a call into the means. A server that sends none is
// measured by the time that the call took here.
func (m *meter) answered(now time.Time, t Timings, took time.Duration) {
	m.at = now
	if ms := t.PromptMillis + t.AnswerMillis; ms > 0 {
		took = time.Duration(ms * float64(time.Millisecond)) // less what it waited within the server
	}
	mean(&m.speed.Call, took)
	if t.PromptTokens >= minMeasured && t.PromptMillis > 0 {
		mean(&m.speed.Prompt, float64(t.PromptTokens)/t.PromptMillis*1000)
	}
	if t.AnswerTokens > 0 && t.AnswerMillis > 0 {
		mean(&m.speed.Answer, float64(t.AnswerTokens)/t.AnswerMillis*1000)
		mean(&m.speed.AnswerTokens, float64(t.AnswerTokens))
	}
	if fresh, cached := float64(t.PromptTokens), float64(t.CachedTokens); m.fresh == 0 {
		m.fresh, m.cached = fresh, cached
	} else {
		m.fresh += latest * (fresh - m.fresh)
		m.cached += latest * (cached - m.cached)
	}
}

// gaveUp takes a call into the means that was ended after so long: it would have taken
// longer than that.
func (m *meter) gaveUp(now time.Time, took time.Duration) {
	if took > m.speed.Call {
		m.at = now
		mean(&m.speed.Call, took)
	}
}

// takes returns how long a call takes whose prompt has so many tokens (0: the mean of all
// calls), if the prefix cache helps it as it helped the last ones; 0 where it is not known.
func (m *meter) takes(prompt int, now time.Time) time.Duration {
	if now.Sub(m.at) > measuredFor {
		return 0
	}
	if prompt == 0 || m.speed.Prompt == 0 || m.speed.Answer == 0 || m.fresh == 0 {
		return m.speed.Call
	}
	return m.speed.Takes(int(float64(prompt) * m.fresh / (m.fresh + m.cached)))
}

// prefix returns how long the tokens that a call found in the prefix cache would have
// taken to compute.
func (m *meter) prefix() time.Duration {
	if m.speed.Prompt == 0 {
		return 0
	}
	return time.Duration(m.cached / m.speed.Prompt * float64(time.Second))
}

// Takes returns how long a prompt of so many tokens and its answer take, 0 where that
// is not known.
func (s Speed) Takes(prompt int) time.Duration {
	if s.Prompt == 0 || s.Answer == 0 {
		return 0
	}
	return time.Duration((float64(prompt)/s.Prompt + s.AnswerTokens/s.Answer) * float64(time.Second))
}

// Holds returns how many tokens a prompt may have to be answered in d; 0 where nothing
// was measured, and below 0 where not even the answer can be written.
func (s Speed) Holds(d time.Duration) int {
	if s.Prompt == 0 || s.Answer == 0 {
		return 0
	}
	n := int((d.Seconds() - s.AnswerTokens/s.Answer) * s.Prompt)
	if n == 0 {
		return -1
	}
	return n
}
