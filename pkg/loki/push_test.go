package loki_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// pushClients returns clients of one real Loki for fresh tenants of these names.
func pushClients(t *testing.T, names ...string) []*loki.Client {
	t.Helper()
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	clients := make([]*loki.Client, len(names))
	for i, name := range names {
		if name != "" {
			name = fmt.Sprintf("push-%s-%d", name, time.Now().UnixNano())
		}
		clients[i], err = loki.NewClient(loki.Options{URL: server.URL, Tenant: name, HTTP: &http.Client{Transport: transport, Timeout: time.Minute}})
		require.NoError(t, err)
	}
	return clients
}

// stored reads what the product's own streams hold around a time, one line each.
func stored(t *testing.T, c *loki.Client, kind string, at time.Time) (lines []loki.PushLine) {
	t.Helper()
	part := loki.Part{Start: at.Add(-time.Hour).UnixNano(), End: at.Add(time.Hour).UnixNano(), Lines: 1000, Share: 1000}
	_, err := c.Read(t.Context(), parsed(t, fmt.Sprintf(`{service_name="lokalyst", kind=%q}`, kind)), []loki.Part{part}, loki.ReadOptions{}, func(_ int, e loki.Entry) {
		lines = append(lines, loki.PushLine{Time: time.Unix(0, e.Time).UTC(), Text: string(e.Line)})
	})
	require.NoError(t, err)
	return lines
}

func TestPushIsReadBackOnceAndInItsTenant(t *testing.T) {
	clients := pushClients(t, "a", "b")
	at := time.Now().Add(-10 * time.Minute).UTC()
	lines := []loki.PushLine{
		{Time: at, Text: `{"kind":"verdict","text":"<dur> \"é\" \\ \u2028 &"}`},
		{Time: at.Add(1), Text: "a nanosecond later"},
		{Time: at.Add(1), Text: "at the same time"},
	}
	require.NoError(t, clients[0].Push(t.Context(), "verdict", lines...))
	require.ElementsMatch(t, lines, stored(t, clients[0], "verdict", at))
	require.Empty(t, stored(t, clients[1], "verdict", at))
	require.Empty(t, stored(t, clients[0], "overrule", at))

	// What was not acknowledged is pushed again, and newer lines may have come between.
	newer := loki.PushLine{Time: at.Add(5 * time.Minute), Text: "newer"}
	require.NoError(t, clients[0].Push(t.Context(), "verdict", newer))
	for range 3 {
		require.NoError(t, clients[0].Push(t.Context(), "verdict", lines[0]))
	}
	require.NoError(t, clients[0].Push(t.Context(), "verdict", lines...))
	require.ElementsMatch(t, append(lines, newer), stored(t, clients[0], "verdict", at))

	older := loki.PushLine{Time: at.Add(-30 * time.Minute), Text: "an older line comes late"}
	require.NoError(t, clients[0].Push(t.Context(), "verdict", older))
	require.ElementsMatch(t, append(lines, newer, older), stored(t, clients[0], "verdict", at))

	require.NoError(t, clients[1].Push(t.Context(), "overrule", lines[0]))
	require.Len(t, stored(t, clients[1], "overrule", at), 1)
	require.Len(t, stored(t, clients[0], "verdict", at), 5)
}

func TestPushThatLokiRefuses(t *testing.T) {
	clients := pushClients(t, "a", "")
	now := time.Now()
	for name, tc := range map[string]struct {
		client *loki.Client
		line   loki.PushLine
		kind   error
		status int // 0 where nothing is sent
	}{
		"of tomorrow": {clients[0], loki.PushLine{Time: now.Add(24 * time.Hour), Text: "x"}, loki.ErrRejected, http.StatusBadRequest},
		"no tenant":   {clients[1], loki.PushLine{Time: now, Text: "x"}, loki.ErrAuth, http.StatusUnauthorized},
		"not UTF-8":   {clients[0], loki.PushLine{Time: now, Text: "\xff"}, loki.ErrRejected, 0},
		"too long":    {clients[0], loki.PushLine{Time: now, Text: strings.Repeat("x", 2<<20+1)}, loki.ErrRejected, 0},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.client.Push(t.Context(), "verdict", tc.line)
			require.ErrorIs(t, err, tc.kind)
			var e *loki.PushError
			require.ErrorAs(t, err, &e)
			require.False(t, e.Retryable)
			require.Equal(t, tc.status, e.Err.Status)
		})
	}
	require.Empty(t, stored(t, clients[0], "verdict", now))
	require.NoError(t, clients[0].Push(t.Context(), "verdict"), "nothing to push")
}

func TestPushErrors(t *testing.T) {
	for _, tc := range []struct {
		status int
		body   string
		kind   error
		retry  bool
		text   string
	}{
		{http.StatusOK, "hello", loki.ErrReply, true, "not acknowledged"},
		{http.StatusBadRequest, "entry too far behind", loki.ErrRejected, false, "writing to the history: Loki refused the lines (HTTP 400): entry too far behind"},
		{http.StatusUnauthorized, "no org id", loki.ErrAuth, false, "may write to this tenant"},
		{http.StatusForbidden, "", loki.ErrAuth, false, ""},
		{http.StatusNotFound, "", loki.ErrUnavailable, false, "URL of the history"},
		{http.StatusRequestEntityTooLarge, "", loki.ErrRejected, false, ""},
		{http.StatusTooManyRequests, "ingestion rate limit", loki.ErrThrottled, true, "ingestion limits"},
		{http.StatusInternalServerError, "boom", loki.ErrServer, true, "boom"},
		{http.StatusBadGateway, "", loki.ErrUnavailable, true, ""},
		{http.StatusServiceUnavailable, "", loki.ErrUnavailable, true, ""},
		{http.StatusGatewayTimeout, "", loki.ErrTimeout, true, ""},
	} {
		t.Run(http.StatusText(tc.status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer server.Close()
			c, err := loki.NewClient(loki.Options{URL: server.URL, HTTP: server.Client()})
			require.NoError(t, err)
			err = c.Push(t.Context(), "verdict", loki.PushLine{Time: time.Unix(1, 0), Text: "secret"})
			require.ErrorIs(t, err, tc.kind)
			var e *loki.PushError
			require.ErrorAs(t, err, &e)
			require.Equal(t, tc.retry, e.Retryable)
			require.Equal(t, tc.status, e.Err.Status)
			require.ErrorContains(t, err, tc.text)
			require.NotContains(t, err.Error(), "secret")
			require.NotContains(t, err.Error(), "Narrow", "hints are about writing")
		})
	}
}

func TestPushRequest(t *testing.T) {
	var bodies []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/base/loki/api/v1/push" || r.Header.Get("X-Scope-OrgID") != "t" || user+password != "ab" || r.Header.Get("Content-Type") != "application/json" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		bodies = append(bodies, string(body))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	c, err := loki.NewClient(loki.Options{URL: strings.Replace(server.URL, "://", "://a:b@", 1) + "/base/loki/api/v1/", Tenant: "t", HTTP: server.Client()})
	require.NoError(t, err)
	line := loki.PushLine{Time: time.Unix(1, 5), Text: `a "b" <c>`}
	require.NoError(t, c.Push(t.Context(), "verdict", line))
	require.NoError(t, c.Push(t.Context(), "verdict", line))
	require.Equal(t, bodies[0], bodies[1], "the identical push has the identical bytes")
	var sent map[string]any
	require.NoError(t, json.Unmarshal([]byte(bodies[0]), &sent))
	require.Equal(t, map[string]any{"streams": []any{map[string]any{
		"stream": map[string]any{"service_name": "lokalyst", "kind": "verdict"}, "values": []any{[]any{"1000000005", `a "b" <c>`}},
	}}}, sent)

	require.ErrorIs(t, c.Push(t.Context(), "verdict", make([]loki.PushLine, 1001)...), loki.ErrRejected)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, c.Push(ctx, "verdict", line))
	require.Len(t, bodies, 2)

	server.Close()
	err = c.Push(t.Context(), "verdict", line)
	var e *loki.PushError
	require.ErrorAs(t, err, &e)
	require.True(t, e.Retryable)
	require.ErrorIs(t, err, loki.ErrUnavailable)
}
