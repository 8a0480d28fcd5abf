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

		for _, period := range []time.Duration{5, 10, 20, 40, 60, 60} {
			time.Sleep(period*time.Second - time.Millisecond)
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
		answers := func(status int) func(*http.Request) (*http.Response, error) {
			return only("/v1/chat/completions", func(*http.Request) (*http.Response, error) { return reply(status, `{}`) })
		}
		for _, fault := range []func(*http.Request) (*http.Response, error){answers(400), answers(401), answers(429), only("/v1/chat/completions", hang)} {
			f.set(fault)
			for range breaksAfter {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				_, err := s.Chat(ctx, asks("x", ClassAlert))
				require.Error(t, err)
				require.Zero(t, s.breaker.failures, err)
			}
		}
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

// TestRetryAmplification: an hour in which 20 groups ask every minute, three times each
// as Grafana does, of a server that fails in each way there is.
func TestRetryAmplification(t *testing.T) {
	chat := "/v1/chat/completions"
	gateway := func(*http.Request) (*http.Response, error) { return reply(502, `x`) }
	failed := func(*http.Request) (*http.Response, error) {
		return reply(500, `{"error":{"message":"boom","type":"server_error","code":500}}`)
	}
	for name, fault := range map[string]func(*http.Request) (*http.Response, error){
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
					f.set(fault)
					calls := outage(t, s)
					require.LessOrEqual(t, float64(f.asked("")-known)/float64(calls), 1.1, "%d requests of %d calls", f.asked("")-known, calls)
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
	fails := func(n int, fault func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
		var mu sync.Mutex
		return only("/v1/chat/completions", func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			if n--; n >= 0 {
				return fault(r)
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
		for name, fault := range map[string]func(*http.Request) (*http.Response, error){
			"502": func(*http.Request) (*http.Response, error) { return reply(502, `x`) },
			"400": func(*http.Request) (*http.Response, error) { return reply(400, `x`) },
			"broken off after a token": func(*http.Request) (*http.Response, error) {
				return reply(200, "data: {\"choices\":[{\"delta\":{\"content\":\"1\"}}]}\n\n")
			},
		} {
			before := f.asked("/v1/chat/completions")
			f.set(fails(1, fault))
			require.Error(t, ask(), name)
			require.Equal(t, before+1, f.asked("/v1/chat/completions"), name)
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
