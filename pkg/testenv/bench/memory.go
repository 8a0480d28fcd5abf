package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// memoryLogs is a Loki of one stream whose lines can arrive late: a query sees those
// that arrived until now.
type memoryLogs struct {
	lines []memoryLine // ordered by time
	now   time.Time
	// read is how many lines were passed on.
	read   int64
	stream *loki.Stream
}

type memoryLine struct {
	at, arrived int64
	text        string
}

func newMemoryLogs(now time.Time) *memoryLogs {
	return &memoryLogs{now: now, stream: &loki.Stream{Labels: map[string]string{"app": "bench"}, Key: `{app="bench"}`}}
}

// add appends a line, which must not be older than the one before. The zero time of
// arrival is the beginning of time.
func (m *memoryLogs) add(at, arrived time.Time, text string) {
	l := memoryLine{at: at.UnixNano(), text: text}
	if !arrived.IsZero() {
		l.arrived = arrived.UnixNano()
	}
	m.lines = append(m.lines, l)
}

// visible returns the lines of (start, end] that arrived.
func (m *memoryLogs) visible(start, end int64, f func(*memoryLine)) {
	from, _ := slices.BinarySearchFunc(m.lines, start+1, func(l memoryLine, t int64) int { return cmp.Compare(l.at, t) })
	for i := from; i < len(m.lines) && m.lines[i].at <= end; i++ {
		if m.lines[i].arrived <= m.now.UnixNano() {
			f(&m.lines[i])
		}
	}
}

func (m *memoryLogs) Buckets(_ context.Context, _ loki.Query, w loki.Window, step time.Duration, _ []string) ([]loki.Bucket, error) {
	var out []loki.Bucket
	n := step.Nanoseconds()
	m.visible(w.Start.UnixNano(), w.End.UnixNano(), func(l *memoryLine) {
		end := (l.at-1)/n*n + n
		if len(out) == 0 || out[len(out)-1].End != end {
			out = append(out, loki.Bucket{End: end, Labels: map[string]string{"detected_level": "info"}})
		}
		out[len(out)-1].Lines++
	})
	return out, nil
}

func (m *memoryLogs) Read(_ context.Context, _ loki.Query, parts []loki.Part, _ loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error) {
	out := make([]loki.PartRead, len(parts))
	for i, p := range parts {
		m.visible(p.Start, p.End, func(l *memoryLine) {
			sink(i, loki.Entry{Time: l.at, Stream: m.stream, Level: "info", Line: []byte(l.text)})
			out[i].Lines++
			m.read++
		})
	}
	return out, nil
}

func (m *memoryLogs) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, errors.New("there are no series")
}

func (m *memoryLogs) Streams(context.Context, loki.Query, loki.Window, ...string) ([]map[string]string, error) {
	return nil, nil
}
