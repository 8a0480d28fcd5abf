package record_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/push"
	"github.com/lokalyst/lokalyst/pkg/golden/record"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A place is a real Loki with a tenant of its own, and what records from it.
type place struct {
	t      *testing.T
	server *testenv.Loki
	tenant string
	client *loki.Client
	engine *analysis.Engine
}

func newPlace(t *testing.T) *place {
	t.Helper()
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	p := &place{t: t, server: server, tenant: fmt.Sprintf("record-%d", time.Now().UnixNano())}
	p.client, err = loki.NewClient(loki.Options{URL: server.URL, Tenant: p.tenant, HTTP: &http.Client{Transport: transport, Timeout: time.Minute}})
	require.NoError(t, err)
	p.engine, err = analysis.NewEngine(1<<20, noop.NewTracerProvider().Tracer(""), time.Now)
	require.NoError(t, err)
	t.Cleanup(p.engine.Ledger.Close)
	return p
}

func (p *place) push(labels map[string]string, lines ...testenv.Entry) {
	p.t.Helper()
	require.NoError(p.t, p.server.Push(p.t.Context(), p.tenant, []testenv.Stream{{Labels: labels, Entries: lines}}))
}

func (p *place) request(expr string, w loki.Window, baseline time.Duration) record.Request {
	return record.Request{
		Logs: p.client, Engine: p.engine, Expr: expr, Window: w, Baseline: baseline, MaxLines: 20_000, Split: golden.Dev,
		Source: "http://10.1.2.3:3100, tenant t", By: "ann", Key: []byte("0123456789abcdef"),
	}
}

var now = time.Now().Truncate(time.Second)

func at(before time.Duration, format string, args ...any) testenv.Entry {
	return testenv.Entry{Time: now.Add(-before), Line: fmt.Sprintf(format, args...)}
}

// hour is the last hour.
func hour() loki.Window { return loki.Window{Start: now.Add(-time.Hour), End: now} }

const secret = "ghp_0123456789abcdefghijklmnopqrstuvwxyzAB"

// TestSecretsAreMasked: nothing that is secret or personal is in what is written, and
// addresses stay distinguishable within the case.
func TestSecretsAreMasked(t *testing.T) {
	p := newPlace(t)
	p.push(map[string]string{"app": "shop", "token": secret, "peer": "10.9.8.7"},
		at(50*time.Minute, "login of ann@example.com from 10.0.0.1 with %s", secret), at(40*time.Minute, "denied 10.0.0.1"), at(30*time.Minute, "denied 10.0.0.2"), at(20*time.Minute, "password=hunter2hunter2 \xff"))
	p.push(map[string]string{"app": "shop", "token": strings.ToUpper(secret), "peer": "10.9.8.7"}, at(10*time.Minute, "another stream"))
	expr := `{app="shop"} != "` + secret + `x" != "10.0.0.9"`
	c, coverage, err := record.Freeze(t.Context(), p.request(expr, hour(), 0))
	require.NoError(t, err)
	require.Equal(t, record.Coverage{Read: 5, Total: 5}, coverage)
	v, err := record.NewView(t.Context(), p.engine, nil, c)
	require.NoError(t, err)
	require.NoError(t, v.Apply(record.Label{Severity: verdict.Notice, Category: "security", Component: "at 10.0.0.1", Note: "see " + secret}, p.engine.Redactor.WithKey([]byte("0123456789abcdef")).Mask))
	raw, err := golden.Encode(c)
	require.NoError(t, err)
	for _, hidden := range []string{"ghp_", "GHP_", "hunter2", "ann@", "10.0.0", "10.9.8", "10.1.2"} {
		require.NotContains(t, string(raw), hidden)
	}
	require.Equal(t, redact.Version, c.Provenance.Redaction)
	require.Equal(t, c.Hash(), c.Provenance.SHA256)
	require.Equal(t, "ann", c.Provenance.LabelledBy)
	require.Equal(t, "internal", c.Provenance.Licence)
	require.True(t, c.Query.Frozen)
	_, err = loki.Parse(c.Query.LogQL)
	require.NoError(t, err)

	texts := map[string]int{}
	for _, s := range c.Streams {
		require.Equal(t, "shop", s.Labels["app"])
		for _, l := range s.Lines {
			if a, ok := strings.CutPrefix(l.Text, "denied "); ok {
				texts[a]++
			}
		}
	}
	require.Len(t, texts, 2, "two addresses are two")

	r := p.request(`{app="shop"} | addr=ip("10.0.0.0/8")`, hour(), 0)
	require.Equal(t, r.ID(), p.request(r.Expr, hour(), 0).ID())
	require.NotEqual(t, r.ID(), p.request(r.Expr+" ", hour(), 0).ID())
	require.NotEqual(t, r.ID(), p.request(r.Expr, hour(), time.Hour).ID())
}

// TestRecordedVerdictEqualsThePushed: what is pushed and recorded again is judged the same,
// and the evidence names the lines that it was about.
func TestRecordedVerdictEqualsThePushed(t *testing.T) {
	p := newPlace(t)
	original := &golden.Case{
		ID: "oom", SchemaVersion: golden.SchemaVersion, Split: golden.Dev, GroupID: "g", Expected: golden.Expected{Verdict: "healthy", Category: "none"},
		Query: golden.Query{LogQL: `{app=~".+"}`, Start: now.Truncate(time.Minute).Add(-48 * time.Hour), End: now.Truncate(time.Minute).Add(-47 * time.Hour), Baseline: "1h"},
	}
	kernel := golden.Stream{Labels: map[string]string{"app": "kernel"}}
	shop := golden.Stream{Labels: map[string]string{"app": "shop"}}
	for i := range 120 {
		shop.Lines = append(shop.Lines, golden.Line{Offset: int64(i-60)*int64(time.Minute) + int64(time.Second), Text: fmt.Sprintf("level=info msg=\"order %d stored\"", i)})
	}
	for i := range 5 {
		kernel.Lines = append(kernel.Lines, golden.Line{Offset: int64(40+i) * int64(time.Minute), Text: fmt.Sprintf("Memory cgroup out of memory: Killed process %d (checkout) total-vm:524288kB, anon-rss:520000kB", 4000+i)})
	}
	original.Streams = []golden.Stream{kernel, shop}
	require.NoError(t, original.Check())
	want, err := record.NewView(t.Context(), p.engine, nil, original)
	require.NoError(t, err)
	require.Equal(t, verdict.Warning, want.Suggested.Severity, want.Summary)

	plan, err := push.NewPlan([]*golden.Case{original}, push.Layout{Run: "r", End: now.Add(-time.Minute).Truncate(time.Minute), MaxLines: 1000})
	require.NoError(t, err)
	require.NoError(t, plan.Push(t.Context(), push.Options{Loki: p.client, State: filepath.Join(t.TempDir(), "s")}))
	pushed := plan.Cases[0]
	c, _, err := record.Freeze(t.Context(), p.request(pushed.LogQL, pushed.Window, pushed.Baseline))
	require.NoError(t, err)
	got, err := record.NewView(t.Context(), p.engine, nil, c)
	require.NoError(t, err)
	require.Equal(t, want.Suggested, got.Suggested)
	require.Equal(t, want.Reasons, got.Reasons)
	require.Equal(t, want.Rows, got.Rows)

	require.NoError(t, got.Apply(got.Suggested, p.engine.Redactor.Mask))
	texts := map[string]string{}
	for i, s := range c.Streams {
		for j, l := range s.Lines {
			texts[golden.LineID(i, j)] = l.Text
		}
	}
	killed := 0
	for _, id := range c.Expected.EvidenceMust {
		require.Contains(t, texts[id], "Killed process")
		killed++
	}
	require.Equal(t, 5, killed)
	require.Equal(t, "suspicious", c.Expected.Verdict)
}

// TestSamplesKeepTheShares: of both windows the same share is kept, and it is said.
func TestSamplesKeepTheShares(t *testing.T) {
	p := newPlace(t)
	var lines []testenv.Entry
	for i := range 2000 {
		lines = append(lines, at(2*time.Hour-time.Duration(i+1)*1700*time.Millisecond, "line %d", i))
	}
	for i := range 1000 {
		lines = append(lines, at(time.Hour-time.Duration(i+1)*3*time.Second, "line %d", i))
	}
	p.push(map[string]string{"app": "shop"}, lines...)
	r := p.request(`{app="shop"}`, hour(), time.Hour)
	r.MaxLines = 500
	c, coverage, err := record.Freeze(t.Context(), r)
	require.NoError(t, err)
	require.InDelta(t, 500, coverage.BaselineRead, 25)
	require.InDelta(t, 250, coverage.Read, 25)
	window, baseline := c.Lines()
	require.EqualValues(t, window, coverage.Read)
	require.EqualValues(t, baseline, coverage.BaselineRead)
	require.Contains(t, c.Provenance.Note, fmt.Sprintf("%d of about 1000 lines of the window are kept", window))
	require.Contains(t, c.Tags, "sampled")
}

func TestFreezeRefuses(t *testing.T) {
	p := newPlace(t)
	for expr, want := range map[string]string{
		`{app="nothing"}`:             "no lines for this query",
		`rate({app="shop"}[1m])`:      "not a metric query",
		`{app="shop"`:                 "syntax error",
		`{app="shop"} | json | x = `:  "LogQL",
		`{service_name="lokalyst"} |`: "LogQL",
	} {
		_, _, err := record.Freeze(t.Context(), p.request(expr, hour(), 0))
		require.ErrorContains(t, err, want, expr)
	}
}

// TestOwnLogsAreLeftOut, as an analysis leaves them out.
func TestOwnLogsAreLeftOut(t *testing.T) {
	p := newPlace(t)
	p.push(map[string]string{"service_name": "lokalyst", "kind": "verdict"}, at(time.Minute, `{"kind":"verdict"}`))
	p.push(map[string]string{"service_name": "loki"}, at(time.Minute, "level=info query executed"))
	p.push(map[string]string{"service_name": "shop"}, at(time.Minute, "kept"))
	c, _, err := record.Freeze(t.Context(), p.request(`{service_name=~".+"}`, hour(), 0))
	require.NoError(t, err)
	require.Len(t, c.Streams, 1)
	require.Equal(t, "kept", c.Streams[0].Lines[0].Text)
	require.Contains(t, c.Provenance.Note, "left out")
}

func TestFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cases.jsonl")
	c := &golden.Case{ID: "one"}
	f, err := record.OpenFile(name)
	require.NoError(t, err)
	require.NoError(t, f.Append(c))
	require.ErrorContains(t, f.Append(c), "is in "+name+" already")
	whole, err := os.ReadFile(name)
	require.NoError(t, err)

	for tail, want := range map[string]string{
		"":             "",
		"\n":           "",
		`{"id":"tw`:    "was cut off",
		`{"id":"two"}`: "had no end",
	} {
		require.NoError(t, os.WriteFile(name, append(slices.Clone(whole), tail...), 0o600))
		f, err := record.OpenFile(name)
		require.NoError(t, err)
		require.Contains(t, f.Repaired, want)
		require.Equal(t, want == "", f.Repaired == "")
		require.True(t, f.Has("one"))
		require.Equal(t, want == "had no end", f.Has("two"))
		require.NoError(t, f.Append(&golden.Case{ID: "three"}))
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for line := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n") {
			require.True(t, line == "" || json.Valid([]byte(line)), line)
		}
	}
	require.NoError(t, os.WriteFile(name, []byte("nonsense\n{}\n"), 0o600))
	_, err = record.OpenFile(name)
	require.ErrorContains(t, err, ":1 is no case")
	_, err = record.OpenFile("x.jsonl.gz")
	require.ErrorContains(t, err, "compressed")
}
