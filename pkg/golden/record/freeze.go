// Package record freezes windows of a real Loki as golden cases: it reads and masks their
// lines, shows what is in them, takes the judgement of who knows what happened, and appends
// the case to a file. What was overruled becomes cases without asking.
package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/redact"
)

// Bounds of a case.
const (
	// maxBytes bounds the text of a case's lines.
	maxBytes = 128 << 20
	// countSlots is in how many slots a window is counted.
	countSlots = 240
)

// A Request says what is recorded.
type Request struct {
	Logs   analysis.Logs
	Engine *analysis.Engine
	// Expr is a log query.
	Expr   string
	Window loki.Window
	// Baseline is how far back the window to compare with lies; 0 for none.
	Baseline time.Duration
	// MaxLines bounds the lines of the window, and of the baseline.
	MaxLines int
	Split    golden.Split
	// Source says where the lines come from and By who judges them.
	Source, By string
	// Key is the secret that addresses are replaced with pseudonyms by, another for each
	// run, so that nobody can look for a known address in many cases.
	Key []byte
	// Progress, if set, is told what is being done.
	Progress func(text string)
}

// Coverage says how much of a window is in the case.
type Coverage struct{ Read, Total, BaselineRead, BaselineTotal int64 }

// ID is the id of the case that the request gives: the same for the same window, query and
// source.
func (r Request) ID() string {
	return "rec-" + r.Window.Start.UTC().Format("20060102t150405") + "-" + digest(r.Source, r.Expr, stamp(r.Window.Start), stamp(r.Window.End), r.Baseline.String())
}

func (r Request) group() string {
	return "rec-" + digest(r.Expr) + "-" + r.Window.End.UTC().Format(time.DateOnly)
}

func stamp(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }

// digest tells texts apart and cannot be read back.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:10]
}

// Freeze reads the window and the baseline and returns them as a case without a
// judgement. Everything in it is masked. Of more lines than are allowed a sample is taken,
// spread over the time, of both windows the same share, so that what rose or fell against
// the baseline still does.
func Freeze(ctx context.Context, r Request) (*golden.Case, Coverage, error) {
	var cov Coverage
	query, notices, err := r.Engine.Executed(ctx, analysis.Request{Logs: r.Logs, Owner: "record", Expr: r.Expr, Window: r.Window, Baseline: r.Baseline})
	if err != nil {
		return nil, cov, err
	}
	if query.Kind != loki.KindLogs {
		return nil, cov, errors.New("a golden case holds lines: give a log query, not a metric query")
	}
	base := loki.Window{}
	r.tell("counting the lines")
	if cov.Total, err = count(ctx, r.Logs, query, r.Window); err != nil {
		return nil, cov, err
	}
	if r.Baseline > 0 {
		base = r.Window.Shift(-r.Baseline)
		if cov.BaselineTotal, err = count(ctx, r.Logs, query, base); err != nil {
			return nil, cov, err
		}
	}
	if cov.Total+cov.BaselineTotal == 0 {
		return nil, cov, errors.New("Loki has no lines for this query in the window: check the selector and the time") //nolint:staticcheck // ST1005: Loki is a name
	}
	rate := min(1, float64(r.MaxLines)/float64(max(1, cov.Total, cov.BaselineTotal)))
	f := &freezer{mask: r.Engine.Redactor.WithKey(r.Key).Mask, start: r.Window.Start.UnixNano(), streams: map[string]*golden.Stream{}, labels: map[string]string{}}
	if r.Baseline > 0 {
		r.tell("reading the baseline")
		if cov.BaselineRead, cov.BaselineTotal, err = f.read(ctx, r.Logs, query, base, cov.BaselineTotal, rate); err != nil {
			return nil, cov, err
		}
	}
	r.tell("reading the window")
	if cov.Read, cov.Total, err = f.read(ctx, r.Logs, query, r.Window, cov.Total, rate); err != nil {
		return nil, cov, err
	}
	return r.makeCase(f, cov, notices), cov, nil
}

func (r Request) tell(text string) {
	if r.Progress != nil {
		r.Progress(text)
	}
}

// makeCase puts together what was read.
func (r Request) makeCase(f *freezer, cov Coverage, notices []analysis.Notice) *golden.Case {
	c := &golden.Case{
		ID: r.ID(), SchemaVersion: golden.SchemaVersion, Split: r.Split, GroupID: r.group(), Tags: []string{"recorded"},
		Query: golden.Query{LogQL: maskQuery(f.mask, r.Expr), Start: r.Window.Start.UTC(), End: r.Window.End.UTC(), Frozen: true},
	}
	if r.Baseline > 0 {
		c.Query.Baseline = golden.FormatDuration(r.Baseline)
	}
	for _, key := range slices.Sorted(maps.Keys(f.streams)) {
		c.Streams = append(c.Streams, *f.streams[key])
	}
	notes := []string{cov.String()}
	for _, n := range notices {
		notes = append(notes, n.Text)
	}
	if cov.Read < cov.Total || cov.BaselineRead < cov.BaselineTotal {
		c.Tags = append(c.Tags, "sampled")
	}
	c.Provenance = golden.Provenance{
		Source: f.mask(r.Source), Licence: "internal", Redaction: redact.Version, LabelledBy: r.By, Recorded: r.Engine.Now().UTC().Truncate(time.Second), Note: f.mask(strings.Join(notes, " ")),
	}
	return c
}

// String says what was left out.
func (c Coverage) String() string {
	side := func(read, total int64, of string) string {
		if read >= total {
			return fmt.Sprintf("All %d lines of the %s are kept.", read, of)
		}
		return fmt.Sprintf("%d of about %d lines of the %s are kept, spread over its time.", read, total, of)
	}
	text := side(c.Read, c.Total, "window")
	if c.BaselineTotal > 0 || c.BaselineRead > 0 {
		text += " " + side(c.BaselineRead, c.BaselineTotal, "baseline")
	}
	return text
}

// maskQuery masks a query's text. Where that leaves no query, as inside of ip(), the
// selector of everything stands for it: the lines are what the query gave in any case.
func maskQuery(mask func(string) string, expr string) string {
	masked := mask(strings.ToValidUTF8(expr, "\uFFFD"))
	if q, err := loki.Parse(masked); err != nil || q.Kind != loki.KindLogs {
		return `{recorded=~".+"}`
	}
	return masked
}

// count counts the lines of a window, widened to whole slots.
func count(ctx context.Context, logs analysis.Logs, q loki.Query, w loki.Window) (n int64, err error) {
	step := max(time.Second, (w.Length()/countSlots + time.Second - 1).Truncate(time.Second))
	s := step.Nanoseconds()
	from, to := w.Start.UnixNano(), w.End.UnixNano()
	from -= from % s
	to += (s - to%s) % s
	buckets, err := logs.Buckets(ctx, q, loki.Window{Start: time.Unix(0, from), End: time.Unix(0, to)}, step, nil)
	for _, b := range buckets {
		n += b.Lines
	}
	return n, err
}

// A freezer keeps masked lines.
type freezer struct {
	mask  func(string) string
	start int64
	// streams are kept by their masked labels; labels are those by the unmasked ones.
	streams map[string]*golden.Stream
	labels  map[string]string
	bytes   int
}

var errTooMuch = fmt.Errorf("the lines have more than %d MiB: lower --max-lines", maxBytes>>20)

// read keeps up to rate of a window's lines, of which there are about total, and returns
// how many there are as far as that is known. They come in the order of time.
func (f *freezer) read(ctx context.Context, logs analysis.Logs, q loki.Query, w loki.Window, total int64, rate float64) (n, known int64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	part := loki.Part{Start: w.Start.UnixNano(), End: w.End.UnixNano(), Lines: total, Share: int64(math.Ceil(float64(total) * rate))}
	done, err := logs.Read(ctx, q, []loki.Part{part}, loki.ReadOptions{}, func(_ int, e loki.Entry) {
		if f.bytes <= maxBytes {
			f.add(&e)
			n++
		}
		if f.bytes > maxBytes {
			cancel(errTooMuch)
		}
	})
	if cause := context.Cause(ctx); errors.Is(cause, errTooMuch) {
		return n, total, cause
	}
	if err == nil && !done[0].Sampled && done[0].Unpageable == 0 {
		total = n // the count was of whole slots
	}
	return n, total, err
}

func (f *freezer) add(e *loki.Entry) {
	key, ok := f.labels[e.Stream.Key]
	if !ok {
		key = f.stream(e.Stream)
		f.labels[e.Stream.Key] = key
	}
	text := f.mask(strings.ToValidUTF8(string(e.Line), "\uFFFD"))
	f.bytes += len(text)
	s := f.streams[key]
	s.Lines = append(s.Lines, golden.Line{Offset: e.Time - f.start, Text: text})
}

// stream makes the masked stream of one, unless another has the same masked labels.
func (f *freezer) stream(s *loki.Stream) (key string) {
	labels := make(map[string]string, len(s.Labels))
	for name, value := range s.Labels {
		// What a value is, its name can tell: token="…" is a secret, "…" is none.
		pair := f.mask(name + "=" + strconv.Quote(value))
		masked, ok := strings.CutPrefix(pair, name+"=")
		if v, err := strconv.Unquote(masked); ok && err == nil {
			labels[name] = f.mask(v)
			continue
		}
		labels[name] = f.mask(value)
		if ok && labels[name] == value {
			labels[name] = masked // the mask took the quotes
		}
	}
	if len(labels) == 0 {
		labels["recorded"] = "true" // a case's stream has labels
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(strconv.Quote(name) + strconv.Quote(labels[name]))
	}
	key = b.String()
	if f.streams[key] == nil {
		f.streams[key] = &golden.Stream{Labels: labels}
	}
	return key
}
