package lanes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// State is what a [Model] does with requests.
type State int

// The states of a model.
const (
	// Ready answers.
	Ready State = iota
	// Dead refuses connections.
	Dead
	// Hanging takes connections and answers nothing.
	Hanging
	// HangingInside answers questions about the server but no call of the model.
	HangingInside
	// HangingMidAnswer stops in the middle of each answer's head.
	HangingMidAnswer
	// HangingMidProse stops behind the head.
	HangingMidProse
	// Loading answers everything with 503, as a llama-server that loads its model.
	Loading
	// Failing answers calls of the model with 500.
	Failing
	// Broken answers everything with 500.
	Broken
)

// String names the state.
func (s State) String() string {
	return [...]string{"ready", "dead", "hanging", "hanging_inside", "hanging_mid_answer", "hanging_mid_prose", "loading", "failing", "broken"}[s]
}

// A Call is what a model was asked.
type Call struct {
	Prompt string // the user's message
	// Messages is how many messages there were: more than two where an answer is to be
	// repaired.
	Messages int
}

// A Done call is one that had a slot.
type Done struct {
	Call
	Began, Ended time.Time
	// Whole says that all of the answer was written.
	Whole bool
}

// A Model is a stub of a llama-server as an [http.RoundTripper] for llm.Config: slots with
// an unbounded queue behind them, a prefix cache for each, a speed, and faults. It streams
// what Answer says. It is safe for concurrent use; set the fields before.
type Model struct {
	// PromptSpeed and AnswerSpeed are tokens a second.
	PromptSpeed, AnswerSpeed float64
	// Latency is how long each question about the server takes, and the way of a call to it.
	Latency time.Duration
	// Slots is how many calls run at once; 1 where it is 0.
	Slots int
	// Answer is the text of the answer, and how sure the model is of the verdict.
	Answer func(Call) (text string, confidence float64)
	// Now is the clock.
	Now func() time.Time

	mu       sync.Mutex
	state    State
	requests map[string]int
	waiting  []chan int // for a slot, the oldest first
	busy     []bool     // by slot
	cached   []string   // the last prompt of each slot
	done     []Done
}

// Set changes the state. Calls under way go on as they began.
func (m *Model) Set(s State) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state = s
}

// Requests returns how often each route was asked for.
func (m *Model) Requests() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.requests)
}

// Asked returns how many requests there were of all routes.
func (m *Model) Asked() (n int) {
	for _, k := range m.Requests() {
		n += k
	}
	return n
}

// Calls returns how many calls of the model there were.
func (m *Model) Calls() int { return m.Requests()[chatRoute] }

// Group returns the value of a label that the prompt says it is about; empty where it says
// none.
func (c Call) Group(label string) string {
	_, rest, _ := strings.Cut(c.Prompt, "\nCONTEXT\n")
	_, rest, _ = strings.Cut(rest, label+` is "`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// Done returns the calls that had a slot, in the order in which they ended.
func (m *Model) Done() []Done {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.done)
}

const chatRoute = "/v1/chat/completions"

// modelContext is the context of a slot, in tokens.
const modelContext = 8192

// bytesPerToken is roughly what logs have in the vocabulary of Llama 3.
const bytesPerToken = 2.6

func tokensOf(text string) int { return int(float64(len(text))/bytesPerToken) + 1 }

// RoundTrip implements http.RoundTripper.
func (m *Model) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	if m.requests == nil {
		m.requests = map[string]int{}
	}
	m.requests[r.URL.Path]++
	state := m.state
	m.mu.Unlock()
	if m.Latency > 0 {
		if err := sleep(r.Context(), m.Latency); err != nil {
			return nil, err
		}
	}
	switch {
	case state == Dead:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case state == Hanging, state == HangingInside && r.URL.Path == chatRoute:
		<-r.Context().Done()
		return nil, r.Context().Err()
	case state == Loading:
		return reply(http.StatusServiceUnavailable, `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`), nil
	case state == Broken, state == Failing && r.URL.Path == chatRoute:
		return reply(http.StatusInternalServerError, `{"error":{"message":"the stub fails","type":"server_error","code":500}}`), nil
	}
	switch r.URL.Path {
	case "/health":
		return reply(http.StatusOK, `{"status":"ok"}`), nil
	case "/v1/models":
		return reply(http.StatusOK, `{"data":[{"id":"stub"}]}`), nil
	case "/props":
		return reply(http.StatusOK, fmt.Sprintf(`{"total_slots":%d,"build_info":"stub","default_generation_settings":{"n_ctx":%d}}`, m.slots(), modelContext)), nil
	case "/slots":
		return reply(http.StatusOK, m.slotsText()), nil
	case "/tokenize":
		return m.tokenize(r)
	case chatRoute + "/input_tokens":
		call, system, err := readCall(r)
		if err != nil {
			return nil, err
		}
		return reply(http.StatusOK, fmt.Sprintf(`{"input_tokens":%d}`, tokensOf(system+call.Prompt))), nil
	case chatRoute:
		return m.chat(r, state)
	}
	return reply(http.StatusNotFound, `{}`), nil
}

func reply(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(body)))}
}

func (m *Model) slots() int { return max(1, m.Slots) }

func (m *Model) slotsText() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	slots := make([]map[string]any, m.slots())
	for i := range slots {
		slots[i] = map[string]any{"id": i, "is_processing": i < len(m.busy) && m.busy[i]}
	}
	raw, _ := json.Marshal(slots) // it holds nothing that could fail
	return string(raw)
}

// tokenize gives each text one token, its first byte.
func (m *Model) tokenize(r *http.Request) (*http.Response, error) {
	var body struct{ Content string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	if body.Content == "" {
		return reply(http.StatusOK, `{"tokens":[]}`), nil
	}
	return reply(http.StatusOK, fmt.Sprintf(`{"tokens":[%d]}`, body.Content[0])), nil
}

func readCall(r *http.Request) (c Call, system string, err error) {
	var body struct {
		Messages []struct{ Role, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return Call{}, "", err
	}
	for _, m := range body.Messages {
		switch {
		case m.Role == "system":
			system = m.Content
		case c.Prompt == "":
			c.Prompt = m.Content
		}
	}
	c.Messages = len(body.Messages)
	return c, system, nil
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
