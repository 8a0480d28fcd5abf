package llm

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestYield: a call of a server that yields is not sent beside somebody else's, however
// many slots are free and however long it waits, and its asker learns why.
func TestYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(2, callTime)
		s := f.client(t, Config{Yield: true})
		free, err := f.slot(t.Context())
		require.NoError(t, err)
		r := asks("golden", ClassBackground)
		var mu sync.Mutex
		var others []bool
		r.Queued = func(p Position) {
			mu.Lock()
			defer mu.Unlock()
			others = append(others, p.Others)
		}
		done := make(chan error, 1)
		go func() { _, err := s.Chat(t.Context(), r); done <- err }()
		time.Sleep(maxWait / 2)
		require.Empty(t, f.served)
		free()
		require.NoError(t, <-done)
		require.Equal(t, []string{"golden"}, f.served)
		require.Contains(t, others, true)

		// The wait is bounded.
		free, err = f.slot(t.Context())
		require.NoError(t, err)
		defer free()
		began := time.Now()
		_, err = s.Chat(t.Context(), r)
		require.ErrorIs(t, err, ErrBusy)
		require.InDelta(t, maxWait.Seconds(), time.Since(began).Seconds(), 60)
		require.Len(t, f.served, 1)
	})
}

// TestRepeatable: nothing is taken from what a slot computed before, and calls come one at
// a time.
func TestRepeatable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, repeatable := range []bool{false, true} {
			f := newFake(2, callTime)
			s := f.client(t, Config{Repeatable: repeatable})
			var mu sync.Mutex
			var bodies []map[string]any
			f.set(only("/v1/chat/completions", func(r *http.Request) (*http.Response, error) {
				body, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				var sent map[string]any
				if err := json.NewDecoder(body).Decode(&sent); err != nil {
					return nil, err
				}
				mu.Lock()
				defer mu.Unlock()
				bodies = append(bodies, sent)
				return nil, nil //nolint:nilnil // no fault
			}))
			began := time.Now()
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if _, err := s.Chat(t.Context(), asks("x", ClassBackground)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, sent := range bodies {
				require.Equal(t, !repeatable, sent["cache_prompt"])
				slot, pinned := sent["id_slot"]
				require.Equal(t, repeatable, pinned)
				if repeatable {
					require.Zero(t, slot)
				}
			}
			require.Len(t, bodies, 2)
			require.Equal(t, repeatable, time.Since(began) >= 2*callTime)
		}
	})
}
