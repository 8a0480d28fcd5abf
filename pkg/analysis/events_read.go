package analysis

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// eventLogs is the part of [Logs] that events are read with.
type eventLogs interface {
	Buckets(ctx context.Context, q loki.Query, w loki.Window, step time.Duration, by []string) ([]loki.Bucket, error)
	Read(ctx context.Context, q loki.Query, parts []loki.Part, o loki.ReadOptions, sink func(part int, e loki.Entry)) ([]loki.PartRead, error)
}

// eventSlots is into how many slots the time of events is divided, so that a sample of
// many is spread over it.
const eventSlots = 100

// eventsFrom reads events like any other lines, in whole slots.
func eventsFrom(logs eventLogs) eventsReader {
	return func(ctx context.Context, logql string, startNs, endNs int64, maxLines int, line func(int64, map[string]string, []byte)) (int64, error) {
		q, err := loki.Parse(logql)
		if err != nil {
			return 0, err
		}
		step := (time.Duration(endNs-startNs) / eventSlots).Truncate(time.Minute) + time.Minute
		n := step.Nanoseconds()
		p := loki.Part{Start: floor(startNs, n), End: floor(endNs-1, n) + n, Share: int64(maxLines)}
		buckets, err := logs.Buckets(ctx, q, loki.Window{Start: time.Unix(0, p.Start), End: time.Unix(0, p.End)}, step, nil)
		if err != nil {
			return 0, err
		}
		for _, b := range buckets {
			p.Slots = append(p.Slots, loki.Slot{Start: b.End - n, End: b.End, Lines: b.Lines})
			p.Lines += b.Lines
		}
		slices.SortFunc(p.Slots, func(a, b loki.Slot) int { return cmp.Compare(a.End, b.End) })
		if p.Lines == 0 {
			return 0, nil
		}
		_, err = logs.Read(ctx, q, []loki.Part{p}, loki.ReadOptions{}, func(_ int, e loki.Entry) { line(e.Time, e.Stream.Labels, e.Line) })
		return p.Lines, err
	}
}
