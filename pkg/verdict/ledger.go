package verdict

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// ErrLedgerClosed is returned by [Ledger.Do] after [Ledger.Close].
var ErrLedgerClosed = errors.New("the ledger is closed")

// LedgerOptions bound a [Ledger].
type LedgerOptions struct {
	// Bytes bounds the memory of the remembered judgements; 16 MiB by default, which
	// holds some ten thousand.
	Bytes int64
	// EntryBytes bounds one of them; 64 KiB by default. What is larger is returned
	// to who asked and not remembered.
	EntryBytes int64
	// Grace is how long a call goes on that nobody waits for any more, for who asks again:
	// a dashboard that refreshes leaves and comes back. 0 by default.
	Grace time.Duration
	// Now is the clock for how long failures are remembered; time.Now by default.
	Now func() time.Time
}

// A Ledger remembers model judgements by content, so that the same content is
// never asked twice, and joins concurrent requests for the same content into one
// call. It is owned by the process and shared by all data source instances; it
// is safe for concurrent use. Close it to stop calls that are under way.
type Ledger struct {
	ctx    context.Context
	cancel context.CancelFunc
	calls  sync.WaitGroup
	opts   LedgerOptions

	mu       sync.Mutex
	closed   bool
	entries  *simplelru.LRU[Key, held]
	bytes    int64 // of entries
	failures *simplelru.LRU[Key, failure]
	flying   map[Key]*flight
}

// held is a remembered judgement with its size in bytes.
type held struct {
	Entry
	size int64
}

// A failure is remembered for a while, see [Lasting].
type failure struct {
	flown
	until time.Time
}

const (
	// failureFor is how long a lasting failure is remembered.
	failureFor = 5 * time.Minute
	// maxFailures is how many are, each with a head of at most maxHead.
	maxFailures = 256
)

// Lasting marks an error of a judgement that asking again at once cannot mend: at
// temperature 0 the same question gets the same unusable answer. The ledger
// returns it for five minutes without asking.
func Lasting(err error) error { return &lasting{err} }

type lasting struct{ error }

func (l *lasting) Unwrap() error { return l.error }

// NewLedger returns an empty ledger.
func NewLedger(o LedgerOptions) *Ledger {
	if o.Bytes <= 0 {
		o.Bytes = 16 << 20
	}
	if o.EntryBytes <= 0 {
		o.EntryBytes = 64 << 10
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the documented default
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Ledger{ctx: ctx, cancel: cancel, opts: o, failures: newLRU[failure](maxFailures, nil), flying: map[Key]*flight{}}
	// Their number is bounded by their bytes.
	l.entries = newLRU(math.MaxInt, func(_ Key, h held) { l.bytes -= h.size })
	return l
}

func newLRU[V any](size int, gone func(Key, V)) *simplelru.LRU[Key, V] {
	c, err := simplelru.NewLRU(size, gone)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return c
}

// An Ask is one request for a judgement.
type Ask struct {
	Key Key
	// Keep lets a call go on for the next asker when this one leaves.
	Keep bool
	// Urgency is how urgent the asker is; lower is more urgent.
	Urgency int
	// Early is told of a judgement whose prose is still being written, at most once
	// and before Do returns, on the goroutine of Do. It may be nil.
	Early func(Entry)
	// Judge makes the judgement if nobody has and nobody does. It must respect its
	// context, which is not the asker's, and bound its own time. Its values are those
	// of the first asker's context, so that spans and loggers stay connected.
	Judge func(ctx context.Context, c *Call) (Entry, error)
}

// An Outcome is what [Ledger.Do] found.
type Outcome struct {
	Entry Entry
	// Cached says that the judgement was remembered.
	Cached bool
	// Early says that the entry is a head that was published while the answer was
	// being written, and that the whole answer was not there in time or failed.
	Early bool
}

// Do returns the judgement for a key: the remembered one, that of a call under way,
// or that of a.Judge. A judgement is remembered unless Judge returns an error; an
// error is for a while where it is [Lasting]. When ctx ends or Judge fails and Judge
// has published a head, that is the outcome, without an error; else the error is
// ctx's or Judge's. When nobody waits for a call any more it is cancelled after the
// ledger's grace, unless one who waited asked to keep it.
func (l *Ledger) Do(ctx context.Context, a Ask) (Outcome, error) {
	f, out, err := l.join(ctx, &a)
	if f == nil {
		return out, err
	}
	defer l.leave(f, &a)
	published := f.published
	for {
		select {
		case <-f.done:
			return f.outcome()
		default: // what is finished comes before what ends at the same time
		}
		select {
		case <-f.done:
		case <-published:
			published = nil
			if a.Early != nil {
				a.Early(f.early)
			}
		case <-ctx.Done():
			return l.abandoned(ctx, f)
		}
	}
}

// join finds what is remembered, or the call under way, or starts one.
func (l *Ledger) join(ctx context.Context, a *Ask) (*flight, Outcome, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h, ok := l.entries.Get(a.Key); ok {
		return nil, Outcome{Entry: h.Entry, Cached: true}, nil
	}
	if f, ok := l.failures.Get(a.Key); ok {
		if l.opts.Now().Before(f.until) {
			out, err := f.outcome()
			out.Cached = true
			return nil, out, err
		}
		l.failures.Remove(a.Key)
	}
	if l.closed {
		return nil, Outcome{}, ErrLedgerClosed
	}
	f, ok := l.flying[a.Key]
	if !ok {
		f = l.start(ctx, a)
	}
	f.join(a)
	return f, Outcome{}, nil
}

// abandoned is the outcome for a waiter whose time is over.
func (l *Ledger) abandoned(ctx context.Context, f *flight) (Outcome, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-f.done:
		return f.outcome()
	case <-f.published:
		return Outcome{Entry: f.early, Early: true}, nil
	default:
		return Outcome{}, ctx.Err()
	}
}

// leave takes a waiter off a call.
func (l *Ledger) leave(f *flight, a *Ask) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !f.leave(a) {
		return
	}
	if l.opts.Grace <= 0 {
		l.drop(f, a.Key)
		return
	}
	timer := time.AfterFunc(l.opts.Grace, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if f.abandoned() {
			l.drop(f, a.Key)
		}
	})
	context.AfterFunc(f.ctx, func() { timer.Stop() })
}

// drop cancels a call. The caller holds l.mu.
func (l *Ledger) drop(f *flight, key Key) {
	f.cancel()
	if l.flying[key] == f {
		delete(l.flying, key) // a later asker starts afresh rather than joining a dying call
	}
}

// Warm adds a judgement that was restored, if there is none for the key. It reports
// whether it did; an entry above the bounds is refused. Restore the oldest first, for
// it is forgotten first.
func (l *Ledger) Warm(key Key, e Entry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.entries.Contains(key) {
		return false
	}
	return l.remember(key, e)
}

// remember adds an entry and drops those that were not asked for the longest until
// it fits. The caller holds l.mu.
func (l *Ledger) remember(key Key, e Entry) bool {
	size := e.size()
	if size > min(l.opts.EntryBytes, l.opts.Bytes) {
		return false
	}
	l.entries.Remove(key) // its bytes are no longer taken
	for l.bytes+size > l.opts.Bytes {
		l.entries.RemoveOldest()
	}
	l.entries.Add(key, held{Entry: e, size: size})
	l.bytes += size
	return true
}

// Go runs f apart from ctx's end but with its values, until the ledger is closed. It
// reports whether it does: not where the ledger is closed already.
func (l *Ledger) Go(ctx context.Context, f func(context.Context)) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(l.ctx, cancel)
	l.calls.Go(func() {
		defer stop()
		defer cancel()
		f(run)
	})
	return true
}

// Size returns how many judgements are remembered and what they take, in bytes.
func (l *Ledger) Size() (entries int, bytes int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.entries.Len(), l.bytes
}

// Close cancels the calls under way and waits for them to return.
func (l *Ledger) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.cancel()
	l.calls.Wait()
}
