package loki

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/loki/v3/pkg/logql/syntax"
)

// A Bucket is the exact number of lines of one slot and one combination of labels.
//
// A slot is a piece of time of one step, whose end is a multiple of the step since
// the Unix epoch ([time.Time.Truncate] counts from the year 1). It is open at its start and closed at its end, because that is
// what a LogQL range covers.
type Bucket struct {
	// End is the slot's end in Unix nanoseconds; the slot is (End-step, End].
	End int64
	// Labels are the values of the labels that were grouped by. The buckets of one
	// series share them; they must not be changed.
	Labels map[string]string
	Lines  int64
}

// maxBuckets bounds one answer of [Client.Buckets]: 16 MiB.
const maxBuckets = 1 << 19

// Buckets counts the lines that a log query selects in each slot of w by labels. The
// window's start and end must be multiples of step, which must be whole
// milliseconds. Slots without lines are left out; the others come series by series
// in the order of time. It sends one request. Loki refuses more than 11,000 slots.
func (c *Client) Buckets(ctx context.Context, q Query, w Window, step time.Duration, by []string) ([]Bucket, error) {
	start, end := w.Start.UnixNano(), w.End.UnixNano()
	switch {
	case q.Kind != KindLogs:
		return nil, errors.New("lines can be counted of a log query only")
	case step < time.Millisecond || step%time.Millisecond != 0:
		return nil, fmt.Errorf("a step of %s cannot be counted: use whole milliseconds", step)
	case start%int64(step) != 0 || end%int64(step) != 0 || end < start:
		return nil, fmt.Errorf("the window from %s to %s does not consist of steps of %s", w.Start.UTC(), w.End.UTC(), step)
	case start == end:
		return nil, nil
	}
	return c.buckets(ctx, q, start, end, step, by)
}

func (c *Client) buckets(ctx context.Context, q Query, start, end int64, step time.Duration, by []string) ([]Bucket, error) {
	params := url.Values{"query": {countQuery(q, step, by)}}
	path, resultType := apiPath+"/query_range", "matrix"
	if first := start + int64(step); first < end {
		params.Set("start", strconv.FormatInt(first, 10))
		params.Set("end", strconv.FormatInt(end, 10))
		params.Set("step", fmt.Sprintf("%dms", step.Milliseconds()))
	} else {
		// Loki's frontend answers a range of one step with nothing (v3.7).
		path, resultType = apiPath+"/query", "vector"
		params.Set("time", strconv.FormatInt(end, 10))
	}
	res, err := c.send(ctx, path, params)
	if err != nil {
		return nil, err
	}
	defer closeReply(res)
	var out []Bucket
	var labels map[string]string
	series := func(l map[string]string) error {
		labels = l
		return nil
	}
	err = samples(res.Body, c.opts.MaxBytes, resultType, series, func(ms int64, value float64) error {
		b := Bucket{End: ms * int64(time.Millisecond), Labels: labels, Lines: int64(value)}
		if b.Lines <= 0 || b.End <= start || b.End > end {
			return nil // Loki's frontend may widen a range to whole steps
		}
		if len(out) >= maxBuckets {
			return &Error{Kind: ErrTooLarge, Detail: fmt.Sprintf("more than %d counts; group by labels with fewer values", maxBuckets)}
		}
		out = append(out, b)
		return nil
	})
	if err != nil {
		return nil, replyReadError(ctx, err)
	}
	return out, nil
}

// countQuery counts the lines of a log query over d, summed by labels. The line
// break ends a comment that the query may end with.
func countQuery(q Query, d time.Duration, by []string) string {
	group := ""
	if len(by) > 0 {
		group = " by (" + strings.Join(by, ",") + ")"
	}
	// Lines that a parser stage cannot parse are lines; without the drop stage Loki
	// refuses to count them.
	return fmt.Sprintf("sum%s (count_over_time(%s\n| drop __error__, __error_details__ [%dms]))", group, withoutParentheses(q.Text), d.Milliseconds())
}

// CheckGroupBy reports whether LogQL can group by these labels: some names are
// words of the language. The error is a [*QueryError].
func CheckGroupBy(by []string) error {
	for _, name := range by {
		if _, err := syntax.ParseExpr(fmt.Sprintf("sum by (%s) (count_over_time({a=\"b\"}[1m]))", name)); err != nil {
			return &QueryError{Reason: fmt.Sprintf("cannot group by %q, which is a word of LogQL; rename the label with label_format", name)}
		}
	}
	return nil
}
