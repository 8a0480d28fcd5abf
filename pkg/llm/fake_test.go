package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A fault is what a fakeServer does instead of an answer; nothing where both results are
// nil.
type fault func(*http.Request) (*http.Response, error)

// A fakeServer is a stub of a llama-server in simulated time: slots with an unbounded
// queue in order of arrival behind them, and faults. What a real one does is tested in
// real_test.go.
type fakeServer struct {
	slots   chan struct{}
	prefill time.Duration // until the first token
	writing time.Duration // from then to the last
	latency time.Duration // until a call is seen

	mu       sync.Mutex
	fault    fault          // instead of an answer, where it returns one
	requests map[string]int // by path
	served   []string       // the last message of each call, as it got its slot
	busy     int
	deferred int
	// mostBusy and mostDeferred are the highest values since the start.
	mostBusy, mostDeferred int
}

func newFake(slots int, call time.Duration) *fakeServer {
	return &fakeServer{slots: make(chan struct{}, slots), prefill: call / 2, writing: call - call/2, requests: map[string]int{}}
}

// client returns a Server that talks to the fake one.
func (f *fakeServer) client(t *testing.T, cfg Config) *Server {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "http://fake"
	}
	cfg.HTTP = &http.Client{Transport: f}
	s, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func (f *fakeServer) count(delta func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delta()
	f.mostBusy, f.mostDeferred = max(f.mostBusy, f.busy), max(f.mostDeferred, f.deferred)
}

func (f *fakeServer) set(now fault) {
	f.count(func() { f.fault = now })
}

// asked returns how often a path was asked for; "" for all.
func (f *fakeServer) asked(path string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for p, k := range f.requests {
		if path == "" || p == path {
			n += k
		}
	}
	return n
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// hang answers nothing as long as the asker waits.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func refuse(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func loading(*http.Request) (*http.Response, error) {
	return reply(503, `{"error":{"message":"Loading model","type":"unavailable_error","code":503}}`)
}

// only limits a fault to a path.
func only(path string, as fault) fault {
	return func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == path {
			return as(r)
		}
		return nil, nil //nolint:nilnil // no fault
	}
}

// RoundTrip implements http.RoundTripper.
func (f *fakeServer) RoundTrip(r *http.Request) (*http.Response, error) {
	var as fault
	f.count(func() { f.requests[r.URL.Path]++; as = f.fault })
	if as != nil {
		if res, err := as(r); res != nil || err != nil {
			return res, err
		}
	}
	switch r.URL.Path {
	case "/health":
		return reply(200, `{"status":"ok"}`)
	case "/v1/models":
		return reply(200, `{"data":[{"id":"fake"}]}`)
	case "/props":
		return reply(200, fmt.Sprintf(`{"total_slots":%d}`, cap(f.slots)))
	case "/tokenize":
		return reply(200, `{"tokens":[7]}`)
	case "/slots":
		return reply(200, f.slotsText())
	case "/metrics":
		f.mu.Lock()
		defer f.mu.Unlock()
		return reply(200, fmt.Sprintf("# TYPE x gauge\nllamacpp:requests_processing %d\nllamacpp:requests_deferred %d\n", f.busy, f.deferred))
	case "/v1/chat/completions":
		return f.chat(r)
	}
	return reply(404, `{}`)
}

func (f *fakeServer) slotsText() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	slots := make([]map[string]any, cap(f.slots))
	for i := range slots {
		slots[i] = map[string]any{"id": i, "is_processing": i < f.busy}
	}
	raw, _ := json.Marshal(slots)
	return string(raw)
}

func (f *fakeServer) chat(r *http.Request) (*http.Response, error) {
	var body struct{ Messages []struct{ Content string } }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	if err := sleep(r.Context(), f.latency); err != nil {
		return nil, err
	}
	free, err := f.slot(r.Context())
	if err != nil {
		return nil, err
	}
	f.count(func() { f.served = append(f.served, body.Messages[len(body.Messages)-1].Content) })
	if err := sleep(r.Context(), f.prefill); err != nil {
		free()
		return nil, err
	}
	pr, pw := io.Pipe()
	stop := context.AfterFunc(r.Context(), func() { pw.CloseWithError(r.Context().Err()) })
	go func() {
		defer stop()
		pw.CloseWithError(f.write(r.Context(), pw, free))
	}()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: pr}, nil
}

// slot waits for a slot as llama-server does, in order of arrival and without a bound.
func (f *fakeServer) slot(ctx context.Context) (free func(), err error) {
	select {
	case f.slots <- struct{}{}:
	default:
		f.count(func() { f.deferred++ })
		defer f.count(func() { f.deferred-- })
		select {
		case f.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.count(func() { f.busy++ })
	return sync.OnceFunc(func() {
		f.count(func() { f.busy-- })
		<-f.slots
	}), nil
}

const fakeAnswer = 4 // tokens

// write streams an answer. llama-server has its slot free again when it can be asked
// after the last event.
func (f *fakeServer) write(ctx context.Context, w io.Writer, free func()) error {
	defer free()
	for i := range fakeAnswer {
		if err := sleep(ctx, f.writing/fakeAnswer); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "data: {\"model\":\"fake\",\"choices\":[{\"delta\":{\"content\":\"%d\"},\"logprobs\":{\"content\":[{\"token\":\"%d\"}]}}]}\n\n", i, i); err != nil {
			return err
		}
	}
	free()
	_, err := fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"timings\":{\"prompt_n\":1000,\"prompt_ms\":%d,\"predicted_n\":%d,\"predicted_ms\":%d}}\n\ndata: [DONE]\n\n",
		f.prefill.Milliseconds(), fakeAnswer, f.writing.Milliseconds())
	return err
}

// asks is a Request whose message is its name, of a class.
func asks(name string, c Class) Request {
	return Request{Messages: []Message{{Role: "user", Content: name}}, MaxTokens: 10, Schema: json.RawMessage(`{}`), Class: func() Class { return c }}
}
