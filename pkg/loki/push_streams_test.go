package loki_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// TestPushStreams: streams of the caller's are stored with their structured metadata.
func TestPushStreams(t *testing.T) {
	c := pushClients(t, "streams")[0]
	at := time.Now().Add(-10 * time.Minute)
	entry := func(i int, text string) loki.PushEntry {
		return loki.PushEntry{Time: at.UnixNano() + int64(i), Text: text, Metadata: map[string]string{"eval_case": "c1"}}
	}
	require.NoError(t, c.PushStreams(t.Context(), nil), "nothing to push")
	require.NoError(t, c.PushStreams(t.Context(), []loki.PushStream{
		{Labels: map[string]string{"app": "a"}, Lines: []loki.PushEntry{entry(1, "one <é>"), entry(2, "two")}},
		{Labels: map[string]string{"app": "none"}},
		{Labels: map[string]string{"app": "b"}, Lines: []loki.PushEntry{entry(3, "three"), {Time: at.UnixNano() + 4, Text: "no metadata"}}},
	}))
	var got []string
	part := loki.Part{Start: at.UnixNano(), End: at.Add(time.Minute).UnixNano(), Lines: 10, Share: 10}
	_, err := c.Read(t.Context(), parsed(t, `{app=~".+"} | eval_case="c1"`), []loki.Part{part}, loki.ReadOptions{}, func(_ int, e loki.Entry) {
		got = append(got, e.Stream.Labels["app"]+" "+string(e.Line))
	})
	require.NoError(t, err)
	require.Equal(t, []string{"a one <é>", "a two", "b three"}, got)
}

func TestPushStreamsRefuses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer server.Close()
	c, err := loki.NewClient(loki.Options{URL: server.URL, HTTP: server.Client()})
	require.NoError(t, err)
	push := func(text string) error {
		return c.PushStreams(t.Context(), []loki.PushStream{{Labels: map[string]string{"a": "b"}, Lines: []loki.PushEntry{{Time: 1, Text: text}}}})
	}
	err = push("secret")
	require.ErrorIs(t, err, loki.ErrAuth)
	require.ErrorContains(t, err, "writing to Loki: ")
	require.ErrorContains(t, err, "these credentials may write")
	require.NotContains(t, err.Error(), "history")
	require.ErrorIs(t, push(strings.Repeat("x", 2<<20)), loki.ErrRejected)
	require.ErrorContains(t, push("\xff"), "no valid UTF-8")
}
