package push

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// A Loki takes lines; [loki.Client] implements it.
type Loki interface {
	PushStreams(ctx context.Context, streams []loki.PushStream) error
}

// Bounds of one request, well below what Loki takes by default, and of trying again.
const (
	maxBatchBytes = 1 << 20
	maxBatchLines = 5000
	maxTries      = 10
	firstPause    = 500 * time.Millisecond
	maxPause      = 30 * time.Second
)

// Options say how a plan is pushed.
type Options struct {
	Loki Loki
	// State is the file that tells what was acknowledged, Target what it was sent to.
	State, Target string
	// Progress, if set, is told how many lines are acknowledged; Retry of a failure that is
	// tried again after the pause.
	Progress func(done, total int)
	Retry    func(err error, pause time.Duration)
	// Wait waits, until the context ends; nil for the clock.
	Wait func(ctx context.Context, d time.Duration) error
}

// Push pushes what of a plan is not acknowledged yet, in the order of time, and returns when
// Loki has all of it. Overload and outages are tried again, up to ten times in a row and
// half a minute apart; what Loki refuses is not. After an error the same call goes on.
func (p *Plan) Push(ctx context.Context, o Options) error {
	state, known, err := ReadState(o.State)
	if err != nil {
		return err
	}
	if known && state.Plan != "" && (state.Plan != p.hash || state.Target != o.Target) {
		return fmt.Errorf("%s is the state of another push (run %s to %s): name another file with --state, or begin anew with --restart", o.State, state.Run, state.Target)
	}
	state.Run, state.End, state.Target, state.Plan, state.Lines = p.Layout.Run, p.Layout.End, o.Target, p.hash, len(p.entries)
	if err := state.write(o.State); err != nil { // before the first line, or it would be pushed twice
		return fmt.Errorf("the state cannot be kept: %w", err)
	}
	for state.Acknowledged < len(p.entries) {
		batch, n := p.batch(state.Acknowledged)
		if err := send(ctx, o, batch); err != nil {
			return fmt.Errorf("%d of %d lines are acknowledged; the same command goes on from there: %w", state.Acknowledged, len(p.entries), advise(err))
		}
		state.Acknowledged += n
		if err := state.write(o.State); err != nil {
			return fmt.Errorf("the state cannot be kept: %w", err)
		}
		if o.Progress != nil {
			o.Progress(state.Acknowledged, len(p.entries))
		}
	}
	return nil
}

// batch returns the next lines from one on, stream by stream, and how many they are.
func (p *Plan) batch(from int) (out []loki.PushStream, n int) {
	at := map[int32]int{}
	for size := 0; from+n < len(p.entries) && n < maxBatchLines; n++ {
		e := &p.entries[from+n]
		line := loki.PushEntry{Time: e.at, Text: e.text, Metadata: map[string]string{CaseLabel: p.Cases[e.from].ID}}
		if size += line.Size(); size > maxBatchBytes && n > 0 {
			break
		}
		i, ok := at[e.stream]
		if !ok {
			i = len(out)
			at[e.stream] = i
			out = append(out, loki.PushStream{Labels: p.streams[e.stream]})
		}
		out[i].Lines = append(out[i].Lines, line)
	}
	return out, n
}

// send pushes one batch.
func send(ctx context.Context, o Options, batch []loki.PushStream) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := o.Loki.PushStreams(ctx, batch)
		refused, ok := errors.AsType[*loki.PushError](err)
		if err == nil || !ok || !refused.Retryable || try == maxTries {
			return err
		}
		if o.Retry != nil {
			o.Retry(err, pause)
		}
		if err := o.wait(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, maxPause)
	}
}

func (o Options) wait(ctx context.Context, d time.Duration) error {
	if o.Wait != nil {
		return o.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// MaxAge is how old lines may be that Loki takes by default (limits_config:
// reject_old_samples_max_age, v3.7).
const MaxAge = 7 * 24 * time.Hour

// advise says what to do about a refusal, by the wording of Loki v3.7.
func advise(err error) error {
	refused, ok := errors.AsType[*loki.PushError](err)
	if !ok || !errors.Is(err, loki.ErrRejected) {
		return err
	}
	detail := strings.ToLower(refused.Err.Detail)
	for _, known := range []struct{ text, hint string }{
		{"too far behind", "Loki takes no lines this much older than the stream's newest (half of ingester.max_chunk_age): begin anew with --restart, which makes new streams, and with fewer cases or --together"},
		{"too old", "Loki takes no lines older than limits_config.reject_old_samples_max_age, a week by default: begin anew with --restart and a later --end, with fewer cases or --together, or raise the limit"},
		{"too new", "Loki takes no lines of the future: begin anew with --restart and an earlier --end"},
		{"structured metadata", "the cases of a run are told apart by structured metadata: set limits_config.allow_structured_metadata and the schema v13"},
		{"label names", "raise limits_config.max_label_names_per_series"},
		{"entry size", "raise limits_config.max_line_size to 256KB"},
		{"stream limit", "raise limits_config.max_global_streams_per_user, or push fewer cases"},
	} {
		if strings.Contains(detail, known.text) {
			return fmt.Errorf("%w. What to do: %s", err, known.hint)
		}
	}
	return err
}
