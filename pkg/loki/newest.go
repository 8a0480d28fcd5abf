package loki

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// A Line is one log line that a caller keeps.
type Line struct {
	Time   time.Time
	Text   string
	Labels map[string]string // of its stream
}

// newestPage is how many lines one request asks for: Loki's own default maximum.
const newestPage = 5000

// Newest returns the up to n newest lines of a log query in w, the newest first. Of
// more lines at one time than a page holds, some are left out.
func (c *Client) Newest(ctx context.Context, q Query, w Window, n int) ([]Line, error) {
	var out []Line
	start, end := w.Start.UnixNano(), w.End.UnixNano()
	for len(out) < n && start < end {
		limit := min(newestPage, n-len(out))
		page, err := c.newestPage(ctx, q, start, end, limit)
		if err != nil {
			return nil, err
		}
		out = append(out, page...)
		if len(page) < limit {
			break
		}
		end = page[len(page)-1].Time.UnixNano() // exclusive, so the rest at that time is left out
	}
	return out, nil
}

func (c *Client) newestPage(ctx context.Context, q Query, start, end int64, limit int) ([]Line, error) {
	res, err := c.send(ctx, apiPath+"/query_range", url.Values{
		"query": {q.Text}, "direction": {"backward"}, "limit": {strconv.Itoa(limit)},
		"start": {strconv.FormatInt(start, 10)}, "end": {strconv.FormatInt(end, 10)},
	})
	if err != nil {
		return nil, err
	}
	defer closeReply(res)
	p := newPage(nil)
	if err := p.read(newScanner(nil, 0), res.Body, c.opts.MaxBytes); err != nil {
		return nil, replyReadError(ctx, err)
	}
	out := make([]Line, 0, len(p.entries))
	for _, e := range p.entries {
		out = append(out, Line{Time: time.Unix(0, e.time), Text: string(p.text[e.from : e.from+e.length]), Labels: p.streams[e.stream].Labels})
	}
	slices.SortStableFunc(out, func(a, b Line) int { return cmp.Compare(b.Time.UnixNano(), a.Time.UnixNano()) })
	return out, nil
}
