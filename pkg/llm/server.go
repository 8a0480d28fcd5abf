// Package llm talks to llama.cpp's llama-server, or to another server with
// OpenAI's chat API: it asks for an answer that follows a JSON Schema, counts
// tokens, learns what the server can do and admits no more calls than it has
// slots for, the most urgent first. It knows nothing of logs or verdicts beyond the types of a token.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	openai "github.com/sashabaranov/go-openai"
	"golang.org/x/sync/singleflight"

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
	// Repeatable asks for answers that are the same each time: one call at a time, always
	// in slot 0 of llama-server (id_slot), and no prompt is continued from what the slot
	// computed before (cache_prompt), because numbers differ a little with the size of a
	// batch. It is for measuring; every call then takes the time of its whole prompt.
	Repeatable bool
	// Yield holds a call back as long as the server works for anybody else, however long
	// that is within the call's own bounds, instead of taking a slot that is free beside
	// them. Where a server does not tell (/slots or /metrics), it changes nothing.
	Yield bool
	// HTTP sends the requests and should have no overall timeout: callers bound
	// each call by its context.
	HTTP *http.Client
	// Now is the clock, time.Now where it is nil.
	Now func() time.Time
}

// A Server is one model server. It is safe for concurrent use and should be
// shared, because it is what bounds the concurrency.
type Server struct {
	cfg    Config
	base   *url.URL
	client *openai.Client
	plain  *http.Client
	// life ends with Close. It bounds what no caller's context bounds.
	life context.Context //nolint:containedctx // there is no call to take it from
	end  context.CancelFunc
	// flights are the questions under way that several callers share.
	flights singleflight.Group
	wake    chan struct{} // says that an own call ended

	mu       sync.Mutex
	caps     Capabilities // as last answered
	capsErr  error        // of the last question
	capsTime time.Time    // of the last question
	total    int          // slots of the server itself, 0 where it did not say
	words    map[string][]int
	meter    meter
	breaker  breaker
	retries  retryBudget
	queue    queue
	ended    time.Time // when an own call ended last
	granted  time.Time // when one got its slot last
	// blindUntil is until when the server is thought not to tell whether others use it.
	blindUntil  time.Time
	stopLooking context.CancelFunc // nil where no admitter runs
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
	own.Transport = wire{next: next, repeatable: cfg.Repeatable}
	if cfg.Repeatable {
		cfg.Slots = 1
	}
	oc := openai.DefaultConfig(cfg.APIKey)
	oc.BaseURL = u.String() + "/v1"
	oc.HTTPClient = &own
	s := &Server{
		cfg: cfg, base: u, client: openai.NewClientWithConfig(oc), plain: cfg.HTTP,
		wake: make(chan struct{}, 1), words: map[string][]int{}, retries: retryBudget{firstBudget}, queue: queue{limit: maxWaiting},
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Close refuses the calls that wait and ends the questions that no caller's context
// bounds; those end by themselves within seconds too. Calls that have a slot go on until
// their own context ends. Afterwards nothing is asked any more.
func (s *Server) Close() {
	s.end()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuseAll(errClosed())
}

func errClosed() error {
	return &Error{Kind: ErrUnavailable, Detail: "its settings have changed", advice: "Ask again"}
}

// NewHTTPClient returns a client that fits llama-server: it closes idle
// connections before the server does after 5 s, and has no overall timeout,
// because a queued call gets no headers until its first token.
func NewHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: probeTimeout}
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, IdleConnTimeout: 4 * time.Second}}
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
	// context's and Within.
	Limit time.Duration

	// Class says how urgent the call is; nil is [ClassInteractive]. It is asked again each
	// time the queue changes, so that a call which somebody more urgent has joined is
	// served as such. It is called with the queue's lock held: it must return at once and
	// must not call the Server.
	Class func() Class
	// Org is whose call it is: within a class, organisations are served in turn.
	Org string
	// PromptTokens is the size of the prompt, for the estimates; 0 where it is not known.
	PromptTokens int
	// Within is how long after the start of Chat an answer is of use. A call that is not
	// expected to be answered by then, or by the context's deadline, is refused with
	// ErrBusy at once, or as soon as that is seen. 0 for no bound but the context's; the
	// wait for a slot is then bounded to 10 minutes.
	Within time.Duration
	// Queued, if set, is called with the place in the queue at first and when it has
	// changed, once a second at most.
	Queued func(Position)

	// Progress, if set, is called with the number of tokens written so far.
	Progress func(tokens int)
	// Stream, if set, is called as the answer grows, each time with all of it. It must not
	// change the tokens. Both are called by Chat's own goroutine and delay the answer.
	Stream func(text string, tokens []verdict.Token)
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

// Chat asks for an answer and waits for it: first for a slot, as the Request's Class,
// Org and Within say. It streams, because llama-server does not notice a caller that
// leaves otherwise. A call is sent a second time where the server could not be reached
// or failed before it wrote anything, for a tenth of the calls at most. The error is an
// [*Error], or ctx's own where the caller left; ErrCut comes with the text so far.
func (s *Server) Chat(ctx context.Context, r Request) (Reply, error) {
	answerBy := s.answerBy(ctx, r.Within)
	if err := s.ready(ctx); err != nil {
		return Reply{}, err
	}
	if err := s.knowSlots(ctx); err != nil {
		return Reply{}, err
	}
	w, err := s.admit(ctx, r, answerBy)
	if err != nil {
		return Reply{}, err
	}
	defer s.release(w)
	ctx, cancel := s.bounded(ctx, r.Limit, answerBy)
	defer cancel()
	reply, answered, err := s.send(ctx, r)
	if err != nil && s.retry(ctx, r, err, answered) {
		reply, _, err = s.send(ctx, r)
	}
	return reply, err
}

// answerBy is when an answer must be there; zero where there is no such time.
func (s *Server) answerBy(ctx context.Context, within time.Duration) time.Time {
	deadline, _ := ctx.Deadline()
	if within > 0 {
		if by := s.cfg.Now().Add(within); deadline.IsZero() || by.Before(deadline) {
			return by
		}
	}
	return deadline
}

// bounded bounds a call that has its slot.
func (s *Server) bounded(ctx context.Context, limit time.Duration, answerBy time.Time) (context.Context, context.CancelFunc) {
	if !answerBy.IsZero() {
		if left := answerBy.Sub(s.cfg.Now()); limit <= 0 || left < limit {
			limit = max(left, time.Nanosecond)
		}
	}
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// knowSlots learns how many slots the server has, where nobody said.
func (s *Server) knowSlots(ctx context.Context) error {
	s.mu.Lock()
	known := s.cfg.Slots > 0 || s.caps.Slots > 0
	s.mu.Unlock()
	if known {
		return nil
	}
	_, err := s.Capabilities(ctx)
	return err
}

// send asks once for an answer. answered says that the server replied at all.
func (s *Server) send(ctx context.Context, r Request) (reply Reply, answered bool, err error) {
	began := s.cfg.Now()
	s.mu.Lock()
	s.retries.earn()
	s.mu.Unlock()
	seen := &capture{}
	defer func() { s.noteCall(ctx, reply, err, s.cfg.Now().Sub(began)) }()
	stream, err := s.client.CreateChatCompletionStream(withCapture(ctx, seen), s.request(r))
	if err != nil {
		return Reply{}, seen.answered, classify(ctx, err, seen.errorBody)
	}
	defer func() { _ = stream.Close() }() // the answer is read or given up by then
	reply, err = collect(stream, r)
	if seen.timings != (Timings{}) {
		reply.Timings = seen.timings // more exact than the usage, which other servers send
	}
	if err != nil {
		return reply, seen.answered, classify(ctx, err, seen.errorBody)
	}
	return reply, seen.answered, nil
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
