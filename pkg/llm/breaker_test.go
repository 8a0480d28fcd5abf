package llm

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		warm(t, s)
		known, err := s.Capabilities(t.Context())
		require.NoError(t, err)

		f.set(refuse)
		for range breaksAfter {
			require.Equal(t, StateReady, s.Load().State)
			_, err := s.Chat(t.Context(), asks("x", ClassAlert))
			require.ErrorIs(t, err, ErrUnavailable)
		}
		before, began := f.asked(""), time.Now()
		_, err = s.Chat(t.Context(), asks("x", ClassAlert))
		require.ErrorIs(t, err, ErrOpen)
		require.NotErrorIs(t, err, ErrUnavailable)
		require.EqualError(t, err, "the model server is not asked for now: it failed 3 times in a row, last because the model server cannot be reached: "+
			"unexpected EOF; it will be asked again in 5s. Check that llama-server runs and that its URL in the data source's settings is right")
		caps, err := s.Capabilities(t.Context())
		require.ErrorIs(t, err, ErrOpen)
		require.Equal(t, known, caps, "what it said last")
		_, _, err = s.Tokenize(t.Context(), "ok")
		require.ErrorIs(t, err, ErrOpen)
		_, _, err = s.CountTokens(t.Context(), nil)
		require.ErrorIs(t, err, ErrOpen)
		require.Equal(t, StateOpen, s.Load().State)
		require.Equal(t, before, f.asked(""), "nothing is sent")
		require.Zero(t, time.Since(began))

		for _, seconds := range []int{5, 10, 20, 40, 60, 60} {
			time.Sleep(time.Duration(seconds)*time.Second - time.Millisecond)
			require.Equal(t, StateOpen, s.Load().State)
			time.Sleep(time.Millisecond)
			require.Equal(t, StateProbe, s.Load().State)
			health := f.asked("/health")
			_, err := s.Chat(t.Context(), asks("x", ClassAlert))
			require.ErrorIs(t, err, ErrOpen)
			require.Equal(t, health+1, f.asked("/health"), "the probe is no call")
			before++
			require.Equal(t, before, f.asked(""))
		}
		f.set(nil)
		time.Sleep(time.Minute)
		var wg sync.WaitGroup
		for range 5 { // the probe is asked once for all
			wg.Go(func() {
				_, err := s.Chat(t.Context(), asks("x", ClassAlert))
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 7, f.asked("/health"))
		require.Equal(t, breaker{}, s.breaker, "an answer closes it")
	})
}

// TestBreakerOnAnswers: a server that is there but does not answer opens it as well, and
// its /health proves little.
func TestBreakerOnAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		f.set(only("/v1/chat/completions", hang))
		ask := func(limit time.Duration) error {
			r := asks("x", ClassAlert)
			r.Limit = limit
			_, err := s.Chat(t.Context(), r)
			return err
		}
		for range 5 {
			require.ErrorIs(t, ask(time.Second), ErrTimeout)
		}
		require.Zero(t, s.breaker.failures, "a second says nothing")
		for range breaksAfter {
			require.Equal(t, StateReady, s.Load().State)
			require.ErrorIs(t, ask(time.Minute), ErrTimeout)
		}
		require.ErrorIs(t, ask(time.Minute), ErrOpen)
		time.Sleep(minOpen)
		require.ErrorIs(t, ask(time.Minute), ErrTimeout, "it says that it is well")
		err := ask(time.Minute)
		require.ErrorIs(t, err, ErrOpen, "one more failure is enough")
		require.ErrorContains(t, err, "it failed 4 times in a row, last because the model did not answer in time; it will be asked again in 10s")
		_, err = s.Refresh(t.Context())
		require.NoError(t, err, "a person who wants to know may ask")
		f.set(nil)
		require.NoError(t, ask(time.Minute))
		require.Equal(t, breaker{}, s.breaker)
	})
}

func TestBreakerRefusesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		warm(t, s)
		f.set(only("/v1/chat/completions", func(*http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return reply(502, `bad gateway`)
		}))
		errs := make(chan error, 10)
		began := time.Now()
		for range 10 {
			go func() { _, err := s.Chat(t.Context(), asks("x", ClassAlert)); errs <- err }()
		}
		for i := range 10 {
			want := ErrOpen
			if i < breaksAfter {
				want = ErrServer
			}
			require.ErrorIs(t, <-errs, want)
		}
		require.Equal(t, 3*time.Second, time.Since(began))
		require.Equal(t, 1+3, f.asked("/v1/chat/completions"))
	})
}

// TestWhatIsNoFailure: refusals, callers who leave and routes that are missing.
func TestWhatIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		warm(t, s)
		answers := func(status int) fault {
			return only("/v1/chat/completions", func(*http.Request) (*http.Response, error) { return reply(status, `{}`) })
		}
		for _, bad := range []fault{answers(400), answers(401), answers(429), only("/v1/chat/completions", hang)} {
			f.set(bad)
			for range breaksAfter {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				_, err := s.Chat(ctx, asks("x", ClassAlert))
				require.Error(t, err)
				require.Zero(t, s.breaker.failures, err)
			}
		}
		// Nor is a caller who leaves a success: two failures before and one behind are three.
		f.set(answers(502))
		for range breaksAfter - 1 {
			_, err := s.Chat(t.Context(), asks("x", ClassAlert))
			require.ErrorIs(t, err, ErrServer)
		}
		f.set(only("/v1/chat/completions", hang))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		_, err := s.Chat(ctx, asks("x", ClassAlert))
		require.ErrorIs(t, err, context.Canceled)
		f.set(answers(502))
		_, err = s.Chat(t.Context(), asks("x", ClassAlert))
		require.ErrorIs(t, err, ErrServer)
		require.Equal(t, StateOpen, s.Load().State)
		f.set(nil)
		time.Sleep(minOpen)
		warm(t, s)

		f.set(only("/tokenize", func(*http.Request) (*http.Response, error) { return reply(404, `{}`) }))
		_, ok, err := s.Tokenize(t.Context(), "ok")
		require.NoError(t, err)
		require.False(t, ok)
		require.Zero(t, s.breaker.failures)
	})
}

// TestLoading: a server that loads its model is asked once in two seconds, by one call
// for all, and is no broken one.
func TestLoading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		f.set(loading)
		calls := 0
		for range 10 {
			var wg sync.WaitGroup
			for range 20 {
				calls++
				wg.Go(func() {
					if _, err := s.Capabilities(t.Context()); err == nil {
						t.Error("it is loading")
					}
					if _, err := s.Chat(t.Context(), asks("x", ClassInteractive)); err == nil {
						t.Error("it is loading")
					}
				})
			}
			wg.Wait()
			_, err := s.Chat(t.Context(), asks("x", ClassInteractive))
			require.ErrorIs(t, err, ErrLoading)
			require.Equal(t, StateLoading, s.Load().State)
			time.Sleep(loadingFor)
		}
		require.Equal(t, 10, f.asked(""))
		f.set(nil)
		_, err := s.Chat(t.Context(), asks("x", ClassInteractive))
		require.NoError(t, err)
	})
}

// TestOneQuestionForAll: 20 groups that ask a hanging server make one request, and none
// waits for longer than it wants to.
func TestOneQuestionForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		f.set(hang)
		for round, ask := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := s.Capabilities(ctx); return err },
			func(ctx context.Context) error { _, _, err := s.Tokenize(ctx, "ok"); return err },
		} {
			began := time.Now()
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					if i > 0 {
						ctx = t.Context()
					}
					if err := ask(ctx); err == nil {
						t.Error("it hangs")
					}
					if i == 0 && time.Since(began) != time.Second {
						t.Errorf("it left after %s", time.Since(began))
					}
				})
			}
			wg.Wait()
			require.Equal(t, probeTimeout, time.Since(began))
			require.Equal(t, round+1, f.asked(""), fmt.Sprint(f.requests))
			require.Equal(t, round+1, s.breaker.failures, "counted once")
		}
		// Who leaves early leaves the answer to the others.
		f.set(func(r *http.Request) (*http.Response, error) { return nil, sleep(r.Context(), 2*time.Second) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(failureFor)
		_, err := s.Capabilities(ctx)
		require.ErrorIs(t, err, ErrTimeout)
		time.Sleep(5 * time.Second)
		f.set(refuse)
		caps, err := s.Capabilities(t.Context())
		require.NoError(t, err)
		require.Equal(t, "fake", caps.Model)
	})
}
