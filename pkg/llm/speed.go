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
}

const (
	// latest is the weight of the last call in the means: a machine that becomes slow
	// is noticed after a few.
	latest = 0.3
	// minMeasured is how many tokens of a prompt must have been computed to tell a speed:
	// few take as long as a batch of them.
	minMeasured = 64
)

// Speed returns the mean of the last calls.
func (s *Server) Speed() Speed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.speed
}

// measure takes the timings of a call into the means.
func (s *Server) measure(t Timings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mean := func(old *float64, x float64) {
		if *old == 0 {
			*old = x
		}
		*old += latest * (x - *old)
	}
	if t.PromptTokens >= minMeasured && t.PromptMillis > 0 {
		mean(&s.speed.Prompt, float64(t.PromptTokens)/t.PromptMillis*1000)
	}
	if t.AnswerTokens > 0 && t.AnswerMillis > 0 {
		mean(&s.speed.Answer, float64(t.AnswerTokens)/t.AnswerMillis*1000)
		mean(&s.speed.AnswerTokens, float64(t.AnswerTokens))
	}
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
