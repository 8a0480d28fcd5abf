package plugin

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// TestAttemptsGetOneAnswer: Grafana's three attempts and a rule's second query.
func TestAttemptsGetOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		a := newAnswers(work, time.Now)
		var asked atomic.Int32
		key := verdict.KeyOf("rule", "to")
		slow := func(ctx context.Context) (*analysis.Result, error) {
			asked.Add(1)
			select {
			case <-time.After(20 * time.Second):
				return &analysis.Result{}, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		attempt := func(limit time.Duration) (*analysis.Result, error) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			return a.once(ctx, key, slow)
		}
		// The first asker has 30 s but leaves after 5; the answer is made all the same.
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		time.AfterFunc(5*time.Second, cancel)
		_, err := a.once(ctx, key, slow)
		require.ErrorIs(t, err, context.Canceled)
		first, err := attempt(30 * time.Second)
		require.NoError(t, err)
		again, err := attempt(30 * time.Second)
		require.NoError(t, err)
		require.Same(t, first, again)
		require.EqualValues(t, 1, asked.Load())

		time.Sleep(6 * time.Minute)
		_, err = attempt(30 * time.Second)
		require.NoError(t, err)
		require.EqualValues(t, 2, asked.Load(), "an answer is not kept for ever")
	})
}

func TestAttemptsGetOneFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		a := newAnswers(work, time.Now)
		asked := 0
		for range 3 {
			_, err := a.once(t.Context(), verdict.KeyOf("k"), func(context.Context) (*analysis.Result, error) {
				asked++
				return nil, errors.New("loki is down")
			})
			require.EqualError(t, err, "loki is down")
		}
		require.Equal(t, 1, asked)
		_, err := a.once(t.Context(), verdict.KeyOf("other"), func(context.Context) (*analysis.Result, error) { panic("boom") })
		require.ErrorContains(t, err, "boom")
	})
}

// TestAnswerEndsBeforeItsAskersDeadline: then the failure is told in our words.
func TestAnswerEndsBeforeItsAskersDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		a := newAnswers(work, time.Now)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := a.once(ctx, verdict.KeyOf("k"), func(ctx context.Context) (*analysis.Result, error) {
			<-ctx.Done()
			return nil, errors.New("Loki did not answer in time")
		})
		require.EqualError(t, err, "Loki did not answer in time")
		require.NoError(t, ctx.Err())
	})
}
