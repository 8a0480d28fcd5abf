package llm_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// counted counts the requests by path.
type counted struct {
	http.RoundTripper
	slots, chats atomic.Int64
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	switch r.URL.Path {
	case "/slots":
		c.slots.Add(1)
	case "/v1/chat/completions":
		c.chats.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// TestRealServerIsShared: several queues in front of one server, as plugin processes have,
// let it hold back a few calls at most, though each has many. The server is this
// test's own, because the calls of others would be counted.
func TestRealServerIsShared(t *testing.T) {
	llama, err := testenv.StartLlama(t.Context(), testenv.LlamaOptions{Progress: t.Logf, Slots: 2, ContextPerSlot: 2048})
	require.NoError(t, err)
	defer func() { require.NoError(t, llama.Close()) }()
	client := llm.NewHTTPClient()
	defer client.CloseIdleConnections()
	var servers []*llm.Server
	var transports []*counted
	const processes = 4 // without a look they would have 8 calls under way on 2 slots
	for range processes {
		transport := &counted{RoundTripper: client.Transport}
		s, err := llm.New(llm.Config{URL: llama.URL, HTTP: &http.Client{Transport: transport}})
		require.NoError(t, err)
		defer s.Close()
		servers, transports = append(servers, s), append(transports, transport)
	}
	// Alone, a queue looks once a call: a slot is free when its call has ended.
	for i := range 10 {
		_, err := servers[0].Chat(t.Context(), request(fmt.Sprintf("p1 request %d served", i)))
		require.NoError(t, err)
	}
	require.EqualValues(t, 10, transports[0].chats.Load())
	require.LessOrEqual(t, transports[0].slots.Load(), int64(12))

	watching, stop := context.WithCancel(t.Context())
	most := make(chan int, 1)
	go func() { most <- mostDeferred(watching, client, llama.URL) }()
	const each = 12
	var wg sync.WaitGroup
	for i := range processes * each {
		wg.Go(func() {
			if _, err := servers[i%processes].Chat(t.Context(), request(fmt.Sprintf("p2 error %d: connection refused", i))); err != nil {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	wg.Wait()
	stop()
	deferred := <-most
	looks, chats := int64(0), int64(0)
	for _, c := range transports {
		looks, chats = looks+c.slots.Load(), chats+c.chats.Load()
	}
	t.Logf("at most %d calls were held back by the server; %d looks for %d calls", deferred, looks, chats)
	require.EqualValues(t, 10+processes*each, chats, "none had to be sent again")
	require.GreaterOrEqual(t, deferred, 0, "the server tells")
	require.LessOrEqual(t, deferred, processes-1, "one of each that looked in the same moment")
}

// mostDeferred returns the most calls that the server held back until ctx ended, -1 where
// it did not tell.
func mostDeferred(ctx context.Context, client *http.Client, url string) int {
	most := -1
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return most
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
		if err != nil {
			return -1
		}
		res, err := client.Do(req)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			var n int
			if text, ok := strings.CutPrefix(lines.Text(), "llamacpp:requests_deferred "); ok {
				if _, err := fmt.Sscan(text, &n); err == nil {
					most = max(most, n)
				}
			}
		}
		res.Body.Close()
	}
}
