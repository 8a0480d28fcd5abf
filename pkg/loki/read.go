package loki

import (
	"context"
	"errors"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// ReadOptions say how parts are read.
type ReadOptions struct {
	// Labels are the labels to keep of structured metadata and parser stages.
	Labels []string
	// Page is how many lines one request asks for, 5,000 by default: Loki's own
	// default maximum. A server that allows fewer is noticed and obeyed.
	Page int
	// Parallel is how many parts are read at a time, 1 by default. Each holds one
	// page in memory.
	Parallel int
}

// A PartRead says what was read of a part.
type PartRead struct {
	// Lines is how many lines were passed on.
	Lines int64
	// Unpageable counts timestamps with more lines than one page, of which only
	// one page could be read: Loki pages by time alone.
	Unpageable int
	Requests   int
	// Sampled says that lines were left out because of the part's share.
	Sampled bool
}

// Read reads parts of a log query and passes each line to sink, within a part in the
// order of time, stream key and text. Sink is called from several goroutines, but
// never concurrently for the same part.
//
// A part whose Share is not below its Lines is read whole, with up to a page of lines
// that arrived since they were counted. Of any other part, up to Share lines are
// read, spread over its time by where its lines are: in pieces of which each gives
// its first lines, at most one page of them unless it is shorter than a millisecond.
// There are at least twelve pieces, and each that has lines gives one at least where
// the share suffices.
//
// Where a part fails, the others are cancelled and its error is returned, with what
// was read until then.
func (c *Client) Read(ctx context.Context, q Query, parts []Part, o ReadOptions, sink func(part int, e Entry)) ([]PartRead, error) {
	if q.Kind != KindLogs {
		return nil, errors.New("lines can be read of a log query only")
	}
	out := make([]PartRead, len(parts))
	// The largest first, so that none is left over when the others are done.
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(min(1, max(-1, toRead(parts[b])-toRead(parts[a])))) })
	if o.Page <= 0 {
		o.Page = 5000
	}
	var allowed, next atomic.Int64
	allowed.Store(int64(o.Page))
	group, ctx := errgroup.WithContext(ctx)
	for range min(max(1, o.Parallel), len(parts)) {
		r := &reader{c: c, q: q, allowed: &allowed, page: newPage(o.Labels), scan: newScanner(nil, 0)}
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(order)); i = next.Add(1) - 1 {
				part := order[i]
				r.read, r.limit = PartRead{}, math.MaxInt64
				r.pass = func(e Entry) { sink(part, e) }
				err := r.part(ctx, parts[part])
				out[part] = r.read
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return out, group.Wait()
}

// toRead is how many lines of a part are read.
func toRead(p Part) int64 { return min(p.Lines, p.Share) }

// A reader reads one part after the other with the same buffers.
type reader struct {
	c *Client
	q Query
	// allowed is the page size that the server allows, shared by all readers.
	allowed *atomic.Int64
	// limit is the page size that the part's long lines allow.
	limit int64
	scan  *scanner
	page  *page
	pass  func(Entry)
	read  PartRead
}

func (r *reader) part(ctx context.Context, p Part) error {
	switch {
	case p.End <= p.Start || p.Share <= 0 && p.Lines > 0:
		r.read.Sampled = p.Lines > 0
		return nil
	case p.Share < p.Lines:
		r.read.Sampled = true
		return r.sample(ctx, p)
	}
	late := min(r.allowed.Load(), math.MaxInt64-p.Share)
	whole, err := r.forward(ctx, p.Start+1, p.End+1, p.Share+late)
	r.read.Sampled = err == nil && !whole
	return err
}

// forward reads up to limit lines of [start, end), page by page, and reports whether
// those were all. The last timestamp of a full page may be incomplete, so it is left
// to the next page.
func (r *reader) forward(ctx context.Context, start, end, limit int64) (whole bool, err error) {
	for start < end {
		if limit <= 0 {
			return false, nil
		}
		size, err := r.fetch(ctx, start, end, limit)
		if err != nil {
			return false, err
		}
		n := int64(len(r.page.entries))
		if n == 0 {
			return true, nil
		}
		first, last := r.page.bounds()
		if first < start || last >= end {
			return false, &Error{Kind: ErrReply, Detail: "it holds lines from outside the time that was asked for"} // paging would never end
		}
		until := int64(math.MaxInt64)
		if n >= size && n < limit && first < last {
			until = last
		}
		passed := r.page.each(until, limit, r.pass)
		r.read.Lines += passed
		limit -= passed
		if n < size {
			return true, nil
		}
		if start = last; first == last && limit > 0 {
			if err := r.stuck(ctx, last, n); err != nil {
				return false, err
			}
			start = last + 1
		}
	}
	return true, nil
}

// stuck finds out whether a timestamp that filled a page alone has more lines, by
// asking for one more than the page.
func (r *reader) stuck(ctx context.Context, at, lines int64) error {
	r.read.Requests++
	err := r.request(ctx, at, at+1, lines+1)
	switch {
	case allowedLimit(err) > 0 || errors.Is(err, ErrTooLarge):
		r.read.Unpageable++ // it cannot be known, and just as many as a page has are unlikely
		return nil
	case err == nil && int64(len(r.page.entries)) > lines:
		r.read.Unpageable++
	}
	return err
}

// fetch reads one page of at most limit lines, and returns how many lines a full
// page has.
func (r *reader) fetch(ctx context.Context, start, end, limit int64) (size int64, err error) {
	for {
		size = min(limit, r.limit, r.allowed.Load())
		r.read.Requests++
		err = r.request(ctx, start, end, size)
		if errors.Is(err, ErrTooLarge) && size > 1 {
			r.limit = size / 2
			continue
		}
		allowed := allowedLimit(err)
		if allowed == 0 || allowed >= size {
			return size, err
		}
		r.allowed.Store(allowed)
	}
}

func (r *reader) request(ctx context.Context, start, end, limit int64) error {
	res, err := r.c.send(ctx, apiPath+"/query_range", url.Values{
		"query":     {r.q.Text},
		"start":     {strconv.FormatInt(start, 10)},
		"end":       {strconv.FormatInt(end, 10)},
		"limit":     {strconv.FormatInt(limit, 10)},
		"direction": {"forward"},
	})
	if err != nil {
		return err
	}
	defer closeReply(res)
	if err := r.page.read(r.scan, res.Body, r.c.opts.MaxBytes); err != nil {
		return replyReadError(ctx, err)
	}
	return nil
}

// limitText is Loki's refusal of a page size (v3.7, pkg/querier/queryrange).
var limitText = regexp.MustCompile(`max entries limit per query exceeded, limit > max_entries_limit(?:_per_query)? \(\d+ > (\d+)\)`)

// allowedLimit returns the page size that Loki allows where err is its refusal of
// a larger one, else 0.
func allowedLimit(err error) int64 {
	var e *Error
	if !errors.As(err, &e) || !errors.Is(e.Kind, ErrRejected) {
		return 0
	}
	m := limitText.FindStringSubmatch(e.Detail)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseInt(m[1], 10, 64) // the expression matches digits only
	return n
}
