package lanes

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// A Statement is one place in a program that logs: lines of one kind in one stream, which
// come by chance (Poisson), at a rate that may change.
type Statement struct {
	// Labels are those of the stream. Statements with equal Key share it.
	Labels map[string]string
	// Key is the name of the stream.
	Key string
	// Level is what Loki detects in the lines.
	Level string
	// Text is the line; each # in it becomes a number that differs from line to line.
	Text string
	// PerMinute is the mean number of lines in the minute that begins at t.
	PerMinute func(t time.Time) float64
}

// Steady is the rate of a statement with this mean in a quarter of an hour.
func Steady(mean float64) func(time.Time) float64 {
	return func(time.Time) float64 { return mean / 15 }
}

// During is a rate from one time until another.
func During(from, until time.Time, perMinute float64) func(time.Time) float64 {
	return func(t time.Time) float64 {
		if t.Before(from) || !t.Before(until) {
			return 0
		}
		return perMinute
	}
}

// Logs is a stub of a Loki in memory whose lines follow from its seed. It selects by a
// namespace="…" in the query, if there is one, and reads nothing else of it. It is safe
// for concurrent use; set the fields before.
type Logs struct {
	Seed       uint64
	Statements []Statement
	// Now is the clock: what lies after it cannot be seen.
	Now func() time.Time
	// Latency is how long each request takes.
	Latency time.Duration

	mu      sync.Mutex
	minutes map[int64][]line
}

type line struct {
	at        int64
	statement int
	number    uint32
}

// maxMinutes bounds the minutes whose lines are kept; they can be made again.
const maxMinutes = 4096

// minute returns the lines of the minute that begins at a time, in their order.
func (l *Logs) minute(start int64) []line {
	l.mu.Lock()
	defer l.mu.Unlock()
	if lines, ok := l.minutes[start]; ok {
		return lines
	}
	if l.minutes == nil || len(l.minutes) >= maxMinutes {
		l.minutes = map[int64][]line{}
	}
	r := rand.New(rand.NewPCG(l.Seed, uint64(start))) //nolint:gosec // the same lines each time
	var lines []line
	for i, s := range l.Statements {
		for range poisson(r, s.PerMinute(time.Unix(0, start))) {
			lines = append(lines, line{at: start + 1 + r.Int64N(int64(time.Minute)), statement: i, number: r.Uint32()})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	l.minutes[start] = lines
	return lines
}

// poisson draws a count with this mean, by counting arrivals.
func poisson(r *rand.Rand, mean float64) (n int) {
	for at := r.ExpFloat64(); at < mean; at += r.ExpFloat64() {
		n++
	}
	return n
}

var namespace = regexp.MustCompile(`namespace="([^"]+)"`)

// each calls f for the lines of (start, end] that a query selects.
func (l *Logs) each(q loki.Query, start, end int64, f func(line, *Statement)) {
	only := ""
	if m := namespace.FindStringSubmatch(q.Text); m != nil {
		only = m[1]
	}
	const n = int64(time.Minute)
	end = min(end, l.Now().UnixNano())
	for at := start / n * n; at < end; at += n {
		for _, x := range l.minute(at) {
			s := &l.Statements[x.statement]
			if x.at > start && x.at <= end && (only == "" || s.Labels["namespace"] == only) {
				f(x, s)
			}
		}
	}
}

// Count returns how many lines there are of a text in (start, end].
func (l *Logs) Count(text string, start, end time.Time) (n int) {
	l.each(loki.Query{}, start.UnixNano(), end.UnixNano(), func(_ line, s *Statement) {
		if s.Text == text {
			n++
		}
	})
	return n
}

func (l *Logs) wait(ctx context.Context) error {
	if l.Latency <= 0 {
		return ctx.Err()
	}
	return sleep(ctx, l.Latency)
}

// Buckets implements analysis.Logs.
func (l *Logs) Buckets(ctx context.Context, q loki.Query, w loki.Window, step time.Duration, by []string) ([]loki.Bucket, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	type key struct {
		end    int64
		stream string
		level  string
	}
	counts := map[key]*loki.Bucket{}
	var order []key
	n := step.Nanoseconds()
	l.each(q, w.Start.UnixNano(), w.End.UnixNano(), func(x line, s *Statement) {
		k := key{(x.at-1)/n*n + n, s.Key, s.Level}
		b, ok := counts[k]
		if !ok {
			labels := map[string]string{}
			for _, name := range by {
				labels[name] = s.Labels[name]
			}
			labels["detected_level"] = s.Level
			b = &loki.Bucket{End: k.end, Labels: labels}
			counts[k] = b
			order = append(order, k)
		}
		b.Lines++
	})
	out := make([]loki.Bucket, len(order))
	for i, k := range order {
		out[i] = *counts[k]
	}
	return out, nil
}

// Read implements analysis.Logs.
func (l *Logs) Read(ctx context.Context, q loki.Query, parts []loki.Part, _ loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error) {
	if err := l.wait(ctx); err != nil {
		return nil, err
	}
	streams := map[string]*loki.Stream{}
	out := make([]loki.PartRead, len(parts))
	for i, p := range parts {
		l.each(q, p.Start, p.End, func(x line, s *Statement) {
			if streams[s.Key] == nil {
				streams[s.Key] = &loki.Stream{Labels: s.Labels, Key: s.Key}
			}
			sink(i, loki.Entry{Time: x.at, Stream: streams[s.Key], Level: s.Level, Line: []byte(s.line(x.number))})
			out[i].Lines++
		})
		out[i].Requests = 1
	}
	return out, nil
}

// line writes a line with this number.
func (s *Statement) line(number uint32) string {
	digits := [...]byte{'0', '0', '0', '0', '0', '0'}
	var b strings.Builder
	for _, r := range s.Text {
		if r != '#' {
			b.WriteRune(r)
			continue
		}
		for i := range digits {
			digits[i] = '0' + byte(number/uint32(math.Pow10(i))%10)
		}
		number = number*1664525 + 1013904223
		b.Write(digits[:])
	}
	return b.String()
}

// Series implements analysis.Logs; there are none.
func (l *Logs) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, errors.New("the stub has no series")
}

// Streams implements analysis.Logs; nothing has to be left out.
func (l *Logs) Streams(ctx context.Context, _ loki.Query, _ loki.Window, _ ...string) ([]map[string]string, error) {
	return nil, l.wait(ctx)
}
