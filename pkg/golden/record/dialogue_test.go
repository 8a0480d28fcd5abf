package record_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/record"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// view is of a window in which the kernel kills a process, with a line that would clear the
// screen.
func view(t *testing.T) *record.View {
	t.Helper()
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	c := &golden.Case{
		ID: "one", SchemaVersion: golden.SchemaVersion, Split: golden.Dev, GroupID: "g",
		Query: golden.Query{LogQL: "{app=~\".+\"}\n# all", Start: start, End: start.Add(time.Hour), Frozen: true},
	}
	s := golden.Stream{Labels: map[string]string{"app": "kernel"}}
	for i, text := range []string{
		"Memory cgroup out of memory: Killed process 1 (checkout) total-vm:524288kB, anon-rss:520000kB",
		"level=info msg=ready \x1b[2J",
		"level=error msg=\"cannot reserve cart 5\"",
		"Memory cgroup out of memory: Killed process 2 (checkout) total-vm:524288kB, anon-rss:520000kB",
		"level=error msg=\"cannot reserve cart 6\"",
	} {
		s.Lines = append(s.Lines, golden.Line{Offset: int64(i+1) * int64(time.Minute), Text: text})
	}
	c.Streams = []golden.Stream{s}
	v := viewOf(t, c)
	require.Equal(t, verdict.Warning, v.Suggested.Severity)
	return v
}

// viewOf is of a case, a day later.
func viewOf(t *testing.T, c *golden.Case) *record.View {
	t.Helper()
	engine, err := analysis.NewEngine(1<<20, noop.NewTracerProvider().Tracer(""), func() time.Time { return c.Query.End.Add(24 * time.Hour) })
	require.NoError(t, err)
	t.Cleanup(engine.Ledger.Close)
	v, err := record.NewView(t.Context(), engine, nil, c)
	require.NoError(t, err)
	return v
}

// row returns the number of the row whose template contains a text.
func row(t *testing.T, v *record.View, text string) int {
	t.Helper()
	for i := range v.Rows {
		if strings.Contains(v.Rows[i].Template, text) {
			return i + 1
		}
	}
	require.Fail(t, "no such row", text)
	return 0
}

// keyed presses one key at a time, as a terminal gives them.
type keyed struct{ keys []string }

func (k *keyed) Read(p []byte) (int, error) {
	if len(k.keys) == 0 {
		return 0, io.EOF
	}
	n := copy(p, k.keys[0])
	k.keys = k.keys[1:]
	return n, nil
}

func ask(t *testing.T, v *record.View, keys ...string) (record.Label, record.Outcome, string) {
	t.Helper()
	var out bytes.Buffer
	pressed := record.NewKeys(&keyed{keys})
	defer pressed.Close()
	l, outcome, err := record.Ask(t.Context(), v, pressed, record.Screen{W: &out})
	require.NoError(t, err, out.String())
	return l, outcome, out.String()
}

func split(keys string) []string { return strings.Split(keys, "") }

func TestDialogue(t *testing.T) {
	v := view(t)
	cart := row(t, v, "reserve")
	key := func(n int) string { return string(rune('0' + n)) }
	for name, tc := range map[string]struct {
		keys    []string
		want    record.Label
		outcome record.Outcome
	}{
		"as suggested":       {split("\r\r\r\r\r\r"), v.Suggested, record.Saved},
		"new lines are it":   {split("\n\n\n\n\n\n"), v.Suggested, record.Saved},
		"healthy":            {split("h\r\r"), record.Label{Severity: verdict.Healthy, Category: "none"}, record.Saved},
		"unknown":            {split("u\r\r"), record.Label{Severity: verdict.Inconclusive, Category: "none"}, record.Saved},
		"all by hand":        {split("wd0" + key(cart) + "\rcart\x7f\x7frd é\rnote: b, s, q\ry"), record.Label{Severity: verdict.Warning, Category: "disk", Evidence: []int{cart}, Component: "card é", Note: "note: b, s, q"}, record.Saved},
		"other keys are no":  {split("xzn9\x00?a!\r\r\r\r\r"), record.Label{Severity: verdict.Notice, Category: "memory", Evidence: v.Suggested.Evidence}, record.Saved},
		"back and another":   {split("wbc\r\r\r\x1b\x1b0" + key(cart) + "\r\r\r\r"), record.Label{Severity: verdict.Critical, Category: "memory", Evidence: []int{cart}}, record.Saved},
		"back from healthy":  {split("h\x1bn\r\r\r\r\r"), record.Label{Severity: verdict.Notice, Category: "memory", Evidence: v.Suggested.Evidence}, record.Saved},
		"back at the start":  {split("bb\r\r\r\r\r\r"), v.Suggested, record.Saved},
		"arrows are no keys": {append([]string{"\x1b[A", "\x1bOB", "\x1b[1;5C"}, split("\r\r\r\r\r\r")...), v.Suggested, record.Saved},
		"skip":               {split("ws"), record.Label{}, record.Skipped},
		"skip at the end":    {split("\r\r\r\r\rs"), record.Label{}, record.Skipped},
		"quit":               {split("w\rq"), record.Label{}, record.Quit},
		"Ctrl-C in a text":   {split("\r\r\rabc\x03"), record.Label{}, record.Quit},
		"Ctrl-D":             {split("\x04"), record.Label{}, record.Quit},
	} {
		t.Run(name, func(t *testing.T) {
			l, outcome, out := ask(t, v, tc.keys...)
			require.Equal(t, tc.outcome, outcome, out)
			require.Equal(t, tc.want, l)
		})
	}
}

func TestScreen(t *testing.T) {
	v := view(t)
	_, _, out := ask(t, v, split("q")...)
	require.NotContains(t, out, "\x1b", "neither colours nor what a line holds")
	for _, want := range []string{`{app=~".+"} # all`, "2026-11-23 09:00:00 – 10:00:00 UTC, 5 lines, 3 patterns", "The rules say warning, memory", "h healthy", "Enter warning", "Killed process"} {
		require.Contains(t, out, want)
	}
	var styled bytes.Buffer
	record.Screen{W: &styled, Styled: true, Width: 40}.Show(v)
	require.Contains(t, styled.String(), "\x1b[33;1mwarning\x1b[m")
}

func TestDialogueEndsWithItsTerminalOrContext(t *testing.T) {
	v := view(t)
	_, outcome, err := record.Ask(t.Context(), v, record.NewKeys(strings.NewReader("w")), record.Screen{W: io.Discard})
	require.ErrorContains(t, err, "the terminal was closed")
	require.Equal(t, record.Quit, outcome)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	_, _, err = record.Ask(ctx, v, record.NewKeys(r), record.Screen{W: io.Discard})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, w.Close())
}

func TestParseLabel(t *testing.T) {
	v := view(t)
	for text, want := range map[string]record.Label{
		"suggested":                      v.Suggested,
		v.Suggested.Text():               v.Suggested,
		"severity=warning":               {Severity: 2, Category: v.Suggested.Category, Evidence: v.Suggested.Evidence},
		"severity=0":                     {Severity: 0, Category: "none"},
		"severity=unknown":               {Severity: -1, Category: "none"},
		"severity=3, category=disk":      {Severity: 3, Category: "disk", Evidence: v.Suggested.Evidence},
		"evidence=p2,p1,p2,note=a, b=c,": {Severity: 2, Category: v.Suggested.Category, Evidence: []int{1, 2}, Note: "a, b=c,"},
		"evidence=none,component=x":      {Severity: 2, Category: v.Suggested.Category, Component: "x"},
	} {
		got, err := v.ParseLabel(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"":                          "is not understood",
		"severity=4":                `severity "4" is none of`,
		"category=rain":             `category "rain" is none of`,
		"evidence=p9":               `pattern "p9" is none of p1 to p3`,
		"evidence=x":                "is none of",
		"severity=1,severity=2":     "twice",
		"severity=1,colour=blue":    "is not understood",
		"severity=1,2,category=cpu": "is not understood",
	} {
		_, err := v.ParseLabel(text)
		require.ErrorContains(t, err, want, text)
	}
}
