// Package llm talks to llama.cpp's llama-server, or to another server with
// OpenAI's chat API: it asks for an answer that follows a JSON Schema, counts
// tokens, learns what the server can do and admits no more calls than it has
// slots for. It knows nothing of logs or verdicts beyond the types of a token.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	openai "github.com/sashabaranov/go-openai"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Config names a model server.
type Config struct {
	// URL is the base URL, with or without /v1 behind it.
	URL string
	// Model is sent as the model's name; llama-server ignores it. Empty: the name
	// that the server reports.
	Model  string
	APIKey string
	// Slots is how many calls may run at once; 0 asks the server.
	Slots int
	// HTTP sends the requests and should have no overall timeout: callers bound
	// each call by its context.
	HTTP *http.Client
	// Now is the clock, time.Now where it is nil.
	Now func() time.Time
}

// maxWaiting is how many calls may wait for a slot; more are refused at once,
// because on a CPU they would wait for minutes.
const maxWaiting = 32

// A Server is one model server. It is safe for concurrent use and should be
// shared, because it is what bounds the concurrency.
type Server struct {
	cfg    Config
	base   *url.URL
	client *openai.Client
	plain  *http.Client

	mu       sync.Mutex
	caps     Capabilities // as last answered
	capsErr  error        // of the last question
	capsTime time.Time    // of the last question
	words    map[string][]int
	gate     chan struct{} // one token per slot; nil until the slots are known
	waiting  int
	speed    Speed
}

// New checks the configuration and returns a server. It sends nothing.
func New(cfg Config) (*Server, error) {
	u, err := url.Parse(strings.TrimSpace(cfg.URL))
	if strings.TrimSpace(cfg.URL) == "" {
		return nil, errors.New("no URL of a model server is set: enter it in the data source's settings, for example http://llama:8080")
	}
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("the URL of the model server must look like http://llama:8080")
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/v1")
	if cfg.HTTP == nil {
		cfg.HTTP = NewHTTPClient()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now //nolint:forbidigo // the default of an injected clock
	}
	next := cfg.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	own := *cfg.HTTP
	own.Transport = wire{next: next}
	oc := openai.DefaultConfig(cfg.APIKey)
	oc.BaseURL = u.String() + "/v1"
	oc.HTTPClient = &own
	return &Server{cfg: cfg, base: u, client: openai.NewClientWithConfig(oc), plain: cfg.HTTP, words: map[string][]int{}}, nil
}

// NewHTTPClient returns a client that fits llama-server: it closes idle
// connections before the server does after 5 s, and has no overall timeout,
// because a queued call gets no headers until its first token.
func NewHTTPClient() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: 4 * time.Second}}
}

// A Message is one message of a chat.
type Message struct{ Role, Content string }

// A Request asks for one answer.
type Request struct {
	Messages  []Message
	Schema    json.RawMessage
	MaxTokens int
	Seed      int
	// Limit bounds the call from its admission to a slot on; 0 for no bound but the
	// context's.
	Limit time.Duration
	// Progress, if set, is called with the number of tokens written so far.
	Progress func(tokens int)
}

// A Reply is a whole answer.
type Reply struct {
	Text    string
	Tokens  []verdict.Token
	Timings Timings
	Model   string
}

// topLogProbs is enough to find four words among the likely first tokens.
const topLogProbs = 20

// Chat asks for an answer and waits for it. It streams, because llama-server
// does not notice a caller that leaves otherwise. The error is an [*Error], or
// ctx's own where the caller left; ErrCut comes with the text so far.
func (s *Server) Chat(ctx context.Context, r Request) (Reply, error) {
	release, err := s.admit(ctx)
	if err != nil {
		return Reply{}, err
	}
	defer release()
	if r.Limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.Limit)
		defer cancel()
	}
	seen := &capture{}
	stream, err := s.client.CreateChatCompletionStream(withCapture(ctx, seen), s.request(r))
	if err != nil {
		return Reply{}, classify(ctx, err, seen.errorBody)
	}
	defer func() { _ = stream.Close() }() // the answer is read or given up by then
	reply, err := collect(stream, r.Progress)
	if seen.timings != (Timings{}) {
		reply.Timings = seen.timings // more exact than the usage, which other servers send
	}
	if err != nil {
		return reply, classify(ctx, err, seen.errorBody)
	}
	s.measure(reply.Timings)
	return reply, nil
}

func (s *Server) request(r Request) openai.ChatCompletionRequest {
	messages := make([]openai.ChatCompletionMessage, len(r.Messages))
	for i, m := range r.Messages {
		messages[i] = openai.ChatCompletionMessage{Role: m.Role, Content: m.Content}
	}
	model := s.cfg.Model
	if model == "" {
		model = "default"
	}
	return openai.ChatCompletionRequest{
		Model:         model,
		Messages:      messages,
		MaxTokens:     r.MaxTokens,
		Seed:          &r.Seed,
		Stream:        true,
		StreamOptions: &openai.StreamOptions{IncludeUsage: true},
		LogProbs:      true,
		TopLogProbs:   topLogProbs,
		ResponseFormat: &openai.ChatCompletionResponseFormat{
			Type:       openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{Name: "verdict", Strict: true, Schema: r.Schema},
		},
	}
}

// admit waits for a slot. The returned function gives it back.
func (s *Server) admit(ctx context.Context) (release func(), err error) {
	gate := s.slots(ctx)
	s.mu.Lock()
	if s.waiting >= maxWaiting {
		s.mu.Unlock()
		return nil, &Error{Kind: ErrBusy, Detail: fmt.Sprintf("%d calls are waiting for a slot", maxWaiting)}
	}
	s.waiting++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.waiting--
		s.mu.Unlock()
	}()
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, classify(ctx, ctx.Err(), nil)
	}
}

// slots returns the gate, sized on first use by the configuration or the server.
func (s *Server) slots(ctx context.Context) chan struct{} {
	n := s.cfg.Slots
	if n <= 0 {
		if caps, err := s.Capabilities(ctx); err == nil {
			n = caps.Slots
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gate == nil {
		if n <= 0 {
			return make(chan struct{}, 1) // the server did not answer: this call will fail, the next asks again
		}
		s.gate = make(chan struct{}, n)
	}
	return s.gate
}
