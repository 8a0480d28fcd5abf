package testenv

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Entry is one log line.
type Entry struct {
	Time time.Time
	Line string
	// Metadata is the line's structured metadata; nil for none.
	Metadata map[string]string
}

// Stream is lines of one set of labels, in any order.
type Stream struct {
	Labels  map[string]string
	Entries []Entry
}

const (
	// pushBytes is about how much one push request carries, well below what Loki takes.
	pushBytes = 3 << 20
	// entryOverhead is what an entry adds to its line in a push request, about.
	entryOverhead = 64
)

// Push sends lines to Loki in requests of a few megabytes and returns when Loki has acknowledged them all, from when on
// they can be read. Tenant may be empty where Loki is not multi-tenant. The first request that Loki refuses ends it;
// what was sent before stays.
func (l *Loki) Push(ctx context.Context, tenant string, streams []Stream) error {
	batch := pushBatch{}
	for _, stream := range streams {
		begin := 0
		for i, entry := range stream.Entries {
			if batch.size > 0 && batch.size+entry.size() > pushBytes {
				batch.add(stream.Labels, stream.Entries[begin:i])
				if err := l.send(ctx, tenant, batch); err != nil {
					return err
				}
				batch, begin = pushBatch{}, i
			}
			batch.size += entry.size()
		}
		batch.add(stream.Labels, stream.Entries[begin:])
	}
	if len(batch.Streams) == 0 {
		return nil
	}
	return l.send(ctx, tenant, batch)
}

func (e Entry) size() int {
	n := len(e.Line) + entryOverhead
	for key, value := range e.Metadata {
		n += len(key) + len(value)
	}
	return n
}

// pushBatch is the body of one push request.
type pushBatch struct {
	Streams []pushStream `json:"streams"`
	size    int
}

type pushStream struct {
	Stream map[string]string `json:"stream"`
	Values [][]any           `json:"values"`
}

func (b *pushBatch) add(labels map[string]string, entries []Entry) {
	if len(entries) == 0 {
		return
	}
	values := make([][]any, 0, len(entries))
	for _, entry := range entries {
		value := []any{strconv.FormatInt(entry.Time.UnixNano(), 10), entry.Line}
		if len(entry.Metadata) > 0 {
			value = append(value, entry.Metadata)
		}
		values = append(values, value)
	}
	b.Streams = append(b.Streams, pushStream{Stream: labels, Values: values})
}

func (l *Loki) send(ctx context.Context, tenant string, batch pushBatch) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(batch); err != nil {
		return fmt.Errorf("testenv: Loki push: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL+"/loki/api/v1/push", &body)
	if err != nil {
		return fmt.Errorf("testenv: Loki push: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if tenant != "" {
		request.Header.Set("X-Scope-OrgID", tenant)
	}
	response, err := pollClient().Do(request)
	if err != nil {
		return fmt.Errorf("testenv: Loki push: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("testenv: Loki push: %w", errors.New(response.Status+": "+readSome(response.Body)))
	}
	return nil
}
