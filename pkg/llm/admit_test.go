package llm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

const callTime = 10 * time.Second

// warm has the server measured by one call.
func warm(t *testing.T, s *Server) {
	t.Helper()
	_, err := s.Chat(t.Context(), asks("warm", ClassBackground))
	require.NoError(t, err)
	require.Equal(t, callTime, s.Speed().Call)
}

// TestOverload: 50 distinct calls at once on one slot, of which half can be answered in
// time.
func TestOverload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		warm(t, s)
		const within = 24*callTime + time.Second
		type outcome struct {
			class Class
			err   error
			took  time.Duration
		}
		outcomes := make(chan outcome, 50)
		began := time.Now()
		for i := range 50 {
			c := ClassBackground // they come first, and would be served first without classes
			switch {
			case i >= 40:
				c = ClassAlert
			case i >= 20:
				c = ClassInteractive
			}
			go func() {
				r := asks(fmt.Sprintf("%s %d", c, i), c)
				r.Within = within
				_, err := s.Chat(t.Context(), r)
				outcomes <- outcome{c, err, time.Since(began)}
			}()
			synctest.Wait()
		}
		good, refused, last := 0, 0, time.Duration(0)
		for range 50 {
			o := <-outcomes
			if o.err == nil {
				good++
				last = max(last, o.took)
				continue
			}
			refused++
			require.NotEqual(t, ClassAlert, o.class, "alerts are served")
			require.ErrorIs(t, o.err, ErrBusy)
			require.Less(t, o.took, 50*time.Millisecond, "refused at once")
			require.Regexp(t, `\d+ calls are ahead, a slot will be free in about .+, an answer takes about 10s, and 4m1s are left\. Try again later`, o.err.Error())
		}
		goodput := float64(good) * callTime.Seconds() / within.Seconds()
		require.GreaterOrEqual(t, goodput, 0.95)
		require.LessOrEqual(t, last, within)
		require.Equal(t, 50, good+refused)
		for i, name := range f.served[2:12] { // behind the warm-up and the one that came first
			require.Contains(t, name, "alert", "%d: %v", i, f.served)
		}
		require.Equal(t, 1, f.mostBusy)
		require.Zero(t, f.mostDeferred)
		require.Equal(t, Load{Slots: 1, State: StateReady}, s.Load())
	})
}

// TestNoMoreCallsThanSlotsAndNoneForgotten does random things at random times.
func TestNoMoreCallsThanSlotsAndNoneForgotten(t *testing.T) {
	for _, quiet := range []bool{false, true} { // whether the server tells its slots
		for seed := range uint64(20) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(2, callTime)
				if quiet {
					f = newFake(120, callTime)
					f.set(only("/slots", func(r *http.Request) (*http.Response, error) { return reply(501, `{}`) }))
				}
				s := f.client(t, Config{Slots: 2})
				r := rand.New(rand.NewPCG(seed, 2))
				var wg sync.WaitGroup
				for i := range 120 {
					ctx, cancel := context.WithCancel(t.Context())
					if r.IntN(3) == 0 {
						time.AfterFunc(time.Duration(r.IntN(60))*time.Second, cancel)
					}
					q := asks(fmt.Sprint(i), Class(r.IntN(3)))
					q.Org = fmt.Sprint(r.IntN(3))
					if r.IntN(2) == 0 {
						q.Within = time.Duration(r.IntN(300)) * time.Second
					}
					wg.Go(func() {
						defer cancel()
						if _, err := s.Chat(ctx, q); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, ErrBusy) && (q.Within == 0 || !errors.Is(err, ErrTimeout)) {
							t.Errorf("%v", err)
						}
					})
					time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
					if r.IntN(4) > 0 {
						synctest.Wait()
						l := s.Load()
						require.LessOrEqual(t, l.Running, 2)
						if waiting := l.Waiting[0] + l.Waiting[1] + l.Waiting[2]; waiting > 0 && unchangedFor(s, 2*afterPause) {
							require.Equal(t, 2, l.Running, "no slot is idle while calls wait")
						}
					}
				}
				wg.Wait() // a lost wakeup would be a deadlock, which synctest reports
				require.Zero(t, f.mostDeferred)
				require.Zero(t, s.Load().Running)
			})
		}
	}
}

// unchangedFor reports whether no call has begun or ended for d.
func unchangedFor(s *Server, d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.ended) > d && time.Since(s.granted) > d
}

func TestQueuedTellsThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake(1, callTime).client(t, Config{})
		warm(t, s)
		var wg sync.WaitGroup
		var told []Position
		var at []time.Duration
		began := time.Now()
		for i := range 3 {
			r := asks(fmt.Sprint(i), ClassInteractive)
			if i == 2 {
				r.Queued = func(p Position) { told, at = append(told, p), append(at, time.Since(began)) }
			}
			wg.Go(func() { _, _ = s.Chat(t.Context(), r) })
			synctest.Wait()
		}
		require.Equal(t, Load{Waiting: [classes]int{ClassInteractive: 2}, Running: 1, Slots: 1, State: StateReady, Wait: 3 * callTime}, s.Load())
		wg.Wait()
		require.Equal(t, []Position{{Ahead: 1, Wait: 2 * callTime}, {Ahead: 0, Wait: callTime}}, told)
		require.Equal(t, []time.Duration{0, callTime}, at)
	})
}

// TestPositionsAreToldSeldom: a place that changes all the time is told once a second.
func TestPositionsAreToldSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake(1, time.Minute).client(t, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var told atomic.Int64
		wg.Go(func() { _, _ = s.Chat(ctx, asks("runs", ClassAlert)) })
		synctest.Wait()
		r := asks("waits", ClassBackground)
		r.Queued = func(Position) { told.Add(1) }
		wg.Go(func() { _, _ = s.Chat(ctx, r) })
		for range 40 { // 4 s
			synctest.Wait()
			wg.Go(func() { _, _ = s.Chat(ctx, asks("other", ClassAlert)) })
			time.Sleep(100 * time.Millisecond)
		}
		require.LessOrEqual(t, told.Load(), int64(5))
		require.GreaterOrEqual(t, told.Load(), int64(4))
		cancel()
		wg.Wait()
	})
}

func TestWhoLeavesFreesTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		ctx, leave := context.WithCancel(t.Context())
		first, waiting, third := make(chan error, 1), make(chan error, 1), make(chan error, 1)
		go func() { _, err := s.Chat(ctx, asks("first", ClassInteractive)); first <- err }()
		synctest.Wait()
		go func() { _, err := s.Chat(ctx, asks("waiting", ClassInteractive)); waiting <- err }()
		synctest.Wait()
		began := time.Now()
		go func() { _, err := s.Chat(t.Context(), asks("third", ClassInteractive)); third <- err }()
		time.Sleep(time.Second)
		leave()
		require.ErrorIs(t, <-first, context.Canceled)
		require.ErrorIs(t, <-waiting, context.Canceled)
		require.NoError(t, <-third)
		require.LessOrEqual(t, time.Since(began), time.Second+callTime+2*afterPause)
		require.Equal(t, []string{"first", "third"}, f.served)
		require.Equal(t, StateReady, s.Load().State)
		require.Zero(t, s.breaker.failures, "a caller who leaves is no failure")
	})
}

func TestHopelessCallsLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake(1, callTime).client(t, Config{})
		warm(t, s)
		go func() { _, _ = s.Chat(t.Context(), asks("runs", ClassInteractive)) }()
		synctest.Wait()
		began := time.Now()
		errs := make(chan error, 1)
		r := asks("person", ClassInteractive)
		r.Within = 25 * time.Second
		go func() { _, err := s.Chat(t.Context(), r); errs <- err }()
		time.Sleep(2 * time.Second)
		require.Empty(t, errs, "it fits behind the one that runs")
		go func() { _, _ = s.Chat(t.Context(), asks("alert", ClassAlert)) }()
		err := <-errs
		require.ErrorIs(t, err, ErrBusy)
		require.ErrorContains(t, err, "1 call is ahead, a slot will be free in about 18s, an answer takes about 10s, and 23s are left")
		require.Equal(t, 2*time.Second, time.Since(began), "as soon as a more urgent one came")
		time.Sleep(time.Minute)

		// A call that takes longer than the others did is seen too.
		_, err = s.Chat(contextWith(t, 5*time.Second), asks("deadline", ClassInteractive))
		require.ErrorIs(t, err, ErrBusy, "the context's deadline counts as well")
		require.ErrorContains(t, err, "0 calls are ahead, an answer takes about 10s, and 5s are left")
	})
}

func contextWith(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestOverrun: estimates are wrong at times; a call leaves when it could no longer begin.
func TestOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		warm(t, s)
		f.prefill = time.Hour
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = s.Chat(ctx, asks("endless", ClassInteractive)) }()
		synctest.Wait()
		began := time.Now()
		r := asks("waits", ClassInteractive)
		r.Within = time.Minute
		_, err := s.Chat(t.Context(), r)
		require.ErrorIs(t, err, ErrBusy)
		require.InDelta(t, 49, time.Since(began).Seconds(), 1.1, "an answer needs 10 s, and the other at least one more")

		began = time.Now()
		_, err = s.Chat(t.Context(), asks("waits", ClassInteractive))
		require.ErrorIs(t, err, ErrBusy)
		require.InDelta(t, maxWait.Seconds(), time.Since(began).Seconds(), 2, "no wait is without a bound")
	})
}

// TestClassMayRise: a call that an alert joins while it waits is served as an alert.
func TestClassMayRise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(1, callTime)
		s := f.client(t, Config{})
		var class atomic.Int64
		class.Store(int64(ClassBackground))
		var wg sync.WaitGroup
		for _, name := range []string{"runs", "person", "joined"} {
			r := asks(name, ClassInteractive)
			if name == "joined" {
				r.Class = func() Class { return Class(class.Load()) }
			}
			wg.Go(func() { _, _ = s.Chat(t.Context(), r) })
			synctest.Wait()
		}
		class.Store(int64(ClassAlert))
		wg.Wait()
		require.Equal(t, []string{"runs", "joined", "person"}, f.served)
	})
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake(1, callTime).client(t, Config{})
		var texts []string
		var sizes []int
		r := asks("x", ClassAlert)
		r.Stream = func(text string, tokens []verdict.Token) {
			texts, sizes = append(texts, text), append(sizes, len(tokens))
		}
		reply, err := s.Chat(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, "0123", reply.Text)
		require.Equal(t, []string{"0", "01", "012", "0123"}, texts)
		require.Equal(t, []int{1, 2, 3, 4}, sizes)
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFake(1, callTime).client(t, Config{})
		runs, waits := make(chan error, 1), make(chan error, 1)
		go func() { _, err := s.Chat(t.Context(), asks("runs", ClassAlert)); runs <- err }()
		synctest.Wait()
		go func() { _, err := s.Chat(t.Context(), asks("waits", ClassAlert)); waits <- err }()
		synctest.Wait()
		s.Close()
		require.ErrorIs(t, <-waits, ErrUnavailable)
		require.NoError(t, <-runs)
		_, err := s.Chat(t.Context(), asks("late", ClassAlert))
		require.ErrorIs(t, err, ErrUnavailable)
	})
}
