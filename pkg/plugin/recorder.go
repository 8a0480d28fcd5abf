package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of a [recorder].
const (
	// maxUnrecorded is how many verdicts wait for Loki at most; while Loki takes none, the
	// newest are not recorded.
	maxUnrecorded = 1000
	// maxRecorded is of how many series it is known what was recorded last.
	maxRecorded = 10_000
	// recordEvery is how often a verdict is recorded that does not change, so that a
	// history without gaps says that somebody looked.
	recordEvery = 5 * time.Minute
	// pushPause and maxPushPause are what a push that failed waits before it is repeated,
	// pushFor how long that goes on.
	pushPause    = time.Second
	maxPushPause = time.Minute
	pushFor      = 30 * time.Minute
	pushTimeout  = 10 * time.Second
	// drainTime is what a recorder may take to write the rest when it ends.
	drainTime = 5 * time.Second
)

// A recorder writes verdicts to the history. A line is done when Loki has acknowledged
// it; until then the identical line is pushed again. It belongs to one data source
// instance; close it when that goes.
type recorder struct {
	client *loki.Client
	tenant string
	key    []byte
	now    func() time.Time
	count  func(outcome string)

	lines chan verdict.Line
	last  *lru.Cache[verdict.Key, recorded]
	end   context.CancelFunc
}

// recorded is what was recorded of a series last.
type recorded struct {
	what verdict.Key
	at   time.Time
}

// newRecorder starts a recorder.
func (h *Host) newRecorder(client *loki.Client, tenant string, key []byte) *recorder {
	last, err := lru.New[verdict.Key, recorded](maxRecorded)
	if err != nil { // only a size below one is refused
		panic(err)
	}
	r := &recorder{client: client, tenant: tenant, key: key, now: h.now, count: h.metrics.recorded, lines: make(chan verdict.Line, maxUnrecorded), last: last}
	ctx, end := context.WithCancel(h.work.ctx)
	r.end = end
	h.work.run(func() { r.run(ctx) })
	return r
}

// record takes a verdict: that of a rule if it has changed or was not recorded for five
// minutes, others if a model has judged anew.
func (r *recorder) record(l verdict.Line, known bool) {
	if l.Lane != verdict.LaneAlert && known {
		return
	}
	if l.Lane == verdict.LaneAlert {
		series := verdict.KeyOf(l.Series, fmt.Sprint(l.Labels))
		what := verdict.KeyOf(l.Key, fmt.Sprint(l.Severity, l.RulesSeverity, l.Contested, l.Degraded, l.Held, l.SuspectedInjection))
		if was, ok := r.last.Get(series); ok && was.what == what && l.TS.Sub(was.at) < recordEvery {
			return
		}
		r.last.Add(series, recorded{what, l.TS})
	}
	select {
	case r.lines <- l:
	default:
		r.count("dropped")
	}
}

// run writes until ctx ends, and then what is left.
func (r *recorder) run(ctx context.Context) {
	for {
		select {
		case l := <-r.lines:
			r.write(ctx, l)
		case <-ctx.Done():
			rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			defer cancel()
			for {
				select {
				case l := <-r.lines:
					r.write(rest, l)
				default:
					return
				}
			}
		}
	}
}

// write pushes a line until Loki acknowledges it or will not take it.
func (r *recorder) write(ctx context.Context, l verdict.Line) {
	text, err := l.Encode(r.tenant, r.key)
	if err != nil && len(l.State) > 0 { // too long
		l.State = nil
		text, err = l.Encode(r.tenant, r.key)
	}
	if err != nil {
		r.fail("refused", err)
		return
	}
	line := loki.PushLine{Time: l.TS, Text: text}
	for pause, until := pushPause, r.now().Add(pushFor); ; pause = min(2*pause, maxPushPause) {
		err := r.push(ctx, verdict.KindVerdict, line)
		var failed *loki.PushError
		switch {
		case err == nil:
			r.count("acknowledged")
			return
		case ctx.Err() != nil && r.now().Before(until):
			// The process or the instance ends: one more try with the time that is left for it.
			rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			err = r.push(rest, verdict.KindVerdict, line)
			cancel()
			if err == nil {
				r.count("acknowledged")
				return
			}
			r.fail("dropped", err)
			return
		case errors.As(err, &failed) && !failed.Retryable:
			r.fail("refused", err)
			return
		case !r.now().Before(until):
			r.fail("dropped", err)
			return
		}
		r.count("repeated")
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

func (r *recorder) push(ctx context.Context, kind string, line loki.PushLine) error {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	return r.client.Push(ctx, kind, line)
}

func (r *recorder) fail(outcome string, err error) {
	r.count(outcome)
	backend.Logger.Error("A verdict was not recorded", "outcome", outcome, "error", err)
}

// close ends the recorder, which writes the rest for a few seconds more.
func (r *recorder) close() { r.end() }
