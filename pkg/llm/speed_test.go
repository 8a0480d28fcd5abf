package llm

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpeed(t *testing.T) {
	s, err := New(Config{URL: "http://llama"})
	require.NoError(t, err)
	measure := func(timings Timings) { s.meter.answered(time.Now(), timings, time.Hour) }
	require.Zero(t, s.Speed().Holds(time.Minute), "nothing is known before the first call")
	measure(Timings{PromptTokens: 850, PromptMillis: 10_000, AnswerTokens: 100, AnswerMillis: 5_000})
	require.Equal(t, Speed{Prompt: 85, Answer: 20, AnswerTokens: 100, Call: 15 * time.Second}, s.Speed())
	measure(Timings{PromptTokens: 3, PromptMillis: 300, AnswerTokens: 100, AnswerMillis: 5_000})
	require.InDelta(t, 85, s.Speed().Prompt, 0.01, "a few tokens tell no speed")
	require.Equal(t, 15*time.Second, s.Speed().Takes(850))
	require.Equal(t, 850, s.Speed().Holds(15*time.Second))
	require.Negative(t, s.Speed().Holds(4*time.Second), "not even the answer")
	require.Negative(t, s.Speed().Holds(5*time.Second))
	measure(Timings{PromptTokens: 850, PromptMillis: 20_000, AnswerTokens: 100, AnswerMillis: 5_000})
	require.InDelta(t, 85-0.3*42.5, s.Speed().Prompt, 0.01)
}
