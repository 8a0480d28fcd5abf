package llm

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRetryAmplification: an hour in which 20 groups ask every minute, three times each
// as Grafana does, of a server that fails in each way there is.
func TestRetryAmplification(t *testing.T) {
	chat := "/v1/chat/completions"
	gateway := func(*http.Request) (*http.Response, error) { return reply(502, `x`) }
	failed := func(*http.Request) (*http.Response, error) {
		return reply(500, `{"error":{"message":"boom","type":"server_error","code":500}}`)
	}
	for name, bad := range map[string]fault{
		"refused": refuse, "hanging": hang, "gateway": gateway, "failed": failed, "loading": loading,
		"refused calls": only(chat, refuse), "hanging calls": only(chat, hang), "failed calls": only(chat, failed),
	} {
		for _, when := range []string{"from the start", "later"} {
			t.Run(name+" "+when, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(1, callTime)
					s := f.client(t, Config{})
					if when == "later" {
						warm(t, s)
					}
					known := f.asked("")
					f.set(bad)
					calls := outage(t, s)
					requests := f.asked("") - known
					t.Logf("%d requests for %d calls", requests, calls)
					require.LessOrEqual(t, float64(requests)/float64(calls), 1.1)
				})
			})
		}
	}
}

// outage asks for an hour and returns the number of calls, each of which must fail.
func outage(t *testing.T, s *Server) (calls int) {
	for range 60 {
		minute := time.Now()
		var wg sync.WaitGroup
		for range 20 {
			calls += 3
			wg.Go(func() {
				for range 3 {
					r := asks("x", ClassAlert)
					r.Within = 15 * time.Second
					if _, err := s.Chat(t.Context(), r); err == nil {
						t.Error("answered")
					}
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Until(minute.Add(time.Minute)))
	}
	return calls
}

func TestRetry(t *testing.T) {
	// fails answers the first n calls with a fault.
	fails := func(n int, as fault) fault {
		var mu sync.Mutex
		return only("/v1/chat/completions", func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			if n--; n >= 0 {
				return as(r)
			}
			return nil, nil //nolint:nilnil // no fault
		})
	}
	failed := func(*http.Request) (*http.Response, error) {
		return reply(500, `{"error":{"message":"boom","type":"server_error","code":500}}`)
	}
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		ask := func() error {
			_, err := s.Chat(t.Context(), asks("x", ClassAlert))
			return err
		}
		f.set(fails(1, failed))
		require.NoError(t, ask(), "one retry is there from the start")
		f.set(fails(1, refuse))
		require.ErrorIs(t, ask(), ErrUnavailable, "there is no second one")
		sent := 0
		for i := range 100 {
			before := f.asked("/v1/chat/completions")
			f.set(nil)
			if i%2 == 0 {
				f.set(fails(1, refuse))
			}
			_ = ask()
			sent += f.asked("/v1/chat/completions") - before
		}
		require.GreaterOrEqual(t, sent, 108)
		require.LessOrEqual(t, sent, 111, "a tenth of the calls")

		for range 40 { // there may be three retries at once then, no more
			f.set(nil)
			require.NoError(t, ask())
		}
		require.Equal(t, maxBudget, s.retries.tenths)
		token := "data: {\"choices\":[{\"delta\":{\"content\":\"1\"}}]}\n\n"
		for name, bad := range map[string]fault{
			"502": func(*http.Request) (*http.Response, error) { return reply(502, `x`) },
			"400": func(*http.Request) (*http.Response, error) { return reply(400, `x`) },
			"broken off after a token": func(*http.Request) (*http.Response, error) {
				return reply(200, token)
			},
			"reset after a token": func(*http.Request) (*http.Response, error) {
				res, _ := reply(200, "")
				res.Body = io.NopCloser(io.MultiReader(strings.NewReader(token), iotest.ErrReader(io.ErrUnexpectedEOF)))
				return res, nil
			},
		} {
			before := f.asked("/v1/chat/completions")
			f.set(fails(1, bad))
			require.Error(t, ask(), name)
			require.Equal(t, before+1, f.asked("/v1/chat/completions"), name)
			s.breaker = breaker{}
		}
		before := f.asked("/v1/chat/completions")
		f.set(fails(1, func(r *http.Request) (*http.Response, error) {
			_ = sleep(r.Context(), 6*time.Second)
			return refuse(r)
		}))
		r := asks("x", ClassAlert)
		r.Limit = 15 * time.Second
		_, err := s.Chat(t.Context(), r)
		require.ErrorIs(t, err, ErrUnavailable)
		require.Equal(t, before+1, f.asked("/v1/chat/completions"), "9 s are too few for a call of 10 s")
	})
}

// TestConnectionThatHasEnded: that llama-server closed a connection meanwhile costs no
// retry.
func TestConnectionThatHasEnded(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 2 {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
	}))
	defer server.Close()
	client := NewHTTPClient()
	defer client.CloseIdleConnections()
	s, err := New(Config{URL: server.URL, HTTP: client})
	require.NoError(t, err)
	defer s.Close()
	for range 2 {
		_, answered, err := s.send(t.Context(), asks("x", ClassAlert)) // once, without a retry of its own
		require.NoError(t, err)
		require.True(t, answered)
	}
	require.EqualValues(t, 3, calls.Load())
}
