package verdict

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// A Key addresses a judgement by its content and by who asks.
type Key [sha256.Size]byte

// KeyOf hashes parts into a key. The parts are length-prefixed, so that moving a
// byte from one part to the next gives another key.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return Key(h.Sum(nil))
}

// String returns the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// An Entry is what a model said about one content.
type Entry struct {
	Answer      Answer
	Probability float64
	Model       string
	// Omitted counts the patterns that were dropped to fit the model's context.
	Omitted int
	Usage   Usage
}

// Usage is what a judgement cost the model server.
type Usage struct {
	PromptTokens, CachedTokens, AnswerTokens int
}

// ErrLedgerClosed is returned by [Ledger.Do] after [Ledger.Close].
var ErrLedgerClosed = errors.New("the ledger is closed")

// A Ledger remembers model judgements by content, so that the same content is
// never asked twice, and joins concurrent requests for the same content into one
// call. It is owned by the process and shared by all data source instances; it
// is safe for concurrent use. Close it to stop calls that are under way.
type Ledger struct {
	ctx    context.Context
	cancel context.CancelFunc
	calls  sync.WaitGroup
	now    func() time.Time

	mu       sync.Mutex
	closed   bool
	entries  *lru.Cache[Key, Entry]
	failures *lru.Cache[Key, failure]
	flying   map[Key]*flight
}

// A failure is remembered for a while, see [Lasting].
type failure struct {
	err   error
	until time.Time
}

// failureFor is how long a lasting failure is remembered.
const failureFor = 5 * time.Minute

// Lasting marks an error of a judgement that asking again at once cannot mend: at
// temperature 0 the same question gets the same unusable answer. The ledger
// returns it for five minutes without asking.
func Lasting(err error) error { return &lasting{err} }

type lasting struct{ error }

func (l *lasting) Unwrap() error { return l.error }

// A flight is one call under way and those who wait for it.
type flight struct {
	cancel  context.CancelFunc
	done    chan struct{}
	entry   Entry
	err     error
	waiters int
	keep    bool
}

// NewLedger returns a ledger for up to size judgements.
func NewLedger(size int, now func() time.Time) *Ledger {
	ctx, cancel := context.WithCancel(context.Background())
	return &Ledger{
		ctx: ctx, cancel: cancel, now: now, entries: newCache[Entry](size), failures: newCache[failure](size), flying: map[Key]*flight{},
	}
}

func newCache[V any](size int) *lru.Cache[Key, V] {
	c, err := lru.New[Key, V](max(1, size))
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return c
}

// Do returns the judgement for key: the remembered one (cached is true), that of
// a call under way, or that of judge. A judgement is remembered unless judge
// returns an error; an error is for a while where it is [Lasting]. When ctx ends, Do returns its error; judge is then cancelled
// if nobody else waits for it, unless keep asked once to let it finish for the
// next asker. judge must respect its own context and bound its own time.
func (l *Ledger) Do(ctx context.Context, key Key, keep bool, judge func(context.Context) (Entry, error)) (e Entry, cached bool, err error) {
	l.mu.Lock()
	if e, ok := l.entries.Get(key); ok {
		l.mu.Unlock()
		return e, true, nil
	}
	if f, ok := l.failures.Get(key); ok && l.now().Before(f.until) {
		l.mu.Unlock()
		return Entry{}, true, f.err
	}
	if l.closed {
		l.mu.Unlock()
		return Entry{}, false, ErrLedgerClosed
	}
	f, ok := l.flying[key]
	if !ok {
		f = l.start(ctx, key, judge)
	}
	f.waiters++
	f.keep = f.keep || keep
	l.mu.Unlock()

	select {
	case <-f.done:
		return f.entry, false, f.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	f.waiters--
	if f.waiters == 0 && !f.keep {
		f.cancel()
		if l.flying[key] == f {
			delete(l.flying, key) // a later asker starts afresh rather than joining a dying call
		}
	}
	l.mu.Unlock()
	return Entry{}, false, ctx.Err()
}

// start runs judge apart from the asker's cancellation but with its values, so
// that spans and loggers stay connected. The caller holds l.mu.
func (l *Ledger) start(ctx context.Context, key Key, judge func(context.Context) (Entry, error)) *flight {
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(l.ctx, cancel)
	f := &flight{cancel: cancel, done: make(chan struct{})}
	l.flying[key] = f
	l.calls.Go(func() {
		defer stop()
		defer cancel()
		entry, err := protect(run, judge)
		l.mu.Lock()
		defer l.mu.Unlock()
		f.entry, f.err = entry, err
		var last *lasting
		switch {
		case err == nil:
			l.entries.Add(key, entry)
		case errors.As(err, &last):
			l.failures.Add(key, failure{err: err, until: l.now().Add(failureFor)})
		}
		if l.flying[key] == f {
			delete(l.flying, key)
		}
		close(f.done)
	})
	return f
}

// protect turns a panic of judge into an error: it runs on a goroutine of its own,
// where a panic would end the plugin for everyone.
func protect(ctx context.Context, judge func(context.Context) (Entry, error)) (e Entry, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("judging panicked: %v", r)
		}
	}()
	return judge(ctx)
}

// Close cancels the calls under way and waits for them to return.
func (l *Ledger) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.calls.Wait()
}
