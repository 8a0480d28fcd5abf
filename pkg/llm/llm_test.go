package llm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/llm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stub serves faults and fixed answers; behaviour is tested on a real
// llama-server in real_test.go.
func stub(t *testing.T, chat http.HandlerFunc) *llm.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/chat/completions", chat)
	mux.HandleFunc("/v1/models", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":[{"id":"stub","meta":{"n_ctx":2048}}]}`)
	})
	mux.HandleFunc("/props", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"total_slots":2,"build_info":"b1","default_generation_settings":{"n_ctx":1024}}`)
	})
	return serve(t, mux)
}

func serve(t *testing.T, h http.Handler) *llm.Server {
	t.Helper()
	s := httptest.NewServer(h)
	client := llm.NewHTTPClient()
	t.Cleanup(func() { client.CloseIdleConnections(); s.Close() })
	server, err := llm.New(llm.Config{URL: s.URL + "/v1/", APIKey: "k", HTTP: client})
	require.NoError(t, err)
	return server
}

func chat(ctx context.Context, s *llm.Server) (llm.Reply, error) {
	return s.Chat(ctx, llm.Request{
		Messages: []llm.Message{{Role: "user", Content: "hi"}}, MaxTokens: 50, Seed: 0,
		Schema: json.RawMessage(`{"type":"object","properties":{"zeta":{"type":"string"},"alpha":{"type":"string"}}}`),
	})
}

func events(w http.ResponseWriter, lines ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, l := range lines {
		fmt.Fprintf(w, "data: %s\n\n", l)
	}
}

const (
	first = `{"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"{\"a\":"}}]}`
	stop  = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	usage = `{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":20}},"timings":{"cache_n":20,"prompt_n":10,"prompt_ms":5.5,"predicted_n":7,"predicted_ms":9.25,"predicted_per_second":756.7}}`
)

// TestOnTheWire checks what go-openai would lose: the temperature 0, the order of
// the schema's keys, and llama-server's timings.
func TestOnTheWire(t *testing.T) {
	bodies, headers := make(chan string, 1), make(chan http.Header, 1)
	s := stub(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		bodies <- string(raw)
		headers <- r.Header
		events(w, first, `{"choices":[{"index":0,"delta":{"content":"1}"},"logprobs":{"content":[{"token":"1}","logprob":-0.5,"top_logprobs":[{"token":"1}","logprob":-0.5},{"token":"2","logprob":-1.5}]}]}}]}`, stop, usage, "[DONE]")
	})
	reply, err := chat(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, `{"a":1}`, reply.Text)
	require.Equal(t, "m", reply.Model)
	require.Equal(t, "2", reply.Tokens[0].Top[1].Text)
	require.InDelta(t, -1.5, reply.Tokens[0].Top[1].LogProb, 1e-9)
	require.Equal(t, llm.Timings{PromptTokens: 10, CachedTokens: 20, PromptMillis: 5.5, AnswerTokens: 7, AnswerMillis: 9.25, AnswerPerSec: 756.7}, reply.Timings)

	body, header := <-bodies, <-headers
	require.Equal(t, "Bearer k", header.Get("Authorization"))
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(body), &fields))
	for name, want := range map[string]string{"temperature": "0", "stream": "true", "max_tokens": "50", "seed": "0", "logprobs": "true", "top_logprobs": "20", "cache_prompt": "true"} {
		require.Equal(t, want, string(fields[name]), name)
	}
	require.Less(t, strings.Index(body, "zeta"), strings.Index(body, "alpha"), "the schema keeps its order")
}

func TestFaults(t *testing.T) {
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, tc := range []struct {
		name    string
		handler http.HandlerFunc
		kind    error
		want    string
	}{
		{"401", status(401, `{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}`), llm.ErrAuth, "--api-key"},
		{"503 loading", status(503, `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`), llm.ErrLoading, "still loading"},
		{"429", status(429, `{"error":{"message":"slow down","type":"x","code":429}}`), llm.ErrBusy, "busy"},
		{"too long", status(400, `{"error":{"code":400,"message":"request (5010 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5010,"n_ctx":4096}}`), llm.ErrTooLong, "5010 tokens, 4096 fit"},
		{"bad schema", status(400, `{"error":{"code":400,"message":"JSON schema error at #: x","type":"invalid_request_error"}}`), llm.ErrRejected, "JSON schema error"},
		{"500", status(500, `{"error":{"code":500,"message":"boom","type":"server_error"}}`), llm.ErrServer, "boom"},
		{"500 without JSON", status(500, `oops`), llm.ErrServer, "oops"},
		{"404", status(404, `<html>`), llm.ErrUnavailable, "no OpenAI-compatible API"},
		{"cut by length", func(w http.ResponseWriter, _ *http.Request) {
			events(w, first, `{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}`, "[DONE]")
		}, llm.ErrCut, "maxTokens"},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) { events(w, first) }, llm.ErrServer, "broke off"},
		{"no events", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, llm.ErrServer, "broke off"},
		{"reset", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, llm.ErrUnavailable, "Check that llama-server runs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := chat(t.Context(), stub(t, tc.handler))
			require.ErrorIs(t, err, tc.kind)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestRefused(t *testing.T) {
	client := llm.NewHTTPClient()
	defer client.CloseIdleConnections()
	s, err := llm.New(llm.Config{URL: "http://127.0.0.1:1", HTTP: client})
	require.NoError(t, err)
	_, err = chat(t.Context(), s)
	require.ErrorIs(t, err, llm.ErrUnavailable)
	_, err = s.Capabilities(t.Context())
	require.ErrorIs(t, err, llm.ErrUnavailable)
}

func TestDeadlineAndCancel(t *testing.T) {
	s := stub(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server notices a client that left only behind the body
		<-r.Context().Done()
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := chat(ctx, s)
	require.ErrorIs(t, err, llm.ErrTimeout)
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = chat(ctx, s)
	require.ErrorIs(t, err, context.Canceled)
}

// TestAdmitsAsManyCallsAsSlots: llama-server's own queue has no bound.
func TestAdmitsAsManyCallsAsSlots(t *testing.T) {
	var mu sync.Mutex
	running, most := 0, 0
	started, release := make(chan struct{}, 80), make(chan struct{})
	s := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		started <- struct{}{}
		<-release
		mu.Lock()
		running--
		mu.Unlock()
		events(w, first, stop, "[DONE]")
	})
	errs := make(chan error, 80)
	ask := func() {
		_, err := chat(t.Context(), s)
		errs <- err
	}
	for range 2 {
		go ask()
		<-started
	}
	for range 70 {
		go ask()
	}
	// Two run, 64 wait, the others are refused at once.
	for range 6 {
		require.ErrorIs(t, <-errs, llm.ErrBusy)
	}
	close(release)
	for range 66 {
		require.NoError(t, <-errs)
	}
	require.Equal(t, 2, most)
}

func TestCapabilities(t *testing.T) {
	caps, err := stub(t, http.NotFound).Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, llm.Capabilities{Model: "stub", Context: 1024, Slots: 2, Build: "b1"}, caps)

	other := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/models" {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, `{"data":[{"id":"gpt"}]}`)
	}))
	caps, err = other.Capabilities(t.Context())
	require.NoError(t, err)
	require.Equal(t, llm.Capabilities{Model: "gpt", Slots: 1}, caps)
	_, ok, err := other.CountTokens(t.Context(), nil)
	require.NoError(t, err)
	require.False(t, ok, "a server that cannot count says so")
}

func TestURLs(t *testing.T) {
	for _, bad := range []string{"", " ", "llama:8080", "ftp://x"} {
		_, err := llm.New(llm.Config{URL: bad})
		require.ErrorContains(t, err, "http://llama:8080", bad)
	}
}
