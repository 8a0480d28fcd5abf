package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/loki"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of reading the history.
const (
	// restoreFor is how far back a process that starts looks: a series is not remembered
	// for longer.
	restoreFor = 24 * time.Hour
	// maxRestored is how many lines it reads, the newest.
	maxRestored = 5000
	// restoreTime bounds the reading, restoreWait how long an evaluation waits for it.
	restoreTime = 20 * time.Second
	restoreWait = 2 * time.Second
	// restorePause is how long after a failure it is tried again.
	restorePause = 30 * time.Second
	// maxHistory is how many lines a history query shows, the newest.
	maxHistory = 10_000
)

// A history is where a data source's verdicts are kept, and what it knows of it. It is
// safe for concurrent use.
type history struct {
	client   *loki.Client
	tenant   string
	key      []byte
	recorder *recorder

	mu       sync.Mutex
	restored chan struct{} // closed when the last try has ended; nil before the first
	done     bool
	tried    time.Time
}

// newHistory returns the history of a data source, nil where none is kept.
func (h *Host) newHistory(ctx context.Context, s settings, ds backend.DataSourceInstanceSettings) (*history, error) {
	if !s.historyEnabled {
		return nil, nil
	}
	if err := verdict.CheckHistoryKey(s.historyKey); err != nil {
		return nil, fmt.Errorf("%w; enter it in the data source's settings, or disable the history", err)
	}
	client, err := lokiHTTP(ctx, ds)
	if err != nil {
		return nil, err
	}
	logs, err := loki.NewClient(loki.Options{URL: s.historyURL, HTTP: client, Tenant: s.lokiTenant})
	if err != nil {
		return nil, fmt.Errorf("the URL of the history: %w", err)
	}
	out := &history{client: logs, tenant: s.lokiTenant, key: s.historyKey}
	out.recorder = h.newRecorder(logs, s.lokiTenant, s.historyKey)
	return out, nil
}

// warm takes what the history knows into the engine, once for an instance, and waits for
// it for a while: an evaluation that does not know the one before could end an alert.
func (d *datasource) warm(ctx context.Context) {
	h := d.kept
	if h == nil {
		return
	}
	h.mu.Lock()
	if !h.done && (h.restored == nil || (isClosed(h.restored) && d.host.now().Sub(h.tried) >= restorePause)) {
		h.restored, h.tried = make(chan struct{}), d.host.now()
		restored := h.restored
		detached, end := d.host.work.detach(ctx)
		detached, cancel := context.WithTimeout(detached, restoreTime)
		d.host.work.run(func() {
			defer end()
			defer cancel()
			defer close(restored)
			err := d.restore(detached)
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.done = err == nil; err != nil && !errors.Is(err, context.Canceled) {
				backend.Logger.Error("The history could not be read", "error", err)
			}
		})
	}
	restored := h.restored
	h.mu.Unlock()
	timer := time.NewTimer(restoreWait)
	defer timer.Stop()
	select {
	case <-restored:
	case <-timer.C:
	case <-ctx.Done():
	}
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// restore reads the history's newest lines.
func (d *datasource) restore(ctx context.Context) error {
	now := d.host.now()
	lines, err := d.kept.read(ctx, selectKind(verdict.KindVerdict), loki.Window{Start: now.Add(-restoreFor), End: now.Add(time.Minute)}, maxRestored)
	if err != nil {
		return err
	}
	for _, l := range slices.Backward(lines) { // the oldest is forgotten first
		if l.signed {
			d.host.engine.Restore(l.Line)
		}
	}
	return nil
}

// selectKind selects the history's lines of a kind.
func selectKind(kind string) string { return fmt.Sprintf(`{service_name="lokalyst", kind=%q}`, kind) }

// newest returns the newest lines of a query of the history, the newest first.
func (h *history) newest(ctx context.Context, expr string, w loki.Window, n int) ([]loki.Line, error) {
	q, err := loki.Parse(expr)
	if err != nil {
		return nil, err
	}
	return h.client.Newest(ctx, q, w, n)
}

// A historyLine is a line of the history; one that is not signed may be anybody's.
type historyLine struct {
	verdict.Line
	signed bool
}

// read returns the newest lines of a query, the newest first. What is no verdict is left
// out.
func (h *history) read(ctx context.Context, expr string, w loki.Window, n int) ([]historyLine, error) {
	lines, err := h.newest(ctx, expr, w, n)
	if err != nil {
		return nil, err
	}
	var out []historyLine
	for _, l := range lines {
		line, signed, err := verdict.DecodeLine(l.Text, h.tenant, l.Time, h.key)
		if err == nil {
			out = append(out, historyLine{line, signed})
		}
	}
	return out, nil
}

var errNoHistory = errors.New("no history is kept: enable it in the data source's settings and enter a key that its lines are signed with")

// showHistory answers a history query: the verdicts on what the query names.
func (d *datasource) showHistory(ctx context.Context, q query) (framesOut, error) {
	if d.kept == nil {
		if d.keptErr != nil {
			return nil, fmt.Errorf("%w: %w", errSettings, d.keptErr)
		}
		return nil, fmt.Errorf("%w: %w", errSettings, errNoHistory)
	}
	expr := selectKind(verdict.KindVerdict)
	if q.expr != "" {
		expr += fmt.Sprintf(" |= %q", `"query":"`+analysis.HistoryQuery(q.expr, q.groupBy, q.promptID)+`"`)
	}
	lines, err := d.kept.read(ctx, expr, q.window, maxHistory)
	if err != nil {
		return nil, err
	}
	frames := historyFrames(lines, q)
	for _, f := range frames {
		f.Meta.ExecutedQueryString = expr
	}
	return frames, nil
}
