package loki

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	// MaxBytes bounds one reply, 16 MiB by default and 1 GiB at most. A page that
	// exceeds it is read in smaller pages.
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
		o.MaxBytes = 16 << 20
	}
	o.MaxBytes = min(o.MaxBytes, 1<<30)
	if o.MaxSeries <= 0 {
		o.MaxSeries = 500
	}
	return &Client{opts: o, base: u}, nil
}

// longParams is how many bytes of parameters fit in a URL: proxies in between
// refuse longer ones. Beyond it they are sent as a form.
const longParams = 2000

// maxQuery is the length from which on Loki's parser refuses a query (v3.7).
const maxQuery = 131072

// send sends a request and returns the reply if it is 200; the caller closes it with
// closeReply. Failures are [*Error], or ctx's own error where the caller left.
func (c *Client) send(ctx context.Context, path string, params url.Values) (*http.Response, error) {
	if n := len(params.Get("query")); n >= maxQuery {
		return nil, &Error{Kind: ErrRejected, Detail: fmt.Sprintf("the query has %d bytes and Loki takes less than %d; write a shorter one", n, maxQuery)}
	}
	u := *c.base
	u.Path += path
	method, encoded, form := http.MethodGet, params.Encode(), ""
	if len(encoded) > longParams {
		method, form = http.MethodPost, encoded
	} else {
		u.RawQuery = encoded
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), strings.NewReader(form))
	if err != nil {
		return nil, &Error{Kind: ErrUnavailable, Detail: "the request cannot be built", cause: err}
	}
	if form != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		// Not sent; it tells net/http that the request may be repeated on a fresh
		// connection where an idle one turns out to be closed.
		req.Header["Idempotency-Key"] = nil
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

// closeReply closes a reply. What little stands behind the JSON is read first, or
// the connection could not be used again.
func closeReply(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 1<<10) // a failure only costs the connection
	_ = res.Body.Close()
}

// Health asks whether Loki answers queries for the tenant, with the cheapest
// query there is. It returns Loki's version, empty where a gateway hides it.
func (c *Client) Health(ctx context.Context) (version string, err error) {
	res, err := c.send(ctx, apiPath+"/labels", url.Values{"since": {"1m"}})
	if err != nil {
		return "", err
	}
	defer closeReply(res)
	s := newScanner(res.Body, c.opts.MaxBytes)
	if err := s.object(func([]byte) error { return s.skip(0) }); err != nil {
		return "", replyReadError(ctx, err)
	}
	if res, err = c.send(ctx, apiPath+"/status/buildinfo", nil); err != nil {
		return "", ctx.Err()
	}
	defer closeReply(res)
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

// Series runs a metric query over the window, one point per step.
func (c *Client) Series(ctx context.Context, q Query, w Window, step time.Duration) ([]Series, error) {
	res, err := c.send(ctx, apiPath+"/query_range", url.Values{
		"query": {q.Text},
		"start": {nanos(w.Start)},
		"end":   {nanos(w.End)},
		"step":  {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)},
	})
	if err != nil {
		return nil, err
	}
	defer closeReply(res)
	series, err := decodeMatrix(res.Body, c.opts.MaxBytes, c.opts.MaxSeries)
	if err != nil {
		return nil, replyReadError(ctx, err)
	}
	return series, nil
}

// Step returns a step for a metric query over w: at most 240 points, at least a
// second, whole seconds.
func Step(w Window) time.Duration {
	return max(time.Second, (w.Length()/240 + time.Second - 1).Truncate(time.Second))
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
