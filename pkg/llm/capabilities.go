package llm

import (
	"bytes"
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

// Capabilities asks the server what it serves, at most every 30 s. It never runs
// the model. With an error it returns what the server said last, the zero value
// where it never answered.
func (s *Server) Capabilities(ctx context.Context) (Capabilities, error) {
	s.mu.Lock()
	caps, err, asked := s.caps, s.capsErr, s.capsTime
	s.mu.Unlock()
	age := s.cfg.Now().Sub(asked)
	if !asked.IsZero() && age < capabilitiesFor && (err == nil || age < failureFor) {
		return caps, err
	}
	fresh, err := s.probe(ctx)
	if err != nil && ctx.Err() != nil {
		return caps, err // the caller's end says nothing about the server
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capsErr, s.capsTime = err, s.cfg.Now()
	if err == nil {
		if fresh != s.caps {
			s.words = map[string][]int{} // another model has other tokens
		}
		s.caps = fresh
	}
	return s.caps, err
}

// Refresh asks the server now, whatever it said before.
func (s *Server) Refresh(ctx context.Context) (Capabilities, error) {
	s.mu.Lock()
	s.capsTime = time.Time{}
	s.mu.Unlock()
	return s.Capabilities(ctx)
}

func (s *Server) probe(ctx context.Context) (Capabilities, error) {
	var models struct {
		Data []struct {
			ID   string `json:"id"`
			Meta struct {
				Context int `json:"n_ctx"`
			} `json:"meta"`
		} `json:"data"`
	}
	if err := s.ask(ctx, http.MethodGet, "/v1/models", nil, &models); err != nil {
		return Capabilities{}, err
	}
	caps := Capabilities{Slots: 1, Model: s.cfg.Model}
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
	err := s.ask(ctx, http.MethodGet, "/props", nil, &props)
	switch {
	case err == nil:
		caps.Slots, caps.Build = max(1, props.Slots), props.Build
		if props.Defaults.Context > 0 {
			caps.Context = props.Defaults.Context
		}
	case notThere(err):
		// Not a llama-server: what /v1/models said must do.
	default:
		return Capabilities{}, err
	}
	if s.cfg.Slots > 0 {
		caps.Slots = s.cfg.Slots
	}
	return caps, nil
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
	err = s.ask(ctx, http.MethodPost, "/v1/chat/completions/input_tokens", body, &out)
	if notThere(err) {
		return 0, false, nil
	}
	return out.Tokens, err == nil, err
}

// Tokenize returns the tokens of a text on its own; those of a word are remembered.
// ok is false where the server has no such route.
func (s *Server) Tokenize(ctx context.Context, text string) (ids []int, ok bool, err error) {
	s.mu.Lock()
	known, remembered := s.words[text]
	s.mu.Unlock()
	if remembered {
		return known, len(known) > 0, nil
	}
	defer func() {
		if err == nil && len(text) <= maxWord {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.words[text] = ids
		}
	}()
	var out struct {
		Tokens []int `json:"tokens"`
	}
	err = s.ask(ctx, http.MethodPost, "/tokenize", map[string]any{"content": text, "add_special": false, "parse_special": true}, &out)
	if notThere(err) {
		return nil, false, nil
	}
	return out.Tokens, err == nil, err
}

// maxWord is the longest text whose tokens are remembered, in bytes.
const maxWord = 16

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

// ask sends a JSON question and decodes the answer.
func (s *Server) ask(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var r io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r = bytes.NewReader(raw)
	}
	u := (&url.URL{Scheme: s.base.Scheme, User: s.base.User, Host: s.base.Host, Path: s.base.Path + path}).String()
	req, err := http.NewRequestWithContext(ctx, method, u, r)
	if err != nil {
		return &Error{Kind: ErrUnavailable, Detail: "the request cannot be built", cause: err}
	}
	req.Header.Set("Content-Type", "application/json")
	if s.cfg.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+s.cfg.APIKey)
	}
	res, err := s.plain.Do(req)
	if err != nil {
		return classify(ctx, err, nil)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxProbe))
	if err != nil {
		return classify(ctx, err, nil)
	}
	if res.StatusCode != http.StatusOK {
		return statusError(res.StatusCode, string(raw[:min(len(raw), maxErrorBody)]), raw)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return &Error{Kind: ErrServer, Detail: "its reply is no JSON; is this the URL of a llama-server?", cause: err}
	}
	return nil
}
