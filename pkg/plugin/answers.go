package plugin

import (
	"context"
	"errors"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of [answers].
const (
	// maxAnswers is how many evaluations are remembered: those of many more rules than
	// one Grafana evaluates in the time that the attempts and queries of one take.
	maxAnswers = 1024
	// answersFor is how long an answer is given again: three attempts of 30 s with their
	// pauses take 93 s.
	answersFor = 5 * time.Minute
	// answerMargin is left of the first asker's deadline to tell it of a failure: Grafana's
	// own words for a deadline that passed do not name what was slow.
	answerMargin = time.Second
	// maxAnswerTime bounds an analysis whose first asker has no deadline.
	maxAnswerTime = time.Minute
)

// answers remembers what evaluations of alert rules were told. A rule's queries come
// one after another and each is tried up to three times if it fails, all with the same
// end of the time range: they all get one answer, the failure too, so that neither
// Loki nor the model is asked more often than once an evaluation. It is owned by the
// process and safe for concurrent use.
type answers struct {
	now  func() time.Time
	work *background

	mu    sync.Mutex
	known *lru.Cache[verdict.Key, *answer]
}

// An answer is given, or about to be when done is closed.
type answer struct {
	done   chan struct{}
	until  time.Time // guarded by answers.mu; zero while it is not given
	result *analysis.Result
	err    error
}

func newAnswers(work *background, now func() time.Time) *answers {
	known, err := lru.New[verdict.Key, *answer](maxAnswers)
	if err != nil { // only a size below one is refused
		panic(err)
	}
	return &answers{now: now, work: work, known: known}
}

// once returns the answer for key: the one that was given, or that of ask. Ask goes on
// when its caller leaves, for those who ask next, but no longer than the caller's
// deadline less a margin. A caller's own end is the caller's error.
func (a *answers) once(ctx context.Context, key verdict.Key, ask func(context.Context) (*analysis.Result, error)) (*analysis.Result, error) {
	a.mu.Lock()
	x, ok := a.known.Get(key)
	if !ok || (!x.until.IsZero() && a.now().After(x.until)) {
		x = &answer{done: make(chan struct{})}
		a.known.Add(key, x)
		a.start(ctx, key, x, ask)
	}
	a.mu.Unlock()
	select {
	case <-x.done:
		return x.result, x.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// start runs ask. The caller holds a.mu.
func (a *answers) start(ctx context.Context, key verdict.Key, x *answer, ask func(context.Context) (*analysis.Result, error)) {
	limit := maxAnswerTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = deadline.Sub(a.now()) - answerMargin
	}
	detached, end := a.work.detach(ctx)
	detached, cancel := context.WithTimeout(detached, limit)
	a.work.run(func() {
		defer end()
		defer cancel()
		result, err := protect(func() (*analysis.Result, error) { return ask(detached) })
		a.mu.Lock()
		defer a.mu.Unlock()
		x.result, x.err, x.until = result, err, a.now().Add(answersFor)
		if errors.Is(err, context.Canceled) { // only the end of the process cancels
			a.known.Remove(key)
		}
		close(x.done)
	})
}
