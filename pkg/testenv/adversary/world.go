package adversary

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/lokalyst/lokalyst/pkg/loki"
)

// A line is one log line of a component.
type line struct {
	component, text string
	at              int64
}

// A scene is what one query finds: the lines of the window and of the baseline.
type scene struct {
	name  string
	lines []line // by time
}

// newScene spreads the lines of the window over the window and those of the baseline over
// the baseline, in their order.
func newScene(name string, window, before []line) *scene {
	s := &scene{name: name}
	spread := func(end time.Time, lines []line) {
		step := (length - 2*time.Minute) / time.Duration(len(lines)+1)
		for i, l := range lines {
			l.at = end.Add(-length + time.Minute + time.Duration(i+1)*step).UnixNano()
			s.lines = append(s.lines, l)
		}
	}
	spread(Now().Add(-baseline), before)
	spread(Now(), window)
	return s
}

// with returns the scene with further lines at random times of the window, in their order.
// Nobody who adds lines can move those that are there.
func (s *scene) with(name string, g generator, more []line) *scene {
	out := &scene{name: name, lines: slices.Clone(s.lines)}
	times := make([]int64, len(more))
	for i := range times {
		times[i] = Now().Add(-length + time.Minute + time.Duration(g.Int64N(int64(length-2*time.Minute)))).UnixNano()
	}
	slices.Sort(times)
	for i, l := range more {
		l.at = times[i]
		out.lines = append(out.lines, l)
	}
	slices.SortStableFunc(out.lines, func(a, b line) int { return cmp.Compare(a.at, b.at) })
	return out
}

// in returns the lines of (start, end].
func (s *scene) in(start, end int64) []line {
	at := func(t int64) int {
		i, _ := slices.BinarySearchFunc(s.lines, t+1, func(l line, t int64) int { return cmp.Compare(l.at, t) })
		return i
	}
	return s.lines[at(start):max(at(start), at(end))]
}

// labels are those of a component's stream.
func (s *scene) labels(component string) map[string]string {
	return map[string]string{"namespace": "shop", "service_name": component, "container": component, "scene": s.name}
}

func (s *scene) expr() string { return fmt.Sprintf(`{scene=%q}`, s.name) }

// A world is a Loki of scenes, for the analysis and, through its handler, for the plugin.
// It is safe for concurrent use.
type world struct {
	mu     sync.Mutex
	scenes map[string]*scene
}

func newWorld() *world { return &world{scenes: map[string]*scene{}} }

func (w *world) add(s *scene) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scenes[s.name] = s
}

func (w *world) drop(s *scene) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.scenes, s.name)
}

var sceneName = regexp.MustCompile(`scene="([^"]+)"`)

// scene returns the one that a query asks for, an empty one where there is none.
func (w *world) scene(query string) *scene {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m := sceneName.FindStringSubmatch(query); m != nil && w.scenes[m[1]] != nil {
		return w.scenes[m[1]]
	}
	return &scene{}
}

// Buckets implements analysis.Logs.
func (w *world) Buckets(_ context.Context, q loki.Query, window loki.Window, step time.Duration, by []string) ([]loki.Bucket, error) {
	return w.scene(q.Text).buckets(window.Start.UnixNano(), window.End.UnixNano(), step, by), nil
}

func (s *scene) buckets(start, end int64, step time.Duration, by []string) (out []loki.Bucket) {
	at := map[string]int{}
	for _, l := range s.in(start, end) {
		labels := map[string]string{}
		for _, name := range by {
			labels[name] = s.labels(l.component)[name]
			if name == "detected_level" {
				labels[name] = cmp.Or(lokiLevel(l.text), "unknown")
			}
		}
		n := int64(step)
		slot := (l.at-1)/n*n + n
		key := fmt.Sprint(slot, labels)
		if _, ok := at[key]; !ok {
			at[key] = len(out)
			out = append(out, loki.Bucket{End: slot, Labels: labels})
		}
		out[at[key]].Lines++
	}
	return out
}

// Read implements analysis.Logs.
func (w *world) Read(_ context.Context, q loki.Query, parts []loki.Part, _ loki.ReadOptions, sink func(int, loki.Entry)) ([]loki.PartRead, error) {
	s := w.scene(q.Text)
	out := make([]loki.PartRead, len(parts))
	streams := map[string]*loki.Stream{}
	for i, p := range parts {
		for _, l := range s.in(p.Start, p.End) {
			if streams[l.component] == nil {
				streams[l.component] = &loki.Stream{Labels: s.labels(l.component), Key: l.component}
			}
			sink(i, loki.Entry{Time: l.at, Stream: streams[l.component], Level: lokiLevel(l.text), Line: []byte(l.text)})
			out[i].Lines++
		}
	}
	return out, nil
}

// Series implements analysis.Logs.
func (w *world) Series(context.Context, loki.Query, loki.Window, time.Duration) ([]loki.Series, error) {
	return nil, nil
}

// Streams implements analysis.Logs.
func (w *world) Streams(context.Context, loki.Query, loki.Window, ...string) ([]map[string]string, error) {
	return nil, nil
}
