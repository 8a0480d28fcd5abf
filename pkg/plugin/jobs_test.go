package plugin

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestJobIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		j := newJobs(work)
		defer j.close()
		me := verdict.KeyOf("me")
		rules, early, whole := &analysis.Result{}, &analysis.Result{}, &analysis.Result{}
		x := j.start(t.Context(), me, func(_ context.Context, x *job) (*analysis.Result, error) {
			time.Sleep(2 * time.Second)
			x.update(rules)
			x.note("asking the model")
			time.Sleep(10 * time.Second)
			x.update(early)
			time.Sleep(10 * time.Second)
			return whole, nil
		})
		began := time.Now()
		s, err := x.next(t.Context(), 0)
		require.NoError(t, err)
		require.Equal(t, jobStarted, s.status)
		require.Same(t, rules, s.result)
		require.Equal(t, 2*time.Second, time.Since(began), "the first answer comes as soon as there is one")

		require.Same(t, x, j.find(x.id, me))
		s, err = x.next(t.Context(), longPoll)
		require.NoError(t, err)
		require.Equal(t, jobRunning, s.status)
		require.Equal(t, "asking the model", s.progress)
		require.Nil(t, s.result, "nothing is new")

		s, err = x.next(t.Context(), time.Minute)
		require.NoError(t, err)
		require.Equal(t, jobRunning, s.status)
		require.Same(t, early, s.result)
		s, err = x.next(t.Context(), time.Minute)
		require.NoError(t, err)
		require.Equal(t, jobDone, s.status)
		require.Same(t, whole, s.result)
		require.Equal(t, 22*time.Second, time.Since(began))
	})
}

func TestJobBelongsToItsAsker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		j := newJobs(work)
		defer j.close()
		x := j.start(t.Context(), verdict.KeyOf("me"), func(ctx context.Context, _ *job) (*analysis.Result, error) { <-ctx.Done(); return nil, ctx.Err() })
		require.Nil(t, j.find(x.id, verdict.KeyOf("you")))
		require.Nil(t, j.find("", verdict.KeyOf("me")))
		require.NotNil(t, j.find(x.id, verdict.KeyOf("me")))
		require.GreaterOrEqual(t, len(x.id), 26, "an id cannot be guessed")
	})
}

// TestJobEnds in each of the ways that it can.
func TestJobEnds(t *testing.T) {
	for name, end := range map[string]func(j *jobs, x *job){
		"cancelled":    func(j *jobs, x *job) { j.drop(x) },
		"nobody asks":  func(*jobs, *job) { time.Sleep(idleJob + time.Second) },
		"process ends": func(j *jobs, _ *job) { j.work.cancel() },
		"takes for ever": func(j *jobs, x *job) {
			for range 100 {
				time.Sleep(10 * time.Second)
				j.find(x.id, x.owner)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				work := newBackground()
				j := newJobs(work)
				x := j.start(t.Context(), verdict.KeyOf("me"), func(ctx context.Context, _ *job) (*analysis.Result, error) { <-ctx.Done(); return nil, ctx.Err() })
				end(j, x)
				synctest.Wait()
				s, err := x.next(t.Context(), 0)
				require.NoError(t, err)
				require.Equal(t, jobDone, s.status)
				require.Error(t, s.err)
				j.close()
				work.close()
			})
		})
	}
}

func TestJobFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		j := newJobs(work)
		defer j.close()
		x := j.start(t.Context(), verdict.KeyOf("me"), func(context.Context, *job) (*analysis.Result, error) { return nil, errors.New("loki is down") })
		s, err := x.next(t.Context(), 0)
		require.NoError(t, err)
		require.EqualError(t, s.err, "loki is down")
		x = j.start(t.Context(), verdict.KeyOf("me"), func(context.Context, *job) (*analysis.Result, error) { panic("boom") })
		s, err = x.next(t.Context(), 0)
		require.NoError(t, err)
		require.ErrorContains(t, s.err, "boom")

		gone, cancel := context.WithCancel(t.Context())
		cancel()
		x = j.start(gone, verdict.KeyOf("me"), func(ctx context.Context, _ *job) (*analysis.Result, error) { <-ctx.Done(); return nil, ctx.Err() })
		_, err = x.next(gone, 0)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestJobsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := newBackground()
		defer work.close()
		j := newJobs(work)
		defer j.close()
		wait := func(ctx context.Context, _ *job) (*analysis.Result, error) { <-ctx.Done(); return nil, ctx.Err() }
		for range maxJobs {
			require.NotNil(t, j.start(t.Context(), verdict.KeyOf("me"), wait))
		}
		require.Nil(t, j.start(t.Context(), verdict.KeyOf("me"), wait))
		time.Sleep(idleJob + time.Second)
		synctest.Wait()
		require.NotNil(t, j.start(t.Context(), verdict.KeyOf("me"), wait))
	})
}
