package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// The labels of the streams that the product itself writes.
const (
	labelService = "service_name"
	ownService   = "lokalyst"
	labelKind    = "kind"
)

// A PushLine is a line to be stored under a timestamp, which Loki keeps to the
// nanosecond.
type PushLine struct {
	Time time.Time
	Text string
}

// Bounds of one push: Loki takes lines of 256 KB and requests of 4 MB by default.
const (
	maxPushLines = 1000
	maxPushBytes = 2 << 20
)

// A PushError is a push that Loki did not acknowledge. Lines may have been stored
// all the same; pushed again with the identical timestamps and texts, Loki keeps one
// of each.
type PushError struct {
	// Err says what failed; its kind is one of this package's, [ErrRejected] for lines
	// that Loki refuses because they are too old, too long or too many streams.
	Err *Error
	// Retryable says that the identical push can succeed later. It cannot where Loki
	// refused the lines or the credentials.
	Retryable bool
	// foreign says that the lines are not the product's own.
	foreign bool
}

func (e *PushError) Error() string {
	s := e.Err.Kind.Error()
	if errors.Is(e.Err.Kind, ErrRejected) {
		s = "Loki refused the lines"
	}
	if e.Err.Status != 0 {
		s = fmt.Sprintf("%s (HTTP %d)", s, e.Err.Status)
	}
	if e.Err.Detail != "" {
		s += ": " + e.Err.Detail
	}
	if hint := e.hint(); hint != "" {
		s += ". " + hint
	}
	if e.foreign {
		return "writing to Loki: " + s
	}
	return "writing to the history: " + s
}

// hint replaces those for reading.
func (e *PushError) hint() string {
	url, who := "the URL of the history", "the data source's credentials"
	if e.foreign {
		url, who = "its URL", "these credentials"
	}
	switch { // each Kind is one of the sentinels itself
	case errors.Is(e.Err.Kind, ErrUnavailable):
		return "Check that Loki runs and that " + url + " is right"
	case errors.Is(e.Err.Kind, ErrAuth):
		return "Check that " + who + " may write to this tenant"
	case errors.Is(e.Err.Kind, ErrThrottled):
		return "Raise Loki's ingestion limits for this tenant"
	case errors.Is(e.Err.Kind, ErrReply):
		return "Check that " + url + " is that of a Loki that takes pushes"
	}
	return ""
}

// Unwrap makes the [*Error] with its kind and cause visible to errors.Is and errors.As.
func (e *PushError) Unwrap() error { return e.Err }

// push is the body of a push request.
type push struct {
	Streams []pushStream `json:"streams"`
}

type pushStream struct {
	Stream map[string]string `json:"stream"`
	// Values are the timestamp in Unix nanoseconds, the line, and structured metadata
	// where there is any.
	Values [][]any `json:"values"`
}

// Push writes lines to the stream {service_name="lokalyst", kind=kind} of the client's
// tenant and returns nil when Loki has acknowledged them all. It sends them in one
// request and does not try again. Where Loki refuses one line, it keeps the others and
// the push fails: push lines apart that must not depend on each other. At most 1,000
// lines of 2 MiB together are taken. Failures are [*PushError], or ctx's own error where the
// caller left.
func (c *Client) Push(ctx context.Context, kind string, lines ...PushLine) error {
	if len(lines) == 0 {
		return nil
	}
	body, err := pushBody(kind, lines)
	if err != nil {
		return err
	}
	return c.push(ctx, body)
}

// push sends the body of a push request.
func (c *Client) push(ctx context.Context, body []byte) error {
	u := *c.base
	u.Path += apiPath + "/push"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return &PushError{Err: &Error{Kind: ErrUnavailable, Detail: "the request cannot be built", cause: err}}
	}
	req.Header.Set("Content-Type", "application/json")
	// Not sent; it tells net/http that the request may be repeated on a fresh
	// connection: the same lines again are stored once.
	req.Header["Idempotency-Key"] = nil
	if c.opts.Tenant != "" {
		req.Header.Set("X-Scope-OrgID", c.opts.Tenant)
	}
	res, err := c.opts.HTTP.Do(req)
	if err != nil {
		return pushError(transportError(ctx, err, ErrUnavailable))
	}
	defer closeReply(res)
	switch {
	case res.StatusCode == http.StatusNoContent:
		return nil
	case res.StatusCode < 300: // a proxy or another program answers, so nothing is sure
		return pushError(&Error{Kind: ErrReply, Status: res.StatusCode, Detail: "the lines were not acknowledged"})
	}
	return pushError(replyError(res))
}

func pushBody(kind string, lines []PushLine) ([]byte, error) {
	refuse := func(format string, args ...any) ([]byte, error) {
		return nil, &PushError{Err: &Error{Kind: ErrRejected, Detail: fmt.Sprintf(format, args...)}}
	}
	if len(lines) > maxPushLines {
		return refuse("%d lines at once, at most %d are allowed", len(lines), maxPushLines)
	}
	size := 0
	stream := pushStream{Stream: map[string]string{labelService: ownService, labelKind: kind}}
	for _, l := range lines {
		if !utf8.ValidString(l.Text) {
			return refuse("a line is no valid UTF-8 and would be stored as another")
		}
		if size += len(l.Text); size > maxPushBytes {
			return refuse("the lines have more than %d bytes together", maxPushBytes)
		}
		stream.Values = append(stream.Values, []any{strconv.FormatInt(l.Time.UnixNano(), 10), l.Text})
	}
	body, err := json.Marshal(push{Streams: []pushStream{stream}})
	if err != nil {
		return refuse("they cannot be written as JSON")
	}
	return body, nil
}

// pushError says whether trying again makes sense.
func pushError(err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err // the caller left
	}
	retry := false
	switch {
	case e.Status == http.StatusNotFound: // another program answers
	case errors.Is(e.Kind, ErrUnavailable), errors.Is(e.Kind, ErrTimeout), errors.Is(e.Kind, ErrThrottled), errors.Is(e.Kind, ErrServer), errors.Is(e.Kind, ErrReply):
		retry = true
	}
	return &PushError{Err: e, Retryable: retry}
}
