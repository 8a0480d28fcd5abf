package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A PushStream is lines of one stream, in the order of time.
type PushStream struct {
	Labels map[string]string
	Lines  []PushEntry
}

// A PushEntry is a line under a timestamp in Unix nanoseconds. Metadata is its structured
// metadata, nil for none.
type PushEntry struct {
	Time     int64
	Text     string
	Metadata map[string]string
}

// entryOverhead is about what an entry adds to its texts in a push request.
const entryOverhead = 48

// Size returns about how many bytes the entry adds to a push request.
func (e *PushEntry) Size() int {
	n := len(e.Text) + entryOverhead
	for k, v := range e.Metadata {
		n += len(k) + len(v) + 6
	}
	return n
}

// PushStreams writes lines to streams of the caller's choice, in one request of at most
// 2 MiB as [PushEntry.Size] counts, and returns nil when Loki has acknowledged them all. It
// does not try again. Where Loki refuses one line it may have stored the others. Failures
// are as those of [Client.Push].
func (c *Client) PushStreams(ctx context.Context, streams []PushStream) error {
	body, err := streamsBody(streams)
	if err == nil && len(body) > 0 {
		err = c.push(ctx, body)
	}
	if e, ok := errors.AsType[*PushError](err); ok {
		e.foreign = true
	}
	return err
}

// streamsBody returns the body of a push request, empty without lines.
func streamsBody(streams []PushStream) ([]byte, error) {
	refuse := func(format string, args ...any) ([]byte, error) {
		return nil, &PushError{Err: &Error{Kind: ErrRejected, Detail: fmt.Sprintf(format, args...)}}
	}
	var out push
	size := 0
	for _, s := range streams {
		values := make([][]any, 0, len(s.Lines))
		for i := range s.Lines {
			l := &s.Lines[i]
			if !utf8.ValidString(l.Text) {
				return refuse("a line is no valid UTF-8 and would be stored as another")
			}
			if size += l.Size(); size > maxPushBytes {
				return refuse("the lines have more than %d bytes together", maxPushBytes)
			}
			value := []any{strconv.FormatInt(l.Time, 10), l.Text}
			if len(l.Metadata) > 0 {
				value = append(value, l.Metadata)
			}
			values = append(values, value)
		}
		if len(values) > 0 {
			out.Streams = append(out.Streams, pushStream{Stream: s.Labels, Values: values})
		}
	}
	if len(out.Streams) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // < would take six bytes
	if err := enc.Encode(out); err != nil {
		return refuse("they cannot be written as JSON")
	}
	return b.Bytes(), nil
}
