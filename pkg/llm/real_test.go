package llm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func real(t *testing.T, o testenv.LlamaOptions) *llm.Server {
	t.Helper()
	o.Progress = t.Logf
	start := func() (*testenv.Llama, error) { return testenv.StartLlama(t.Context(), o) }
	if o.APIKey == "" && o.ContextPerSlot == 0 {
		start = func() (*testenv.Llama, error) { return testenv.SharedLlama(t.Context(), t.Logf) }
	}
	llama, err := start()
	require.NoError(t, err)
	client := llm.NewHTTPClient()
	t.Cleanup(func() { client.CloseIdleConnections(); require.NoError(t, llama.Close()) })
	s, err := llm.New(llm.Config{URL: llama.URL, HTTP: client})
	require.NoError(t, err)
	return s
}

// request has the length of a real prompt, because the test double judges by the
// share of words that sound like failures.
func request(lines ...string) llm.Request {
	return llm.Request{
		Messages: []llm.Message{
			{Role: "system", Content: strings.Repeat("You read summaries of logs and judge them. ", 10)},
			{Role: "user", Content: "PATTERNS\n" + strings.Join(lines, "\n") + "\nTASK\nJudge the logs."},
		},
		Schema: verdict.Schema([]string{"p1", "p2"}, nil, verdict.DefaultWords()), MaxTokens: 400,
	}
}

func TestRealServerFollowsTheSchema(t *testing.T) {
	s := real(t, testenv.LlamaOptions{})
	calm, bad := make([]string, 20), make([]string, 20)
	for i := range calm {
		calm[i] = "p1 request served in <dur>"
		bad[i] = "p2 error: connection refused, failed"
	}
	answers := map[string]verdict.Severity{}
	for name, lines := range map[string][]string{"calm": calm, "bad": bad} {
		r := request(lines...)
		wrote := 0
		r.Progress = func(n int) { wrote = n }
		reply, err := s.Chat(t.Context(), r)
		require.NoError(t, err)
		a, err := verdict.ParseAnswer(reply.Text, []string{"p1", "p2"}, nil, verdict.DefaultWords())
		require.NoError(t, err, reply.Text)
		answers[name] = a.Severity
		d, ok := verdict.Distribution(reply.Tokens, verdict.DefaultWords())
		p := d[2]
		require.True(t, ok)
		require.Equal(t, name == "bad", p > 0.5, "%s: %v", name, p)
		require.Positive(t, reply.Timings.PromptMillis, "llama-server's timings arrive")
		require.Positive(t, wrote)
	}
	require.Equal(t, map[string]verdict.Severity{"calm": verdict.Healthy, "bad": verdict.Critical}, answers)
}

func TestRealServerAnswersTheSameTwice(t *testing.T) {
	s := real(t, testenv.LlamaOptions{})
	a, err := s.Chat(t.Context(), request("p1 all is well"))
	require.NoError(t, err)
	b, err := s.Chat(t.Context(), request("p1 all is well"))
	require.NoError(t, err)
	require.Equal(t, a.Text, b.Text)
	require.Positive(t, b.Timings.CachedTokens, "the prefix is reused")
}

func TestRealServerCountsAndRefusesWhatIsTooLong(t *testing.T) {
	s := real(t, testenv.LlamaOptions{ContextPerSlot: 512})
	caps, err := s.Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, 512, caps.Context)
	require.Equal(t, testenv.TestModelAlias, caps.Model)
	long := request(strings.Repeat("word ", 3000))
	n, ok, err := s.CountTokens(t.Context(), long.Messages)
	require.NoError(t, err)
	require.True(t, ok)
	require.Greater(t, n, 512)
	_, err = s.Chat(t.Context(), long)
	require.ErrorIs(t, err, llm.ErrTooLong)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, n, e.PromptTokens, "the count is the server's own")

	short := request("p1 x")
	short.MaxTokens = 5
	_, err = s.Chat(t.Context(), short)
	require.ErrorIs(t, err, llm.ErrCut)
}

// TestSchemaCostsNoPromptTokens: the schema is a grammar, it is not read.
func TestSchemaCostsNoPromptTokens(t *testing.T) {
	s := real(t, testenv.LlamaOptions{})
	r := request("p1 x")
	n, _, err := s.CountTokens(t.Context(), r.Messages)
	require.NoError(t, err)
	reply, err := s.Chat(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, n, reply.Timings.PromptTokens+reply.Timings.CachedTokens)
}

func TestRealServerWantsItsKey(t *testing.T) {
	s := real(t, testenv.LlamaOptions{APIKey: "right"})
	_, err := s.Chat(t.Context(), request("p1 x"))
	require.ErrorIs(t, err, llm.ErrAuth)
	_, err = s.Capabilities(t.Context())
	require.ErrorIs(t, err, llm.ErrAuth)
}

// TestTheSchemaAddsNoPromptTokens: the budget of a prompt is that of its messages,
// whatever the answer must look like.
func TestTheSchemaAddsNoPromptTokens(t *testing.T) {
	s := real(t, testenv.LlamaOptions{})
	r := request("p1 all is well")
	want, ok, err := s.CountTokens(t.Context(), r.Messages)
	require.NoError(t, err)
	require.True(t, ok)
	ids := make([]string, 60)
	for i := range ids {
		ids[i] = fmt.Sprintf("p%d", i+1)
	}
	for _, schema := range []json.RawMessage{r.Schema, verdict.Schema(ids, nil, verdict.DefaultWords())} {
		r.Schema = schema
		reply, err := s.Chat(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, want, reply.Timings.PromptTokens+reply.Timings.CachedTokens)
	}
	speed := s.Speed()
	require.Positive(t, speed.Answer, "calls are measured")
	require.Positive(t, speed.AnswerTokens)
}
