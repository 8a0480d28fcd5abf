package loki

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Limits bound one read.
type Limits struct {
	// Lines is how many lines are read at most.
	Lines int
	// Page is how many lines one request asks for, 5,000 by default: Loki's own
	// default maximum. A server that allows fewer is noticed and obeyed.
	Page int
}

// A Read says what a call of [Client.Lines] covered.
type Read struct {
	// Total is the exact number of lines that the query selects.
	Total int64
	// Lines is how many of them were read.
	Lines int
	// Sampled says that the window holds more lines than the limit, so that its
	// slices were read up to a share each, newest first.
	Sampled bool
	// Unpageable counts timestamps with more lines than one page, of which only
	// one page could be read: Loki pages by time alone.
	Unpageable int
	Requests   int
	// Totals are the exact numbers by group, where by was given.
	Totals []Total
}

// sampleSlices is how many equal slices a window is divided into when it cannot
// be read whole, so that its beginning is seen as well as its end.
const sampleSlices = 12

// quietShare is the part of the line budget that is divided equally between the
// slices; the rest goes to them by their number of lines, so that shares of the
// sample are close to shares of the window and a quiet slice is still seen.
const quietShare = 0.25

// Lines reads the lines of a log query in the order of time, stream and text and
// passes each to line, whose argument is only valid during the call. Where the
// window holds more than the limit, it is sampled over time; the result says so. The window is widened to whole milliseconds. Memory is bounded by one
// page.
func (c *Client) Lines(ctx context.Context, q Query, w Window, by []string, limits Limits, line func(Entry)) (Read, error) {
	if limits.Page <= 0 {
		limits.Page = 5000
	}
	w = w.Aligned()
	totals, err := c.Count(ctx, q, w, by)
	if err != nil {
		return Read{}, err
	}
	r := &reader{c: c, q: q, by: by, limit: limits.Lines, streams: streamSet{}, page: min(limits.Page, max(1, limits.Lines)), line: line}
	r.read.Totals, r.read.Requests = totals, 1
	for _, t := range totals {
		r.read.Total += t.Lines
	}
	if r.read.Total == 0 {
		return r.read, nil
	}
	start, end := w.Start.UnixNano(), w.End.UnixNano()
	if r.read.Total <= int64(limits.Lines) {
		err = r.forward(ctx, start, end)
	} else {
		r.read.Sampled = true
		err = r.sample(ctx, start, end, limits.Lines)
	}
	// Lines that arrive between counting and reading are read, too.
	r.read.Total = max(r.read.Total, int64(r.read.Lines))
	return r.read, err
}

type reader struct {
	c       *Client
	q       Query
	by      []string
	limit   int
	streams streamSet
	page    int
	line    func(Entry)
	read    Read

	entries []held
	text    []byte // the lines of the page, back to back
}

// held is an entry of the page under way; its line is text[from:to].
type held struct {
	Entry
	from, to int
}

// fetch reads one page into r.entries, ordered.
func (r *reader) fetch(ctx context.Context, start, end int64, limit int, direction string) error {
	for {
		r.entries, r.text = r.entries[:0], r.text[:0]
		r.read.Requests++
		err := r.c.page(ctx, r.q, start, end, min(limit, r.page), direction, r.streams, r.by, func(e Entry) {
			from := len(r.text)
			r.text = append(r.text, e.Line...)
			r.entries = append(r.entries, held{Entry: e, from: from, to: len(r.text)})
		})
		allowed := allowedLimit(err)
		if errors.Is(err, ErrTooLarge) {
			allowed = min(limit, r.page) / 2
		}
		if allowed == 0 || allowed >= min(limit, r.page) {
			r.order()
			return err
		}
		r.page = allowed
	}
}

func (r *reader) order() {
	for i := range r.entries {
		e := &r.entries[i]
		e.Line = r.text[e.from:e.to]
	}
	slices.SortStableFunc(r.entries, func(a, b held) int {
		if a.Time != b.Time {
			return cmp.Compare(a.Time, b.Time)
		}
		if a.Stream != b.Stream {
			return cmp.Compare(a.Stream.Key, b.Stream.Key)
		}
		return bytes.Compare(a.Line, b.Line)
	})
}

func (r *reader) emit(n int) {
	for i := range r.entries[:n] {
		r.line(r.entries[i].Entry)
	}
	r.read.Lines += n
}

// forward reads [start, end) whole, page by page. The last timestamp of a full
// page may be incomplete, so it is left to the next page.
func (r *reader) forward(ctx context.Context, start, end int64) error {
	for start < end {
		if r.read.Lines >= r.limit+r.page {
			r.read.Sampled = true // far more arrived than was counted
			return nil
		}
		if err := r.fetch(ctx, start, end, r.page, "forward"); err != nil {
			return err
		}
		n := len(r.entries)
		if n > 0 && r.entries[0].Time < start {
			return &Error{Kind: ErrReply, Detail: "it holds lines from before the time that was asked for"} // paging would never end
		}
		if n < r.page {
			r.emit(n)
			return nil
		}
		last := r.entries[n-1].Time
		if last == r.entries[0].Time && last <= start {
			r.read.Unpageable++
			r.emit(n)
			start = last + 1
			continue
		}
		whole := n
		for whole > 0 && r.entries[whole-1].Time == last {
			whole--
		}
		r.emit(whole)
		start = last
	}
	return nil
}

// A slice is a part of the window with its exact number of lines.
type slice struct{ start, end, lines int64 }

// sample reads a share of each slice of the window, limit lines in all.
func (r *reader) sample(ctx context.Context, start, end int64, limit int) error {
	parts, err := r.slices(ctx, start, end)
	if err != nil {
		return err
	}
	quiet := quietShare * float64(limit) / float64(len(parts))
	floor := func(s slice) float64 { return min(float64(s.lines), quiet) }
	rest, weight := float64(limit), 0.0
	for _, s := range parts {
		rest -= floor(s)
		weight += float64(s.lines) - floor(s)
	}
	due := 0.0 // carried on, so that rounding loses no line
	for _, s := range parts {
		due += floor(s) + rest*(float64(s.lines)-floor(s))/max(1, weight)
		share := int(due + 1e-6)
		due -= float64(share)
		if err := r.part(ctx, s, share); err != nil {
			return err
		}
	}
	return nil
}

// slices divides the window and counts each part.
func (r *reader) slices(ctx context.Context, start, end int64) ([]slice, error) {
	width := max(int64(time.Millisecond), wholeMillis((end-start)/sampleSlices))
	var out []slice
	for from := start; from < end; from += width {
		s := slice{start: from, end: min(from+width, end)}
		if len(out) == sampleSlices-1 {
			s.end = end
		}
		var err error
		if s.lines, err = r.count(ctx, s.start, s.end); err != nil {
			return nil, err
		}
		out = append(out, s)
		if s.end == end {
			break
		}
	}
	return out, nil
}

func wholeMillis(ns int64) int64 { return ns / int64(time.Millisecond) * int64(time.Millisecond) }

func (r *reader) count(ctx context.Context, start, end int64) (lines int64, err error) {
	r.read.Requests++
	totals, err := r.c.Count(ctx, r.q, Window{Start: time.Unix(0, start), End: time.Unix(0, end)}, nil)
	for _, t := range totals {
		lines += t.Lines
	}
	return lines, err
}

// part reads share lines of a slice. What one page cannot hold is divided in time
// by where the lines are, so that order and memory stay bounded and a burst gets
// the share it has; what one page can hold is read newest first.
func (r *reader) part(ctx context.Context, s slice, share int) error {
	switch {
	case share <= 0 || s.lines == 0:
		return nil
	case int64(share) >= s.lines:
		return r.forward(ctx, s.start, s.end)
	}
	middle := s.start + wholeMillis((s.end-s.start)/2)
	if share > r.page && middle > s.start {
		left, err := r.count(ctx, s.start, middle)
		if err != nil {
			return err
		}
		left = min(left, s.lines)
		first := int(float64(share)*float64(left)/float64(s.lines) + 0.5)
		if err := r.part(ctx, slice{s.start, middle, left}, first); err != nil {
			return err
		}
		return r.part(ctx, slice{middle, s.end, s.lines - left}, share-first)
	}
	page := r.page
	if err := r.fetch(ctx, s.start, s.end, share, "backward"); err != nil {
		return err
	}
	if r.page < page && len(r.entries) < share && middle > s.start {
		return r.part(ctx, s, share) // the server allows smaller pages, so the part must be divided
	}
	r.emit(len(r.entries))
	return nil
}

// limitText is Loki's refusal of a page size (v3.7, pkg/querier/queryrange).
var limitText = regexp.MustCompile(`max entries limit per query exceeded, limit > max_entries_limit(?:_per_query)? \(\d+ > (\d+)\)`)

// allowedLimit returns the page size that Loki allows where err is its refusal of
// a larger one, else 0.
func allowedLimit(err error) int {
	var e *Error
	if !errors.As(err, &e) || !errors.Is(e.Kind, ErrRejected) {
		return 0
	}
	m := limitText.FindStringSubmatch(e.Detail)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1]) // the expression matches digits only
	return n
}

// Step returns a step for a metric query over w: at most 240 points, at least a
// second, whole seconds.
func Step(w Window) time.Duration {
	return max(time.Second, (w.Length()/240 + time.Second - 1).Truncate(time.Second))
}
