package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// Kinds of failure, matched with errors.Is.
var (
	ErrUnavailable = errors.New("the model server cannot be reached")
	ErrLoading     = errors.New("the model server is still loading its model")
	ErrAuth        = errors.New("the model server refused the API key")
	ErrBusy        = errors.New("the model server is busy")
	ErrTimeout     = errors.New("the model did not answer in time")
	ErrTooLong     = errors.New("the prompt is too long for the model server's context")
	ErrCut         = errors.New("the model's answer was cut off at its token limit")
	ErrRejected    = errors.New("the model server refused the request")
	ErrServer      = errors.New("the model server failed")
	// ErrOpen says that a server was not asked, because it failed several times in a row.
	ErrOpen = errors.New("the model server is not asked for now")
)

// An Error is a failed request to a model server. Its text says what to do and
// never holds the prompt or the key.
type Error struct {
	// Kind is one of the errors above.
	Kind   error
	Status int
	Detail string
	// PromptTokens and Context are the sizes that an ErrTooLong names, else 0.
	PromptTokens, Context int
	advice                string // instead of the Kind's
	cause                 error
}

func (e *Error) Error() string {
	s := e.what()
	if hint := e.hint(); hint != "" {
		s += ". " + hint
	}
	return s
}

// what is the text without the advice.
func (e *Error) what() string {
	s := e.Kind.Error()
	if e.Status != 0 {
		s = fmt.Sprintf("%s (HTTP %d)", s, e.Status)
	}
	switch {
	case e.PromptTokens > 0:
		s += fmt.Sprintf(": %d tokens, %d fit", e.PromptTokens, e.Context)
	case e.Detail != "":
		s += ": " + e.Detail
	}
	return s
}

// Unwrap makes both the kind and the cause visible to errors.Is.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

func (e *Error) hint() string {
	if e.advice != "" {
		return e.advice
	}
	switch { // each Kind is one of the sentinels itself
	case errors.Is(e.Kind, ErrUnavailable):
		return "Check that llama-server runs and that its URL in the data source's settings is right"
	case errors.Is(e.Kind, ErrLoading):
		return "Try again in a minute"
	case errors.Is(e.Kind, ErrAuth):
		return "Enter the key of llama-server's --api-key in the data source's settings"
	case errors.Is(e.Kind, ErrBusy):
		return "Try again later, ask fewer questions at once, or give llama-server more slots"
	case errors.Is(e.Kind, ErrTimeout):
		return "Allow more time, shorten the window, or use a faster machine for the model"
	case errors.Is(e.Kind, ErrTooLong):
		return "Start llama-server with a larger context per slot"
	case errors.Is(e.Kind, ErrServer):
		return "Look into llama-server's log"
	case errors.Is(e.Kind, ErrCut):
		return "Raise model.maxTokens in the prompt"
	}
	return ""
}

// classify turns what go-openai and net/http return into an [*Error]; ctx's own
// error comes back as it is where the asker left.
func classify(ctx context.Context, err error, body []byte) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	var timeout net.Error
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()) {
		return &Error{Kind: ErrTimeout, cause: err}
	}
	if api, ok := errors.AsType[*openai.APIError](err); ok {
		return statusError(api.HTTPStatusCode, api.Message, body)
	}
	if req, ok := errors.AsType[*openai.RequestError](err); ok && req.HTTPStatusCode != 0 {
		return statusError(req.HTTPStatusCode, string(req.Body), body)
	}
	return &Error{Kind: ErrUnavailable, Detail: networkText(err), cause: err}
}

// statusError reads the error that llama-server describes in its body; go-openai
// keeps only the message of it.
func statusError(status int, message string, body []byte) *Error {
	var wire struct {
		Error struct {
			Message      string `json:"message"`
			Type         string `json:"type"`
			PromptTokens int    `json:"n_prompt_tokens"`
			Context      int    `json:"n_ctx"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &wire) == nil && wire.Error.Message != "" {
		message = wire.Error.Message
	}
	e := &Error{Status: status, Detail: oneLine(message)}
	switch {
	case wire.Error.Type == "exceed_context_size_error":
		e.Kind, e.PromptTokens, e.Context = ErrTooLong, wire.Error.PromptTokens, wire.Error.Context
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Kind, e.Detail = ErrAuth, ""
	case status == http.StatusTooManyRequests:
		e.Kind = ErrBusy
	case status == http.StatusServiceUnavailable:
		e.Kind = ErrLoading
	case status == http.StatusNotFound:
		e.Kind = ErrUnavailable
		if wire.Error.Message == "" {
			e.Detail = "there is no OpenAI-compatible API at this URL"
		}
	case status >= 500:
		e.Kind = ErrServer
	default:
		e.Kind = ErrRejected
	}
	return e
}

// networkText drops the URL that net/http puts before its errors.
func networkText(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return oneLine(op.Error())
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return oneLine(err.Error())
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
