package llm

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Capabilities are what a server says of itself.
type Capabilities struct {
	// Model is the name that the server reports, llama-server's --alias.
	Model string
	// Context is how many tokens prompt and answer may have together in one slot;
	// 0 where the server does not say.
	Context int
	// Slots is how many calls run at once, at least 1.
	Slots int
	// Build is the server's version, empty where it does not say.
	Build string
}

// capabilitiesFor is how long capabilities are believed: a server that was
// restarted with another model is noticed after that.
const capabilitiesFor = 30 * time.Second

// probeTimeout bounds a question that costs the server nothing.
const probeTimeout = 5 * time.Second

// maxProbe bounds the reply to such a question; /props holds the chat template.
const maxProbe = 4 << 20

// failureFor is how long a failed question is believed, so that the groups of one
// query do not wait for a dead server one after another.
const failureFor = 5 * time.Second

// Capabilities asks the server what it serves, at most every 30 s and once for all that
// want to know at the same time. It never runs the model. With an error it returns what
// the server said last, the zero value where it never answered. ctx bounds the wait.
func (s *Server) Capabilities(ctx context.Context) (Capabilities, error) {
	err := s.ready(ctx)
	caps, known, last := s.remembered()
	if err != nil || known {
		return caps, cmp.Or(err, last)
	}
	_, err = share(ctx, s, "capabilities", func(ctx context.Context) (struct{}, error) {
		if _, known, err := s.remembered(); known { // learned in this very moment
			return struct{}{}, err
		}
		return struct{}{}, s.relearn(ctx)
	})
	caps, _, _ = s.remembered()
	return caps, err
}

// remembered returns what the server said last; known where it need not be asked again,
// which err may be the reason of.
func (s *Server) remembered() (caps Capabilities, known bool, err error) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	age := now.Sub(s.capsTime)
	if refusal := s.breaker.refusal(now); refusal != nil {
		return s.caps, true, refusal
	}
	known = !s.capsTime.IsZero() && age < capabilitiesFor &&
		(s.capsErr == nil || age < failureFor && !errors.Is(s.capsErr, ErrLoading))
	return s.caps, known, s.capsErr
}

// Refresh asks the server now, whatever it said before and however often it failed.
func (s *Server) Refresh(ctx context.Context) (Capabilities, error) {
	_, err := share(ctx, s, "refresh", func(ctx context.Context) (struct{}, error) { return struct{}{}, s.relearn(ctx) })
	caps, _, _ := s.remembered()
	return caps, err
}

// relearn asks for the capabilities and remembers them, or why they are not known.
func (s *Server) relearn(ctx context.Context) error {
	fresh, total, err := s.probe(ctx)
	if errors.Is(err, context.Canceled) {
		return errClosed()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capsErr, s.capsTime = err, s.cfg.Now()
	if err != nil {
		return err
	}
	if fresh != s.caps && s.caps != (Capabilities{}) { // another model has other tokens, and its own speed
		s.words, s.meter = map[string][]int{}, meter{}
		s.blindUntil = time.Time{}
	}
	s.caps, s.total = fresh, total
	s.rearrange() // there may be more slots
	return nil
}

// probe asks for the capabilities, and for the slots of the server whatever is configured
// here.
func (s *Server) probe(ctx context.Context) (caps Capabilities, total int, err error) {
	var models struct {
		Data []struct {
			ID   string `json:"id"`
			Meta struct {
				Context int `json:"n_ctx"`
			} `json:"meta"`
		} `json:"data"`
	}
	if err := s.ask(ctx, http.MethodGet, "/v1/models", nil, &models); err != nil {
		return Capabilities{}, 0, err
	}
	caps = Capabilities{Slots: 1, Model: s.cfg.Model}
	if len(models.Data) > 0 {
		m := models.Data[0]
		for _, other := range models.Data {
			if other.ID == s.cfg.Model {
				m = other
			}
		}
		caps.Model, caps.Context = m.ID, m.Meta.Context
	}
	var props struct {
		Slots    int    `json:"total_slots"`
		Build    string `json:"build_info"`
		Defaults struct {
			Context int `json:"n_ctx"`
		} `json:"default_generation_settings"`
	}
	err = s.ask(ctx, http.MethodGet, "/props", nil, &props)
	switch {
	case err == nil:
		total = props.Slots
		caps.Slots, caps.Build = max(1, props.Slots), props.Build
		if props.Defaults.Context > 0 {
			caps.Context = props.Defaults.Context
		}
	case notThere(err):
		// Not a llama-server: what /v1/models said must do.
	default:
		return Capabilities{}, 0, err
	}
	if s.cfg.Slots > 0 {
		caps.Slots = s.cfg.Slots
	}
	return caps, total, nil
}

// CountTokens returns the exact size of a chat in tokens, template included, as
// the server counts it; nothing is generated. ok is false where the server cannot
// count.
func (s *Server) CountTokens(ctx context.Context, messages []Message) (n int, ok bool, err error) {
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	body := struct {
		Messages []message `json:"messages"`
	}{}
	for _, m := range messages {
		body.Messages = append(body.Messages, message(m))
	}
	var out struct {
		Tokens int `json:"input_tokens"`
	}
	err = s.question(ctx, http.MethodPost, "/v1/chat/completions/input_tokens", body, &out)
	if notThere(err) {
		return 0, false, nil
	}
	return out.Tokens, err == nil, err
}

// Tokenize returns the tokens of a text on its own; those of a word are remembered.
// ok is false where the server has no such route. ctx bounds the wait.
func (s *Server) Tokenize(ctx context.Context, text string) (ids []int, ok bool, err error) {
	s.mu.Lock()
	known, remembered := s.words[text]
	s.mu.Unlock()
	if remembered {
		return known, len(known) > 0, nil
	}
	if err := s.ready(ctx); err != nil {
		return nil, false, err
	}
	ids, err = share(ctx, s, "tokens of "+text, func(ctx context.Context) ([]int, error) { return s.tokenize(ctx, text) })
	return ids, len(ids) > 0, err
}

func (s *Server) tokenize(ctx context.Context, text string) ([]int, error) {
	var out struct {
		Tokens []int `json:"tokens"`
	}
	err := s.ask(ctx, http.MethodPost, "/tokenize", map[string]any{"content": text, "add_special": false, "parse_special": true}, &out)
	if notThere(err) {
		err = nil // remembered too
	}
	if err != nil || len(text) > maxWord {
		return out.Tokens, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.words) >= maxWords {
		clear(s.words)
	}
	s.words[text] = out.Tokens
	return out.Tokens, nil
}

const (
	// maxWord is the longest text whose tokens are remembered, in bytes.
	maxWord = 16
	// maxWords is how many are remembered.
	maxWords = 256
)

// notThere reports whether a server lacks a route, or means something else by it.
func notThere(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// fetch sends a question, as JSON where it has a body, and returns the reply.
func (s *Server) fetch(ctx context.Context, timeout time.Duration, method, path string, body any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(raw)
	}
	u := (&url.URL{Scheme: s.base.Scheme, User: s.base.User, Host: s.base.Host, Path: s.base.Path + path}).String()
	req, err := http.NewRequestWithContext(ctx, method, u, r)
	if err != nil {
		return nil, &Error{Kind: ErrUnavailable, Detail: "the request cannot be built", cause: err}
	}
	req.Header.Set("Content-Type", "application/json")
	if s.cfg.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.APIKey)
	}
	res, err := s.plain.Do(req)
	if err != nil {
		return nil, classify(ctx, err, nil)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxProbe))
	if err != nil {
		return nil, classify(ctx, err, nil)
	}
	if res.StatusCode != http.StatusOK {
		return nil, statusError(res.StatusCode, string(raw[:min(len(raw), maxErrorBody)]), raw)
	}
	return raw, nil
}

// decode reads a reply that should be JSON.
func decode(raw []byte, into any) error {
	if err := json.Unmarshal(raw, into); err != nil {
		return &Error{Kind: ErrServer, Detail: "its reply is no JSON; is this the URL of a llama-server?", advice: "Check the URL in the data source's settings", cause: err}
	}
	return nil
}
