package llm

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSharedServer: another process uses the server too.
func TestSharedServer(t *testing.T) {
	for _, route := range []string{"/slots", "/metrics"} {
		t.Run(strings.Trim(route, "/"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(1, callTime)
				if route == "/metrics" {
					f.set(only("/slots", func(r *http.Request) (*http.Response, error) { return reply(404, `{}`) }))
				}
				s := f.client(t, Config{})
				free, err := f.slot(t.Context()) // the other process's call
				require.NoError(t, err)
				var wg sync.WaitGroup
				for _, c := range []Class{ClassBackground, ClassAlert} {
					wg.Go(func() { _, _ = s.Chat(t.Context(), asks(c.String(), c)) })
					time.Sleep(3 * time.Second)
				}
				require.Empty(t, f.served, "no call is sent to a server without a free slot")
				require.Less(t, f.asked(route), 9, "it is not asked all the time")
				before := time.Now()
				free()
				wg.Wait()
				require.Equal(t, []string{"alert", "background"}, f.served)
				require.LessOrEqual(t, time.Since(before), maxPause+2*callTime)
				require.Zero(t, f.mostDeferred)
				asked := f.asked(route)

				// While the own calls have all slots, nothing is asked.
				for range 2 {
					wg.Go(func() { _, _ = s.Chat(t.Context(), asks("x", ClassAlert)) })
				}
				synctest.Wait()
				time.Sleep(callTime - time.Second)
				require.Equal(t, asked+1, f.asked(route))
				wg.Wait()
			})
		})
	}
}

// TestOwnSlotIsUsedAtOnce: a queue that waits for somebody else's slot does not let its
// own lie idle until it looks again.
func TestOwnSlotIsUsedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2, callTime)
		s := f.client(t, Config{})
		free, err := f.slot(t.Context())
		require.NoError(t, err)
		defer free()
		began := time.Now()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = s.Chat(t.Context(), asks("x", ClassAlert)) })
		}
		wg.Wait()
		require.Equal(t, 3*callTime, time.Since(began))
	})
}

func TestServerThatHidesItsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		f.set(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/slots" || r.URL.Path == "/metrics" {
				return reply(501, `{}`)
			}
			return nil, nil //nolint:nilnil // no fault
		})
		for range 5 {
			_, err := s.Chat(t.Context(), asks("x", ClassAlert))
			require.NoError(t, err)
		}
		require.Equal(t, 2, f.asked("/slots")+f.asked("/metrics"), "it is not asked in vain")
		time.Sleep(blindFor)
		f.set(nil)
		_, err := s.Chat(t.Context(), asks("x", ClassAlert))
		require.NoError(t, err)
		require.Equal(t, 2, f.asked("/slots"), "but again some time later")
	})
}

// TestLeavingWithASlot: a caller may leave in the moment in which it gets a slot.
func TestLeavingWithASlot(t *testing.T) {
	s := newFake(1, callTime).client(t, Config{Slots: 1})
	w := waits("a", ClassAlert)
	w.done = make(chan error, 1)
	s.mu.Lock()
	s.queue.add(w)
	s.grant(epoch)
	s.mu.Unlock()
	require.Equal(t, 1, s.Load().Running)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.leave(ctx, w), context.Canceled)
	require.Zero(t, s.Load().Running)
}

// TestMetricsTell: calls that the server holds back use slots that seem free.
func TestMetricsTell(t *testing.T) {
	f := newFake(4, callTime)
	s := f.client(t, Config{Slots: 4})
	f.set(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/metrics" {
			return reply(404, `{}`)
		}
		return reply(200, "# HELP llamacpp:requests_deferred x\nllamacpp:requests_processing 1\nother 7\nllamacpp:requests_deferred 2\n")
	})
	used, err := s.used(t.Context())
	require.NoError(t, err)
	require.Equal(t, occupancy{busy: 3, total: 4}, used)
}

// TestTwoProcesses: two queues in front of one server hold each other up by one call at
// most, and neither starves.
func TestTwoProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		a, b := f.client(t, Config{}), f.client(t, Config{})
		var wg sync.WaitGroup
		for i := range 20 {
			for name, s := range map[string]*Server{"a": a, "b": b} {
				if name == "b" && i >= 5 {
					continue
				}
				wg.Go(func() {
					_, err := s.Chat(t.Context(), asks(name, ClassInteractive))
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
			}
		}
		began := time.Now()
		wg.Wait()
		require.LessOrEqual(t, f.mostDeferred, 2)
		require.GreaterOrEqual(t, strings.Count(strings.Join(f.served[:14], ""), "b"), 4, "%v", f.served)
		require.Less(t, time.Since(began), 25*callTime*11/10, "the slot is hardly ever idle")
	})
}

// TestProcessesThatBeginTogether: two queues that find an empty server do not both fill
// it, though it shows a call only after a while.
func TestProcessesThatBeginTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2, callTime)
		f.latency = 20 * time.Millisecond
		var wg sync.WaitGroup
		for range 2 {
			s := f.client(t, Config{Slots: 2})
			for range 2 {
				wg.Go(func() {
					if _, err := s.Chat(t.Context(), asks("x", ClassAlert)); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		require.Equal(t, 2, f.mostBusy)
		require.Zero(t, f.mostDeferred)
	})
}

// TestBusyServerThatTellsNothing: while llama-server computes a batch it answers nothing
// but /health.
func TestBusyServerThatTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{Slots: 1})
		f.set(only("/slots", hang))
		done := make(chan error, 1)
		go func() { _, err := s.Chat(t.Context(), asks("x", ClassAlert)); done <- err }()
		time.Sleep(20 * time.Second)
		require.Zero(t, f.asked("/v1/chat/completions"))
		require.Equal(t, StateReady, s.Load().State)
		f.set(nil)
		require.NoError(t, <-done)
	})
}
