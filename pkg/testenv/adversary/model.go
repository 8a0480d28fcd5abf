package adversary

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// A prompt is what a model is asked, taken apart.
type prompt struct {
	// defined are the texts of the dictionary by id, in their order by ids.
	defined map[string]string
	ids     []string
	// shown are the ids that the window shows, new those that are called new.
	shown []string
	fresh map[string]bool
	// repair says that the model is asked again because its answer could not be read.
	repair bool
	text   string
}

// parsePrompt reads the user message as the analysis lays it out.
func parsePrompt(user string, messages int) prompt {
	p := prompt{defined: map[string]string{}, fresh: map[string]bool{}, repair: messages > 2, text: user}
	_, rest, _ := strings.Cut(user, "PATTERNS\n")
	dictionary, rest, _ := strings.Cut(rest, "STATE\n")
	state, _, _ := strings.Cut(rest, "CONTEXT\n")
	for l := range strings.Lines(dictionary) {
		id, text, _ := strings.Cut(strings.TrimSuffix(l, "\n"), " ")
		p.defined[id] = text
		p.ids = append(p.ids, id)
	}
	seen := map[string]bool{}
	for l := range strings.Lines(state) {
		words := strings.Fields(l)
		for _, id := range words {
			if _, ok := p.defined[id]; !ok {
				continue
			}
			if !seen[id] {
				seen[id] = true
				p.shown = append(p.shown, id)
			}
			if words[0] == "new" {
				p.fresh[id] = true
			}
		}
	}
	return p
}

// A modelServer is a llama-server whose answers answer makes.
type modelServer struct {
	answer func(prompt) completion

	mu    sync.Mutex
	calls int
}

// A completion is what a model server sends: text in pieces, and what it says of tokens.
type completion struct {
	text     string
	finish   string
	logprobs json.RawMessage
}

// ServeHTTP implements [http.Handler].
func (m *modelServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left
	}
	switch r.URL.Path {
	case "/v1/models":
		fmt.Fprint(rw, `{"data":[{"id":"adversary"}]}`)
	case "/props":
		fmt.Fprint(rw, `{"total_slots":4,"default_generation_settings":{"n_ctx":32768}}`)
	case "/slots":
		fmt.Fprint(rw, `[{"is_processing":false},{"is_processing":false},{"is_processing":false},{"is_processing":false}]`)
	case "/health":
		fmt.Fprint(rw, `{"status":"ok"}`)
	case "/v1/chat/completions":
		m.chat(rw, body)
	default:
		http.NotFound(rw, r)
	}
}

func (m *modelServer) chat(rw http.ResponseWriter, body []byte) {
	var asked struct {
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(body, &asked); err != nil || len(asked.Messages) < 2 {
		http.Error(rw, "no messages", http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	m.calls++
	m.mu.Unlock()
	c := m.answer(parsePrompt(asked.Messages[1].Content, len(asked.Messages)))
	rw.Header().Set("Content-Type", "text/event-stream")
	logprobs := c.logprobs
	for text := c.text; ; {
		n := len(text)
		if n > 4096 {
			for n = 4096; text[n]&0xc0 == 0x80; n-- { // JSON cannot hold half a character
				continue
			}
		}
		event(rw, map[string]any{"delta": map[string]string{"content": text[:n]}, "logprobs": logprobs})
		logprobs = nil
		if text = text[n:]; text == "" {
			break
		}
	}
	event(rw, map[string]any{"delta": map[string]string{}, "finish_reason": c.finish})
	fmt.Fprint(rw, "data: [DONE]\n\n")
}

func event(rw io.Writer, choice map[string]any) {
	raw, err := json.Marshal(map[string]any{"choices": []any{choice}})
	if err != nil { // these maps always marshal
		panic(err)
	}
	fmt.Fprintf(rw, "data: %s\n\n", raw)
}

func (m *modelServer) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}
