package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

const historyKey = "0123456789abcdef0123456789abcdef"

// A keeper is a data source with a history, in a process of its own as far as it knows,
// on a real Loki.
type keeper struct {
	t    *testing.T
	host *Host
	ds   *datasource
	pc   backend.PluginContext
	// time is the process's clock in Unix nanoseconds.
	time atomic.Int64
}

func (k *keeper) now() time.Time { return time.Unix(0, k.time.Load()) }

func (k *keeper) set(now time.Time) { k.time.Store(now.UnixNano()) }

// newKeeper starts a process on a tenant of a Loki.
func newKeeper(t *testing.T, url, tenant string, now time.Time) *keeper {
	t.Helper()
	k := &keeper{t: t}
	k.set(now)
	var err error
	k.host, err = NewHost(HostOptions{Now: k.now})
	require.NoError(t, err)
	k.pc, err = testenv.PluginContext("keeper", url, map[string]any{"lokiTenant": tenant, "historyEnabled": true}, map[string]string{secretHistoryKey: historyKey})
	require.NoError(t, err)
	k.ds = newDatasource(t.Context(), k.host, *k.pc.DataSourceInstanceSettings)
	require.NoError(t, k.ds.setupErr)
	require.NoError(t, k.ds.keptErr)
	return k
}

// close ends the process; what it has to record is recorded by then.
func (k *keeper) close() {
	k.ds.Dispose()
	k.host.Close()
}

// ask sends a query; of a rule it is evaluated at the keeper's time.
func (k *keeper) ask(q map[string]any, fromAlert bool) framesOut {
	k.t.Helper()
	raw, err := json.Marshal(q)
	require.NoError(k.t, err)
	ctx, cancel := context.WithTimeout(k.t.Context(), time.Minute)
	defer cancel()
	frames, err := k.ds.answer(ctx, backend.DataQuery{RefID: "A", JSON: raw, TimeRange: backend.TimeRange{From: k.now().Add(-10 * time.Minute), To: k.now()}}, asker{
		context: k.pc, headers: http.Header{}, fromAlert: fromAlert, rule: "rule",
	})
	require.NoError(k.t, err)
	return frames
}

func (k *keeper) severity() float64 {
	k.t.Helper()
	f := k.ask(map[string]any{"queryType": "verdict", "expr": `{app="shop"}`, "groupBy": []string{"app"}, "baseline": "none"}, true)[0]
	require.Equal(k.t, 1, f.Rows())
	v, _ := f.Fields[len(f.Fields)-1].ConcreteAt(0)
	return v.(float64)
}

func shopLines(at time.Time, n int, line string) []testenv.Stream {
	s := testenv.Stream{Labels: map[string]string{"app": "shop"}}
	for i := range n {
		s.Entries = append(s.Entries, testenv.Entry{Time: at.Add(-time.Duration(i) * time.Second), Line: line})
	}
	return []testenv.Stream{s}
}

// TestHistoryOutlivesTheProcess: what was served is written, shown, and known to the
// process that comes after.
func TestHistoryOutlivesTheProcess(t *testing.T) {
	server, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	tenant := fmt.Sprintf("history-%d", time.Now().UnixNano())
	start := time.Now().Add(-30 * time.Minute).Truncate(time.Second)
	require.NoError(t, server.Push(t.Context(), tenant, shopLines(start.Add(-time.Minute), 30, `panic: runtime error: invalid memory address or nil pointer dereference`)))
	require.NoError(t, server.Push(t.Context(), tenant, shopLines(start.Add(11*time.Minute), 30, `level=info msg="order placed"`)))

	first := newKeeper(t, server.URL, tenant, start)
	require.Equal(t, 3.0, first.severity())
	require.Equal(t, 3.0, first.severity(), "a retry gets the same answer")
	first.close()

	second := newKeeper(t, server.URL, tenant, start.Add(12*time.Minute))
	defer second.close()
	require.Equal(t, 3.0, second.severity(), "the severity is held although the process knows nothing else of it")

	second.set(start.Add(30 * time.Minute))
	lines, err := second.ds.kept.read(t.Context(), `{service_name="lokalyst", kind="verdict"}`, loki.Window{Start: start.Add(-time.Hour), End: start.Add(time.Minute)}, 100)
	require.NoError(t, err)
	require.Len(t, lines, 1, "one evaluation was recorded by the process that ended")
	require.True(t, lines[0].signed)
	require.Equal(t, map[string]string{"app": "shop"}, lines[0].Labels)

	// A line that somebody else wrote is shown and not believed.
	forged := lines[0].Line
	forged.Severity, forged.TS = verdict.Healthy, start.Add(5*time.Minute)
	text, err := forged.Encode(tenant, []byte("another key of sixteen bytes"))
	require.NoError(t, err)
	require.NoError(t, second.ds.kept.client.Push(t.Context(), verdict.KindVerdict, loki.PushLine{Time: forged.TS, Text: text}))

	history := map[string]any{"queryType": "history", "expr": `{app="shop"}`, "groupBy": []string{"app"}}
	var frames framesOut
	require.Eventually(t, func() bool {
		second.set(start.Add(15 * time.Minute))
		frames = historyOf(second, start, history)
		return len(frames) == 2
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, data.FrameTypeTimeSeriesMulti, frames[0].Meta.Type)
	require.Equal(t, data.Labels{"app": "shop", "prompt": "incident-triage"}, frames[0].Fields[1].Labels)
	require.Equal(t, data.Labels{"app": "shop", "prompt": "incident-triage", "signed": "false"}, frames[1].Fields[1].Labels)
	v, _ := frames[0].Fields[1].ConcreteAt(0)
	require.Equal(t, 3.0, v)

	history["format"] = "annotations"
	frames = historyOf(second, start, history)
	require.Len(t, frames, 1)
	require.Equal(t, 1, frames[0].Rows())
	for i, want := range []any{start, nil, "incident: app=shop", "A Go process crashed.", "critical,application,incident-triage"} {
		if want != nil {
			got, _ := frames[0].Fields[i].ConcreteAt(0)
			if at, ok := got.(time.Time); ok {
				got = at.Local()
				want = start.Local()
			}
			require.Equal(t, want, got)
		}
	}
}

// historyOf asks for the half hour from start.
func historyOf(k *keeper, start time.Time, q map[string]any) framesOut {
	raw, err := json.Marshal(q)
	require.NoError(k.t, err)
	frames, err := k.ds.answer(k.t.Context(), backend.DataQuery{JSON: raw, TimeRange: backend.TimeRange{From: start.Add(-time.Hour), To: start.Add(time.Hour)}}, asker{context: k.pc})
	require.NoError(k.t, err)
	return frames
}
