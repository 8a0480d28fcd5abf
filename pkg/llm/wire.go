package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// wire sits between go-openai and the network. go-openai drops a temperature of
// 0 (omitempty), so that the server would sample at its default of 0.8; it has no
// field for cache_prompt and id_slot; it discards llama-server's timings and the details of
// its errors. wire adds these to the body and hands out the others.
type wire struct {
	next       http.RoundTripper
	repeatable bool
}

// Timings are llama-server's own measurements of one call.
type Timings struct {
	PromptTokens int     `json:"prompt_n"`
	CachedTokens int     `json:"cache_n"`
	PromptMillis float64 `json:"prompt_ms"`
	AnswerTokens int     `json:"predicted_n"`
	AnswerMillis float64 `json:"predicted_ms"`
	PromptPerSec float64 `json:"prompt_per_second"`
	AnswerPerSec float64 `json:"predicted_per_second"`
}

// capture is what one call leaves behind besides what go-openai returns.
type capture struct {
	answered  bool // the head of a reply came
	timings   Timings
	errorBody []byte
}

type captureKey struct{}

func withCapture(ctx context.Context, c *capture) context.Context {
	return context.WithValue(ctx, captureKey{}, c)
}

// maxErrorBody bounds what is kept of an error reply.
const maxErrorBody = 8 << 10

// RoundTrip implements http.RoundTripper.
func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ok := req.Context().Value(captureKey{}).(*capture)
	if !ok {
		return w.next.RoundTrip(req)
	}
	edited, err := w.editBody(req)
	if err != nil {
		return nil, err
	}
	res, err := w.next.RoundTrip(edited)
	if err != nil {
		return nil, err
	}
	c.answered = true
	if res.StatusCode != http.StatusOK {
		c.errorBody, _ = io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // what was read before a failure still helps
		res.Body.Close()
		res.Body = io.NopCloser(bytes.NewReader(c.errorBody))
		return res, nil
	}
	res.Body = &timingsReader{ReadCloser: res.Body, into: &c.timings}
	return res, nil
}

// editBody keeps every value as raw JSON: decoding the schema would lose the
// order of its keys, which is the order in which the model writes.
func (w wire) editBody(req *http.Request) (*http.Request, error) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	req.Body.Close()
	var body map[string]json.RawMessage
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, err
	}
	body["temperature"] = json.RawMessage("0")
	body["cache_prompt"] = json.RawMessage("true")
	if w.repeatable {
		body["cache_prompt"], body["id_slot"] = json.RawMessage("false"), json.RawMessage("0")
	}
	if raw, err = json.Marshal(body); err != nil {
		return nil, err
	}
	out := req.Clone(req.Context())
	out.Body = io.NopCloser(bytes.NewReader(raw))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
	out.ContentLength = int64(len(raw))
	out.Header.Set("Content-Length", strconv.Itoa(len(raw)))
	// llama-server closes a connection after each stream without saying so. With this entry,
	// which is not sent, net/http takes a new one where a call met its end.
	out.Header["Idempotency-Key"] = []string{}
	return out, nil
}

// timingsReader reads the timings out of the last event of a stream that passes
// through. It keeps one line at most.
type timingsReader struct {
	io.ReadCloser
	into *Timings
	line []byte
}

// maxEventLine bounds one event: the last one is short, a longer one is not it.
const maxEventLine = 64 << 10

func (t *timingsReader) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	rest := p[:n]
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if len(t.line) < maxEventLine {
				t.line = append(t.line, rest...)
			}
			return n, err
		}
		t.event(append(t.line, rest[:i]...))
		t.line, rest = t.line[:0], rest[i+1:]
	}
}

func (t *timingsReader) event(line []byte) {
	data, ok := bytes.CutPrefix(line, []byte("data: "))
	if !ok || !bytes.Contains(data, []byte(`"timings"`)) {
		return
	}
	var e struct {
		Timings *Timings `json:"timings"`
	}
	if json.Unmarshal(data, &e) == nil && e.Timings != nil {
		*t.into = *e.Timings
	}
}
