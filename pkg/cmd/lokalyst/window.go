package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend/gtime"
	"github.com/spf13/cobra"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// windowFlags say which time is meant.
type windowFlags struct{ since, start, end, baseline string }

func (f *windowFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "1h", "length of the window that ends now, or at --end")
	flags.StringVar(&f.start, "start", "", "start of the window instead: RFC 3339, or Unix milliseconds as in Grafana's links")
	flags.StringVar(&f.end, "end", "", "end of the window, like --start; now by default")
	flags.StringVar(&f.baseline, "baseline", "", "offset of an earlier window to compare with, such as 1d")
}

// read returns the window and the baseline's offset, 0 for none.
func (f *windowFlags) read(now time.Time) (w loki.Window, baseline time.Duration, err error) {
	w.End = now
	if f.end != "" {
		if w.End, err = parseMoment("--end", f.end); err != nil {
			return w, 0, err
		}
	}
	if f.start != "" {
		if w.Start, err = parseMoment("--start", f.start); err != nil {
			return w, 0, err
		}
	} else {
		since, err := gtime.ParseDuration(f.since)
		if err != nil || since <= 0 {
			return w, 0, fmt.Errorf("--since %q is no duration; write one such as 30m, 6h or 1d", f.since)
		}
		w.Start = w.End.Add(-since)
	}
	if !w.End.After(w.Start) {
		return w, 0, fmt.Errorf("--end %s must lie behind --start %s", w.End.Format(time.RFC3339), w.Start.Format(time.RFC3339))
	}
	if f.baseline == "" {
		return w, 0, nil
	}
	if baseline, err = gtime.ParseDuration(f.baseline); err != nil || baseline < w.Length() {
		return w, 0, fmt.Errorf("--baseline %q must be a duration of at least --since %s", f.baseline, w.Length())
	}
	return w, baseline, nil
}

// parseMoment reads a time of the command line.
func parseMoment(name, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if ms, notNumber := strconv.ParseInt(text, 10, 64); notNumber == nil {
		t, err = time.UnixMilli(ms), nil
	}
	if err != nil || t.Year() < 1971 || t.Year() > 2261 {
		return t, fmt.Errorf("%s %q must be a time such as 2026-11-23T10:00:00Z, or Unix milliseconds", name, text)
	}
	return t.UTC(), nil
}
