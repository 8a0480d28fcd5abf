package testenv

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

// get returns the body of a GET that is answered with 200, else why not.
func get(ctx context.Context, client *http.Client, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer func() { _ = response.Body.Close() }()
		return nil, errors.New(response.Status + ": " + readSome(response.Body))
	}
	return response.Body, nil
}

// getOK returns nil when a GET of the URL is answered with 200, else why not.
func getOK(ctx context.Context, client *http.Client, url string) error {
	body, err := get(ctx, client, url)
	if err != nil {
		return err
	}
	return body.Close()
}

// getJSON decodes the answer to a GET into value.
func getJSON(ctx context.Context, url string, value any) error {
	body, err := get(ctx, pollClient(), url)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return json.NewDecoder(body).Decode(value)
}

// readSome returns the beginning of a reply for an error message.
func readSome(body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, 500))
	return strings.TrimSpace(string(text))
}

// pollClient asks a starting server: each time over a new connection, so that nothing is left open.
func pollClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}
