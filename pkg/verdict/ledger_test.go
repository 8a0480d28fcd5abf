package verdict_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

type judge = func(context.Context, *verdict.Call) (verdict.Entry, error)

func newLedger(t *testing.T) *verdict.Ledger {
	t.Helper()
	l := verdict.NewLedger(verdict.LedgerOptions{})
	t.Cleanup(l.Close)
	return l
}

func judged(model string) judge {
	return func(context.Context, *verdict.Call) (verdict.Entry, error) { return verdict.Entry{Model: model}, nil }
}

func TestLedgerAsksOnce(t *testing.T) {
	l := newLedger(t)
	release := make(chan struct{})
	var calls atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: func(context.Context, *verdict.Call) (verdict.Entry, error) {
				calls.Add(1)
				<-release
				return verdict.Entry{Model: "m"}, nil
			}})
			require.NoError(t, err)
			require.Equal(t, "m", out.Entry.Model)
			require.False(t, out.Early)
		})
	}
	close(release)
	wg.Wait()
	out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: judged("another")})
	require.NoError(t, err)
	require.Equal(t, verdict.Outcome{Entry: verdict.Entry{Model: "m"}, Cached: true}, out)
	require.EqualValues(t, 1, calls.Load())
}

func TestLedgerCancelsACallNobodyWaitsFor(t *testing.T) {
	l := newLedger(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	_, err := l.Do(ctx, verdict.Ask{Key: verdict.KeyOf("a"), Judge: func(run context.Context, _ *verdict.Call) (verdict.Entry, error) {
		cancel()
		<-run.Done()
		ended <- run.Err()
		return verdict.Entry{}, run.Err()
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestLedgerKeepsACallForTheNextAsker(t *testing.T) {
	l := newLedger(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	_, err := l.Do(ctx, verdict.Ask{Key: verdict.KeyOf("a"), Keep: true, Judge: func(context.Context, *verdict.Call) (verdict.Entry, error) {
		cancel()
		<-release
		return verdict.Entry{Model: "late"}, nil
	}})
	require.ErrorIs(t, err, context.Canceled)
	close(release)
	out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: judged("asked again")})
	require.NoError(t, err)
	require.Equal(t, "late", out.Entry.Model)
}

func TestLedgerForgetsErrorsAndSurvivesPanics(t *testing.T) {
	l := newLedger(t)
	_, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: func(context.Context, *verdict.Call) (verdict.Entry, error) { panic("boom") }})
	require.ErrorContains(t, err, "boom")
	out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: judged("m")})
	require.NoError(t, err)
	require.False(t, out.Cached)
}

func TestLedgerRemembersLastingFailuresForAWhile(t *testing.T) {
	now := time.Unix(1000, 0)
	l := verdict.NewLedger(verdict.LedgerOptions{Now: func() time.Time { return now }})
	defer l.Close()
	calls := 0
	ask := func() error {
		_, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: func(context.Context, *verdict.Call) (verdict.Entry, error) {
			calls++
			return verdict.Entry{}, verdict.Lasting(verdict.ErrAnswer)
		}})
		return err
	}
	for range 5 {
		require.ErrorIs(t, ask(), verdict.ErrAnswer)
	}
	require.Equal(t, 1, calls)
	now = now.Add(6 * time.Minute)
	require.ErrorIs(t, ask(), verdict.ErrAnswer)
	require.Equal(t, 2, calls)
}

func head(model string) verdict.Entry {
	return verdict.Entry{Model: model, Answer: verdict.Answer{Severity: verdict.Critical}}
}

func TestLedgerHandsOutTheHeadWhereTimeIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := verdict.NewLedger(verdict.LedgerOptions{})
		defer l.Close()
		writes := func(_ context.Context, c *verdict.Call) (verdict.Entry, error) {
			time.Sleep(3 * time.Second)
			c.Publish(head("m"))
			c.Publish(head("second"))
			time.Sleep(10 * time.Second)
			return verdict.Entry{Model: "whole"}, nil
		}
		early := head("m")
		early.Answer.Partial = true
		var wg sync.WaitGroup
		for _, limit := range []time.Duration{time.Second, 5 * time.Second, time.Minute} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				begin, watched := time.Now(), 0
				out, err := l.Do(ctx, verdict.Ask{Key: verdict.KeyOf("a"), Keep: true, Judge: writes, Early: func(e verdict.Entry) {
					watched++
					require.Equal(t, early, e)
					require.Equal(t, 3*time.Second, time.Since(begin))
				}})
				switch limit {
				case time.Second:
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.Zero(t, watched)
				case 5 * time.Second:
					require.NoError(t, err)
					require.Equal(t, verdict.Outcome{Entry: early, Early: true}, out)
					require.Equal(t, limit, time.Since(begin))
					require.Equal(t, 1, watched)
				default:
					require.NoError(t, err)
					require.Equal(t, verdict.Outcome{Entry: verdict.Entry{Model: "whole"}}, out)
					require.Equal(t, 1, watched)
				}
			})
		}
		// One who joins behind the head is told of it at once.
		wg.Go(func() {
			time.Sleep(4 * time.Second)
			told := time.Time{}
			begin := time.Now()
			_, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: writes, Early: func(verdict.Entry) { told = time.Now() }})
			require.NoError(t, err)
			require.Equal(t, begin, told)
		})
		wg.Wait()
		out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: writes})
		require.NoError(t, err)
		require.Equal(t, "whole", out.Entry.Model, "the head is not what is remembered")
	})
}

func TestLedgerPrefersTheHeadToAFailureBehindIt(t *testing.T) {
	l := newLedger(t)
	for _, lasting := range []bool{false, true} {
		key := verdict.KeyOf("a", map[bool]string{true: "lasting"}[lasting])
		calls := 0
		var kept *verdict.Call
		ask := verdict.Ask{Key: key, Judge: func(_ context.Context, c *verdict.Call) (verdict.Entry, error) {
			calls++
			kept = c
			c.Publish(head("m"))
			if lasting {
				return verdict.Entry{}, verdict.Lasting(verdict.ErrAnswer)
			}
			return verdict.Entry{}, errors.New("the server died")
		}}
		for i := range 2 {
			out, err := l.Do(t.Context(), ask)
			require.NoError(t, err)
			require.True(t, out.Early && out.Entry.Answer.Partial)
			require.Equal(t, "m", out.Entry.Model)
			require.Equal(t, lasting && i == 1, out.Cached)
			kept.Publish(head("too late"))
		}
		require.Equal(t, map[bool]int{false: 2, true: 1}[lasting], calls)
	}
}

func TestLedgerIgnoresAHugeHead(t *testing.T) {
	l := newLedger(t)
	_, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: func(_ context.Context, c *verdict.Call) (verdict.Entry, error) {
		c.Publish(verdict.Entry{Model: strings.Repeat("x", 1<<20)})
		return verdict.Entry{}, errors.New("the server died")
	}})
	require.ErrorContains(t, err, "the server died")
}

func TestCallBecomesAsUrgentAsItsWaiters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := verdict.NewLedger(verdict.LedgerOptions{})
		defer l.Close()
		const alert, interactive, background = 0, 1, 2
		call, end := make(chan *verdict.Call, 1), make(chan struct{})
		join := func(urgency int, keep bool) (leave func()) {
			ctx, cancel := context.WithCancel(t.Context())
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _ = l.Do(ctx, verdict.Ask{Key: verdict.KeyOf("a"), Urgency: urgency, Keep: keep, Judge: func(_ context.Context, c *verdict.Call) (verdict.Entry, error) {
					call <- c
					<-end
					return verdict.Entry{}, nil
				}})
			}()
			synctest.Wait()
			return func() { cancel(); <-gone }
		}
		leave := join(background, false)
		c := <-call
		require.Equal(t, background, c.Urgency())
		leaveFirst, leaveSecond := join(interactive, false), join(interactive, false)
		require.Equal(t, interactive, c.Urgency())
		leaveFirst()
		require.Equal(t, interactive, c.Urgency())
		leaveSecond()
		require.Equal(t, background, c.Urgency(), "who left does not hurry the call")
		leaveAlert := join(alert, true)
		require.Equal(t, alert, c.Urgency())
		leaveAlert()
		leave()
		require.Equal(t, alert, c.Urgency(), "the alert's next evaluation waits for it")
		close(end)
	})
}

func TestLedgerIsBoundedInBytes(t *testing.T) {
	const limit = 100 << 10
	l := verdict.NewLedger(verdict.LedgerOptions{Bytes: limit, EntryBytes: 10 << 10})
	defer l.Close()
	ask := func(name string, size int) verdict.Outcome {
		out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf(name), Judge: judged(strings.Repeat("x", size))})
		require.NoError(t, err)
		return out
	}
	for i := range 1000 {
		ask(string(rune('a'+i%26))+strings.Repeat("y", i/26), 1+i%9*1000)
		entries, bytes := l.Size()
		require.LessOrEqual(t, bytes, int64(limit))
		require.LessOrEqual(t, int64(entries)*512, bytes)
	}
	entries, bytes := l.Size()
	require.Greater(t, bytes, int64(limit*8/10))
	require.Greater(t, entries, 10)
	require.False(t, ask("big", 10<<10).Cached)
	require.False(t, ask("big", 10<<10).Cached, "an entry above the bound is not remembered")
	_, after := l.Size()
	require.Equal(t, bytes, after, "and drops no other")

	require.False(t, ask("last", 1).Cached)
	for i := range 50 {
		ask(strings.Repeat("z", i), 5000)
		require.True(t, ask("last", 1).Cached, "what is asked for stays")
	}
}

func TestLedgerWarm(t *testing.T) {
	l := newLedger(t)
	key := verdict.KeyOf("a")
	require.True(t, l.Warm(key, verdict.Entry{Model: "restored"}))
	require.False(t, l.Warm(key, verdict.Entry{Model: "older"}))
	require.False(t, l.Warm(verdict.KeyOf("b"), verdict.Entry{Model: strings.Repeat("x", 1<<20)}))
	out, err := l.Do(t.Context(), verdict.Ask{Key: key, Judge: judged("asked")})
	require.NoError(t, err)
	require.Equal(t, verdict.Outcome{Entry: verdict.Entry{Model: "restored"}, Cached: true}, out)
}

func TestClosedLedger(t *testing.T) {
	l := verdict.NewLedger(verdict.LedgerOptions{})
	require.True(t, l.Warm(verdict.KeyOf("a"), verdict.Entry{Model: "m"}))
	l.Close()
	_, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("b"), Judge: judged("m")})
	require.ErrorIs(t, err, verdict.ErrLedgerClosed)
	out, err := l.Do(t.Context(), verdict.Ask{Key: verdict.KeyOf("a"), Judge: judged("m")})
	require.NoError(t, err)
	require.True(t, out.Cached)
	require.False(t, l.Warm(verdict.KeyOf("b"), verdict.Entry{}))
}

func TestEntrySeverityNeedsConfidence(t *testing.T) {
	for confidence, want := range map[float64]verdict.Severity{
		verdict.ConfidenceUnknown: verdict.Critical, 0: verdict.Inconclusive, 0.49: verdict.Inconclusive, verdict.ConfidenceFloor: verdict.Critical, 1: verdict.Critical,
	} {
		e := verdict.Entry{Answer: verdict.Answer{Severity: verdict.Critical}, Confidence: confidence}
		require.Equal(t, want, e.Severity(), confidence)
	}
}

func TestParseKey(t *testing.T) {
	key := verdict.KeyOf("a")
	got, err := verdict.ParseKey(key.String())
	require.NoError(t, err)
	require.Equal(t, key, got)
	for _, s := range []string{"", key.String()[1:], key.String() + "00", strings.Repeat("g", 64)} {
		_, err := verdict.ParseKey(s)
		require.Error(t, err, s)
	}
}

// TestALeftCallWaitsForWhoComesBack: a dashboard that refreshes leaves its call and asks
// again at once; who stops it frees the server a little later.
func TestALeftCallWaitsForWhoComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := verdict.NewLedger(verdict.LedgerOptions{Grace: 5 * time.Second})
		defer l.Close()
		calls, ended := 0, time.Duration(0)
		began := time.Now()
		ask := func(limit time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := l.Do(ctx, verdict.Ask{Key: verdict.KeyOf("k"), Judge: func(ctx context.Context, _ *verdict.Call) (verdict.Entry, error) {
				calls++
				select {
				case <-time.After(40 * time.Second):
					return verdict.Entry{}, nil
				case <-ctx.Done():
					ended = time.Since(began)
					return verdict.Entry{}, ctx.Err()
				}
			}})
			return err
		}
		require.Error(t, ask(30*time.Second))
		time.Sleep(2 * time.Second)
		require.NoError(t, ask(30*time.Second), "the call went on")
		require.Equal(t, 1, calls)

		l2 := verdict.NewLedger(verdict.LedgerOptions{Grace: 5 * time.Second})
		defer l2.Close()
		l = l2
		began = time.Now()
		require.Error(t, ask(10*time.Second))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, 15*time.Second, ended)
	})
}
