package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// discard sends the requests to the server at base, one after another, and throws the bodies away unread by any decoder.
func discard(ctx context.Context, client *http.Client, base string, requests []*url.URL) error {
	for _, u := range requests {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+u.RequestURI(), nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", u.Path, res.Status)
		}
	}
	return nil
}

// withoutLoki returns the median CPU time of f less that of its requests: server and transport run in this process too,
// and what they take is measured by sending the same requests to base through client, which must reach l the way f
// does, and throwing the replies away.
func withoutLoki(ctx context.Context, runs int, l *corpusLoki, client *http.Client, base string, f func() error) (own, transport time.Duration, err error) {
	l.asked()
	if err := f(); err != nil {
		return 0, 0, err
	}
	requests := l.asked()
	all, err := median(runs, f)
	if err != nil {
		return 0, 0, err
	}
	transport, err = median(runs, func() error { return discard(ctx, client, base, requests) })
	l.asked()
	return all - transport, transport, err
}
