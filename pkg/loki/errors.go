package loki

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Kinds of failure, matched with errors.Is.
var (
	ErrUnavailable = errors.New("Loki cannot be reached")                //nolint:staticcheck // ST1005: Loki is a name
	ErrTimeout     = errors.New("Loki did not answer in time")           //nolint:staticcheck // ST1005: Loki is a name
	ErrRejected    = errors.New("Loki refused the query")                //nolint:staticcheck // ST1005: Loki is a name
	ErrAuth        = errors.New("Loki refused the credentials")          //nolint:staticcheck // ST1005: Loki is a name
	ErrThrottled   = errors.New("Loki is limiting requests")             //nolint:staticcheck // ST1005: Loki is a name
	ErrServer      = errors.New("Loki failed")                           //nolint:staticcheck // ST1005: Loki is a name
	ErrReply       = errors.New("Loki's reply cannot be read")           //nolint:staticcheck // ST1005: Loki is a name
	ErrTooLarge    = errors.New("Loki's reply is larger than the limit") //nolint:staticcheck // ST1005: Loki is a name
)

// An Error is a failed request to Loki. Its text says what happened and what to
// do; it never holds credentials.
type Error struct {
	// Kind is one of the errors above.
	Kind error
	// Status is the HTTP status, 0 where there was no reply.
	Status int
	// Detail is Loki's own message or the network's, on one line.
	Detail string
	cause  error
}

func (e *Error) Error() string {
	s := e.Kind.Error()
	if e.Status != 0 {
		s = fmt.Sprintf("%s (HTTP %d)", s, e.Status)
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if hint := e.hint(); hint != "" {
		s += ". " + hint
	}
	return s
}

// Unwrap makes both the kind and the cause visible to errors.Is.
func (e *Error) Unwrap() []error { return []error{e.Kind, e.cause} }

func (e *Error) hint() string {
	switch { // each Kind is one of the sentinels itself
	case errors.Is(e.Kind, ErrUnavailable):
		return "Check that Loki runs and that the data source's URL is right"
	case errors.Is(e.Kind, ErrTimeout):
		return "Narrow the time range or the stream selector"
	case errors.Is(e.Kind, ErrAuth):
		return "Check the data source's credentials and tenant"
	case errors.Is(e.Kind, ErrThrottled):
		return "Narrow the query, evaluate less often, or raise Loki's limits for this tenant"
	case errors.Is(e.Kind, ErrTooLarge):
		return "Narrow the time range or lower the line limit"
	}
	return ""
}

// maxErrorBody bounds what is read of an error reply.
const maxErrorBody = 4 << 10

// replyError classifies a reply that is not 200. It consumes the body.
func replyError(res *http.Response) *Error {
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody)) // what was read before a failure still helps
	e := &Error{Status: res.StatusCode, Detail: oneLine(message(body))}
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		e.Kind = ErrAuth
	case res.StatusCode == http.StatusTooManyRequests:
		e.Kind = ErrThrottled
		if after := res.Header.Get("Retry-After"); after != "" {
			e.Detail = strings.TrimSpace(e.Detail + " (retry after " + oneLine(after) + " s)")
		}
	case res.StatusCode == http.StatusGatewayTimeout:
		e.Kind = ErrTimeout
	case res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusServiceUnavailable:
		e.Kind = ErrUnavailable
	case res.StatusCode >= 500:
		e.Kind = ErrServer
	case res.StatusCode == http.StatusNotFound:
		e.Kind = ErrUnavailable
		e.Detail = "there is no Loki API at this URL"
	default:
		e.Kind = ErrRejected
	}
	return e
}

// message takes the text out of the bodies that Loki and gateways send.
func message(body []byte) string {
	var j struct {
		Message string `json:"message"`
		Error   string `json:"error"`
	}
	if json.Unmarshal(body, &j) == nil && j.Message+j.Error != "" {
		return j.Message + j.Error
	}
	return string(body)
}

// transportError classifies a request that got no reply or lost it midway.
// during tells the two apart.
func transportError(ctx context.Context, err error, during error) error {
	if cause := ctx.Err(); errors.Is(cause, context.Canceled) {
		return cause // the asker left: no failure of Loki's
	}
	if already, ok := errors.AsType[*Error](err); ok {
		return already
	}
	var timeout net.Error
	// A wrapper in between can hide the Timeout method, so the cause is looked for too.
	if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()) {
		return &Error{Kind: ErrTimeout, cause: err}
	}
	return &Error{Kind: during, Detail: oneLine(rootText(err)), cause: err}
}

// rootText drops the URL that net/http puts before its errors: it can hold
// credentials.
func rootText(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		if op, ok := errors.AsType[*net.OpError](err); ok {
			return op.Error()
		}
		err = inner
	}
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if len(s) > 500 {
		s = strings.ToValidUTF8(s[:500], "") + "…"
	}
	return s
}
