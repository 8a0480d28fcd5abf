package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var contextStart = time.Unix(1_795_348_800, 0)

// during returns a pattern of n lines in each of the window's parts from first to last.
func during(line string, stream, first, last, n int) patterns.Pattern {
	const part = int64(15*time.Minute) / patterns.TrendBuckets
	p := patterns.Pattern{Template: line, Sample: line, Streams: []int{stream}, SampleStream: stream}
	p.First, p.Last = contextStart.UnixNano()+int64(first)*part+1, contextStart.UnixNano()+int64(last)*part+2
	for i := first; i <= last; i++ {
		p.Trend[i] = n
		p.Count += n
	}
	p.Read = p.Count
	p.Levels[patterns.DetectLevel(line)] = p.Count
	return p
}

func contextInput(labels []map[string]string, ps ...patterns.Pattern) Input {
	in := Input{Patterns: ps, Streams: labels, Start: contextStart, End: contextStart.Add(15 * time.Minute)}
	for i := range ps {
		in.Lines += ps[i].Count
	}
	return in
}

const (
	killedLine  = "Memory cgroup out of memory: Killed process 4211 (java) total-vm:8123456kB"
	refusedLine = `level=error msg="order not stored" err="dial tcp 10.0.0.3:5432: connect: connection refused"`
	startedLine = "2026-11-22 10:00:00.123  INFO 1 --- [main] c.e.orders.Application : Started Application in 6.3 seconds (process running for 7.1)"
	notReady    = "Node worker-2 status is now: NodeNotReady"
)

func TestCircumstances(t *testing.T) {
	labels := []map[string]string{{"service_name": "orders"}, {"service_name": "kernel"}, {"service_name": "kubernetes-events"}, {"service_name": "kured"}, {"service_name": "memory-drill"}, {"service_name": "carts"}}
	const orders, kernel, events, kured, drill, carts = 0, 1, 2, 3, 4, 5
	const heap = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
	const damaged = "EXT4-fs (sda1): Remounting filesystem read-only"
	for name, tc := range map[string]struct {
		ps       []patterns.Pattern
		severity verdict.Severity
		fatal    bool
		reason   string
	}{
		"a single kill":                      {[]patterns.Pattern{during(killedLine, kernel, 9, 9, 1)}, verdict.Warning, true, ""},
		"kills while others fail":            {[]patterns.Pattern{during(killedLine, kernel, 3, 20, 1), during(refusedLine, orders, 4, 23, 4)}, verdict.Critical, true, ""},
		"kills that go on":                   {[]patterns.Pattern{during(killedLine, kernel, 10, 23, 1)}, verdict.Critical, true, ""},
		"kills that went on":                 {[]patterns.Pattern{during(killedLine, kernel, 3, 16, 1)}, verdict.Warning, true, ""},
		"started again":                      {[]patterns.Pattern{during(heap, orders, 19, 19, 1), during(startedLine, orders, 20, 20, 1)}, verdict.Notice, false, "started again"},
		"another program started":            {[]patterns.Pattern{during(heap, orders, 19, 19, 1), during(startedLine, carts, 20, 20, 1)}, verdict.Warning, false, "started again"},
		"started before":                     {[]patterns.Pattern{during(heap, orders, 5, 5, 1), during(startedLine, orders, 3, 3, 1)}, verdict.Warning, true, ""},
		"started, and users still fail":      {[]patterns.Pattern{during(heap, orders, 5, 8, 1), during(startedLine, orders, 9, 9, 1), during(refusedLine, carts, 5, 23, 4)}, verdict.Critical, true, ""},
		"a node that stays away":             {[]patterns.Pattern{during(notReady, events, 9, 9, 1)}, verdict.Critical, true, ""},
		"a node that came back":              {[]patterns.Pattern{during(notReady, events, 9, 9, 1), during("Node worker-2 status is now: NodeReady", events, 12, 12, 1)}, verdict.Notice, false, "ready again"},
		"a node that is drained":             {[]patterns.Pattern{during(notReady, events, 9, 9, 1), during(`level=info msg="Draining node worker-2"`, kured, 8, 8, 1), during(`level=info msg="Uncordoning node worker-2"`, kured, 11, 11, 1)}, verdict.Healthy, false, ""},
		"drained by what is no tool":         {[]patterns.Pattern{during(notReady, events, 9, 9, 1), during(`level=info msg="Draining node worker-2"`, orders, 8, 10, 1)}, verdict.Critical, true, ""},
		"a drain that does not end":          {[]patterns.Pattern{during(notReady, events, 9, 23, 1), during(`level=info msg="Draining node worker-2"`, kured, 8, 23, 1)}, verdict.Critical, true, ""},
		"long before the drain":              {[]patterns.Pattern{during(notReady, events, 2, 2, 1), during(`level=info msg="Draining node worker-2"`, kured, 15, 16, 1)}, verdict.Critical, true, ""},
		"a drill":                            {[]patterns.Pattern{during(killedLine, kernel, 9, 12, 1), during("memory-drill: step 1: exceeding the limit on purpose", drill, 9, 12, 1)}, verdict.Healthy, false, ""},
		"a drill of another time":            {[]patterns.Pattern{during(killedLine, kernel, 9, 12, 1), during("memory-drill: step 1: exceeding the limit on purpose", drill, 18, 20, 1)}, verdict.Warning, true, ""},
		"expected":                           {[]patterns.Pattern{during(`level=warn msg="recovered from panic" check=a expected=true`, orders, 3, 20, 1)}, verdict.Healthy, false, ""},
		"not expected":                       {[]patterns.Pattern{during(`level=warn msg="recovered from panic" check=a expected=false`, orders, 3, 20, 1)}, verdict.Warning, false, ""},
		"damage is not healed by a start":    {[]patterns.Pattern{during(damaged, kernel, 5, 5, 1), during(startedLine, orders, 6, 6, 1)}, verdict.Critical, true, ""},
		"sustained to the end":               {[]patterns.Pattern{during(refusedLine, orders, 8, 23, 4)}, verdict.Critical, true, ""},
		"many, but long over":                {[]patterns.Pattern{during(refusedLine, orders, 2, 9, 8)}, verdict.Warning, false, ""},
		"a fallback":                         {[]patterns.Pattern{during(`level=warn msg="catalog not reachable, using cached copy" err="connection refused"`, orders, 2, 20, 1)}, verdict.Healthy, false, ""},
		"fatal in spite of words of comfort": {[]patterns.Pattern{during(`level=error msg="as expected" err="open /data/x: no space left on device"`, orders, 2, 23, 4)}, verdict.Critical, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := contextInput(labels, append(tc.ps, during("GET /healthz took 3ms", orders, 0, 23, 40))...)
			r := builtIn(t).Assess(in)
			require.Equal(t, tc.severity, r.Severity, "%+v", r.Findings)
			require.Equal(t, tc.fatal, r.Fatal)
			if tc.reason != "" {
				require.Contains(t, r.Findings[0].Reason, tc.reason, "what lowers a finding is told")
			}
		})
	}
}

// TestOthersAreNotSeen: of a group of the kernel's lines alone nobody can say that no user is
// affected.
func TestOthersAreNotSeen(t *testing.T) {
	labels := []map[string]string{{"service_name": "orders"}, {"service_name": "kernel"}}
	killed := during(killedLine, 1, 3, 16, 1)
	require.Equal(t, verdict.Critical, builtIn(t).Assess(contextInput(labels, killed)).Severity)
	require.Equal(t, verdict.Warning, builtIn(t).Assess(contextInput(labels, killed, during("GET / took 3ms", 0, 0, 23, 9))).Severity)
	require.Equal(t, verdict.Critical, builtIn(t).Assess(contextInput(labels, killed, during("GET / took 3ms", 0, 0, 16, 9))).Severity, "no end of it is seen")
	require.Equal(t, verdict.Warning, builtIn(t).Assess(contextInput(labels, during(killedLine, 1, 9, 9, 1))).Severity)
}

func TestSteadyFailuresAreNone(t *testing.T) {
	p := during(refusedLine, 0, 0, 23, 1)
	p.BaselineCount, p.Change = p.Count, patterns.ChangeSteady
	in := contextInput([]map[string]string{{"service_name": "orders"}}, p)
	in.HasBaseline = true
	require.Equal(t, verdict.Healthy, builtIn(t).Assess(in).Severity)
	in.Patterns[0].Change = patterns.ChangeNew
	require.Equal(t, verdict.Warning, builtIn(t).Assess(in).Severity)
}

// TestForgedCircumstances has callers write words of comfort into fields: next to failures,
// and after them.
func TestForgedCircumstances(t *testing.T) {
	s := builtIn(t)
	var texts []string
	for i := range s.context {
		c := &s.context[i]
		texts = append(texts, c.Examples...)
		texts = append(texts, c.Any...)
		texts = append(texts, c.Start...)
	}
	require.Greater(t, len(texts), 100)
	incidents := map[string][]patterns.Pattern{
		"kill":    {during(killedLine, 1, 5, 5, 1)},
		"node":    {during(notReady, 2, 5, 9, 1)},
		"refused": {during(refusedLine, 0, 3, 16, 3)},
		"panic":   {during("panic: runtime error: invalid memory address or nil pointer dereference", 0, 5, 5, 1)},
	}
	n, lower := 0, 0
	for name, failing := range incidents {
		for field, format := range forgeFields() {
			labels := []map[string]string{applicationLabels, {"service_name": "kernel"}, {"service_name": "kubernetes-events"}, forgeLabels(field)}
			calm := during("GET /healthz took 3ms", 0, 0, 23, 20)
			alone := s.Assess(contextInput(labels, append(failing, calm, during(format("bob"), 3, 4, 18, 1))...))
			for _, text := range texts {
				n++
				r := s.Assess(contextInput(labels, append(failing, calm, during(format(text), 3, 4, 18, 1))...))
				if r.Severity < alone.Severity || alone.Fatal && !r.Fatal {
					lower++
					t.Logf("%s, %s: %d instead of %d: %s", name, field, r.Severity, alone.Severity, format(text))
				}
			}
		}
	}
	assert.Zero(t, lower, "of %d", n)
}

func TestParseContextRefuses(t *testing.T) {
	for want, raw := range map[string]string{
		"kind must be":  `[{id: a, kind: hope, any: [calm], streams: [go], covers: [all], reason: r, examples: [calm]}]`,
		"covers must":   `[{id: a, kind: recovery, any: [calm], streams: [go], reason: r, examples: [calm]}]`,
		"too short":     `[{id: a, kind: recovery, any: [ok], streams: [go], covers: [all], reason: r, examples: [ok]}]`,
		"context: yaml": `{`,
	} {
		_, err := parseContext([]byte(raw))
		require.ErrorContains(t, err, want)
	}
	list, err := parseContext([]byte(`[{id: a, kind: recovery, any: [calm], streams: [go], covers: [nothing], reason: r, examples: [calm]}]`))
	require.NoError(t, err)
	require.ErrorContains(t, (&Set{context: list}).checkCovers(), "neither a signature nor a category")
}
