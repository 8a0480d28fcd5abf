package loki

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Options configure a [Client].
type Options struct {
	// URL is Loki's base URL, with or without /loki/api/v1 behind it. Credentials
	// in it are used for basic authentication.
	URL string
	// HTTP sends the requests; it carries authentication, TLS and timeouts.
	HTTP *http.Client
	// Tenant is sent as X-Scope-OrgID unless it is empty.
	Tenant string
	// MaxBytes bounds one reply, 64 MiB by default. A page that exceeds it is read
	// in smaller pages.
	MaxBytes int64
	// MaxSeries bounds the series of a metric query, 500 by default.
	MaxSeries int
}

// A Client reads one Loki as one tenant. It is safe for concurrent use.
type Client struct {
	opts Options
	base *url.URL
}

// apiPath is where Loki's HTTP API lies.
const apiPath = "/loki/api/v1"

// NewClient checks the options and returns a client. It sends nothing.
func NewClient(o Options) (*Client, error) {
	if strings.TrimSpace(o.URL) == "" {
		return nil, errors.New("no URL of Loki is set: enter it in the data source's settings, for example http://loki:3100")
	}
	u, err := url.Parse(strings.TrimSpace(o.URL))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, errors.New("the URL of Loki must look like http://loki:3100")
	}
	u.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), apiPath)
	u.RawQuery, u.Fragment = "", ""
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxSeries <= 0 {
		o.MaxSeries = 500
	}
	return &Client{opts: o, base: u}, nil
}

// get sends a request and returns the reply if it is 200; the caller closes its
// body. Failures are [*Error], or ctx's own error where the caller left.
func (c *Client) get(ctx context.Context, path string, params url.Values) (*http.Response, error) {
	u := *c.base
	u.Path += path
	u.RawQuery = params.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, &Error{Kind: ErrUnavailable, Detail: "the request cannot be built", cause: err}
	}
	// Without this flag each set of parsed labels and structured metadata comes
	// back as a stream of its own.
	req.Header.Set("X-Loki-Response-Encoding-Flags", "categorize-labels")
	req.Header.Set("X-Query-Tags", "Source=lokalyst")
	if c.opts.Tenant != "" {
		req.Header.Set("X-Scope-OrgID", c.opts.Tenant)
	}
	res, err := c.opts.HTTP.Do(req)
	if err != nil {
		return nil, transportError(ctx, err, ErrUnavailable)
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		return nil, replyError(res)
	}
	return res, nil
}

// Health asks whether Loki answers queries for the tenant, with the cheapest
// query there is. It returns Loki's version, empty where a gateway hides it.
func (c *Client) Health(ctx context.Context) (version string, err error) {
	res, err := c.get(ctx, apiPath+"/labels", url.Values{"since": {"1m"}})
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	s := newScanner(res.Body, c.opts.MaxBytes)
	if err := s.object(func([]byte) error { return s.skip(0) }); err != nil {
		return "", replyReadError(ctx, err)
	}
	if res, err = c.get(ctx, apiPath+"/status/buildinfo", nil); err != nil {
		return "", ctx.Err()
	}
	defer res.Body.Close()
	s = newScanner(res.Body, maxErrorBody)
	_ = s.object(func(key []byte) error { // a version that cannot be read is no failure
		if string(key) != "version" {
			return s.skip(0)
		}
		v, err := s.str()
		version = oneLine(string(v))
		return err
	})
	return version, nil
}

// Count returns the exact number of lines that a log query selects in the window,
// which must be aligned, by group where by names labels.
func (c *Client) Count(ctx context.Context, q Query, w Window, by []string) ([]Total, error) {
	// A range selector covers (time-range, time]; moved by one nanosecond it is
	// the half-open window that query_range reads.
	res, err := c.get(ctx, apiPath+"/query", url.Values{
		"query": {countQuery(q, w.Length(), by)},
		"time":  {nanos(w.End.Add(-1))},
	})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	totals, err := decodeVector(res.Body, c.opts.MaxBytes)
	if err != nil {
		return nil, replyReadError(ctx, err)
	}
	return totals, nil
}

// Series runs a metric query over the window, one point per step.
func (c *Client) Series(ctx context.Context, q Query, w Window, step time.Duration) ([]Series, error) {
	res, err := c.get(ctx, apiPath+"/query_range", url.Values{
		"query": {q.Text},
		"start": {nanos(w.Start)},
		"end":   {nanos(w.End)},
		"step":  {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	series, err := decodeMatrix(res.Body, c.opts.MaxBytes, c.opts.MaxSeries)
	if err != nil {
		return nil, replyReadError(ctx, err)
	}
	return series, nil
}

// page requests up to limit entries of [start, end) and passes them to entry.
func (c *Client) page(ctx context.Context, q Query, start, end int64, limit int, direction string, streams streamSet, wanted []string, entry func(Entry)) error {
	res, err := c.get(ctx, apiPath+"/query_range", url.Values{
		"query":     {q.Text},
		"start":     {strconv.FormatInt(start, 10)},
		"end":       {strconv.FormatInt(end, 10)},
		"limit":     {strconv.Itoa(limit)},
		"direction": {direction},
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := decodeStreams(res.Body, c.opts.MaxBytes, streams, wanted, entry); err != nil {
		return replyReadError(ctx, err)
	}
	return nil
}

// replyReadError classifies a reply that broke off or is not Loki's.
func replyReadError(ctx context.Context, err error) error {
	if errors.Is(err, errSyntax) {
		return &Error{Kind: ErrReply, Detail: err.Error() + "; is this the URL of a Loki?", cause: err}
	}
	wrapped := transportError(ctx, err, ErrReply)
	var e *Error
	if errors.As(wrapped, &e) && errors.Is(e.Kind, ErrReply) {
		e.Detail = fmt.Sprintf("it broke off (%s); a proxy in between or a restart of Loki can cause this", e.Detail)
	}
	return wrapped
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
