package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAGroupThatFailsHidesNoOther(t *testing.T) {
	type report = func(string, float64, string)
	all := []group{
		{"one", func(_ context.Context, r report) error { r("a", 1.5, "ms"); return nil }},
		{"two", func(_ context.Context, r report) error { r("b", 2, "ms"); return errors.New("boom") }},
		{"three", func(_ context.Context, r report) error { r("c", 3e6, "lines/s"); return nil }},
	}
	var out, errs bytes.Buffer
	require.Equal(t, 1, run(t.Context(), all, "", &out, &errs))
	require.Equal(t, "a 1.5 ms\nb 2 ms\nc 3e+06 lines/s\n", out.String())
	require.Contains(t, errs.String(), "two failed: boom")
	out.Reset()
	require.Zero(t, run(t.Context(), all, "one,three", &out, &errs))
	require.Equal(t, "a 1.5 ms\nc 3e+06 lines/s\n", out.String())
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	all := []group{{"one", func(context.Context, func(string, float64, string)) error {
		return fmt.Errorf("%w: no data here", errSkip)
	}}}
	var out, errs bytes.Buffer
	require.Zero(t, run(t.Context(), all, "", &out, &errs))
	require.Contains(t, errs.String(), "one: skipped: no data here")
}

func TestTheFirstFigureIsTheOverhead(t *testing.T) {
	require.Equal(t, "plugin", groups()[0].name)
	var names []string
	require.NoError(t, benchOverhead(t.Context(), 5000, func(name string, value float64, _ string) {
		names = append(names, name)
		require.Positive(t, value)
	}))
	require.Equal(t, []string{"overhead_cpu_ms_5000", "overhead_naive_cpu_ms_5000"}, names)
}
