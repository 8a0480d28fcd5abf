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

func TestEstimates(t *testing.T) {
	var m meter
	require.Zero(t, m.takes(1000, epoch), "nothing is known")
	m.answered(epoch, Timings{}, 8*time.Second)
	require.Equal(t, 8*time.Second, m.takes(0, epoch), "a server without timings is measured from here")
	require.Equal(t, 8*time.Second, m.takes(1000, epoch))
	m = meter{}
	m.answered(epoch, Timings{PromptTokens: 500, CachedTokens: 1500, PromptMillis: 5000, AnswerTokens: 50, AnswerMillis: 5000}, time.Hour)
	require.Equal(t, 10*time.Second, m.takes(0, epoch), "less what it waited within the server")
	require.Equal(t, 15*time.Second, m.takes(4000, epoch), "three quarters of it are in the cache")
	require.Equal(t, 15*time.Second, m.prefix())
	m.gaveUp(epoch, 5*time.Second)
	require.Equal(t, 10*time.Second, m.takes(0, epoch))
	m.gaveUp(epoch, 60*time.Second)
	require.Equal(t, 25*time.Second, m.takes(0, epoch), "a call that was ended took at least so long")
	require.Zero(t, m.takes(0, epoch.Add(measuredFor+time.Second)), "a slow hour does not keep out calls for ever")
}
