package rules_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/rules"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

const allParts = 1<<patterns.TrendBuckets - 1

// first are the first n parts of the window.
func first(n int) uint32 { return 1<<n - 1 }

func TestServiceSilent(t *testing.T) {
	pod := func(service, pod string) map[string]string {
		return map[string]string{"namespace": "shop", "service_name": service, "pod": pod}
	}
	type printed = patterns.Activity
	on := func(now, before uint32) printed { return printed{Now: now, Before: before} }
	always := on(allParts, allParts)
	bye := func(line string, part int, stream int) patterns.Pattern {
		p := said(line, 1, stream)
		p.Trend[part], p.Change = 1, patterns.ChangeNew
		return p
	}
	often := bye("INFO stopping the clock", 9, 0)
	for b := range 10 {
		often.Trend[b] = 1
	}
	failing := said(`level=error msg="no answer" upstream=worker`, 40, 2)
	failing.Change = patterns.ChangeNew
	for b := 4; b < patterns.TrendBuckets; b++ {
		failing.Trend[b] = 2
	}
	for name, tc := range map[string]struct {
		a, b     printed // the two replicas of worker
		extra    []patterns.Pattern
		streams  []map[string]string
		more     map[int]printed
		severity verdict.Severity
		rule     string
	}{
		"all go on":                    {a: always, b: always},
		"a replica":                    {a: on(first(10), allParts), b: always, severity: verdict.Notice, rule: "replica-silent"},
		"late":                         {a: on(first(20), allParts), b: on(first(20), allParts), severity: verdict.Notice, rule: "service-silent"},
		"a part of the window":         {a: on(first(12), allParts), b: on(first(12), allParts), severity: verdict.Warning, rule: "service-silent"},
		"most of the window":           {a: on(first(3), allParts), b: on(first(3), allParts), severity: verdict.Warning, rule: "service-silent"},
		"and callers fail":             {a: on(first(3), allParts), b: on(first(3), allParts), extra: []patterns.Pattern{failing}, severity: verdict.Critical, rule: "service-silent"},
		"never in the window":          {a: on(0, allParts), b: on(0, allParts), severity: verdict.Warning, rule: "service-silent"},
		"prints seldom":                {a: on(1, 1<<3), b: on(2, 1<<8|1<<15)},
		"pauses as in the baseline":    {a: on(first(12), first(14)), b: on(first(12), first(14))},
		"a gap as long as before":      {a: on(first(19), allParts&^0x1e000), b: on(first(19), allParts&^0x1e000)},
		"a goodbye":                    {a: on(first(10), allParts), b: always, extra: []patterns.Pattern{bye("INFO graceful shutdown complete", 9, 0)}},
		"a goodbye in a caller's name": {a: on(first(10), allParts), b: always, extra: []patterns.Pattern{bye(`level=info msg="request" user="shutting down"`, 9, 0)}, severity: verdict.Notice, rule: "replica-silent"},
		"a goodbye all the time":       {a: on(first(10), allParts), b: always, extra: []patterns.Pattern{often}, severity: verdict.Notice, rule: "replica-silent"},
		"twice the longest gap":        {a: on(first(16), allParts&^0xf00), b: on(first(16), allParts&^0xf00)},
		"a goodbye of another":         {a: on(first(10), allParts), b: always, extra: []patterns.Pattern{bye("INFO shutting down", 9, 2)}, severity: verdict.Notice, rule: "replica-silent"},
		"a goodbye long before":        {a: on(first(10), allParts), b: always, extra: []patterns.Pattern{bye("INFO shutting down", 2, 0)}, severity: verdict.Notice, rule: "replica-silent"},
		"scaled down": {
			a: on(first(10), allParts), b: always, extra: []patterns.Pattern{bye(`name=worker-1 kind=Pod reason=Killing type=Normal msg="Stopping container worker"`, 10, 3)},
			streams: []map[string]string{{"service_name": "kubernetes-events"}},
		},
		"a rollout": {
			a: on(first(10), allParts), b: always, streams: []map[string]string{pod("worker", "worker-3")}, more: map[int]printed{3: on(allParts&^first(10), 0)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := rules.Input{
				Patterns: append([]patterns.Pattern{pattern("job done", patterns.LevelInfo, 500, 500, patterns.ChangeSteady)}, tc.extra...),
				Lines:    540, HasBaseline: true,
				Streams:  append([]map[string]string{pod("worker", "worker-1"), pod("worker", "worker-2"), pod("orders", "orders-1")}, tc.streams...),
				Activity: map[int]printed{0: tc.a, 1: tc.b, 2: always},
			}
			in.Patterns[0].Streams = []int{0, 1, 2}
			maps.Copy(in.Activity, tc.more)
			got := map[string]verdict.Severity{}
			for _, f := range set(t).Assess(in).Findings {
				got[f.Rule] = f.Severity
			}
			delete(got, "service-failing")
			delete(got, "error-share")
			delete(got, "new-failure")
			want := map[string]verdict.Severity{}
			if tc.rule != "" {
				want[tc.rule] = tc.severity
			}
			require.Equal(t, want, got)
		})
	}
}

// TestServiceFailing judges a service by its own lines, whatever the others print.
func TestServiceFailing(t *testing.T) {
	fails := func(n, from, to int) patterns.Pattern {
		p := said(`level=error msg="cannot place order" err="ledger is broken"`, n, 0)
		p.Change = patterns.ChangeNew
		for b := from; b < to; b++ {
			p.Trend[b] = n / (to - from)
		}
		return p
	}
	works := func(n, stream int) patterns.Pattern {
		p := pattern("stored", patterns.LevelInfo, n, n, patterns.ChangeSteady)
		p.Streams = []int{stream}
		for b := range p.Trend {
			p.Trend[b] = n / patterns.TrendBuckets
		}
		return p
	}
	caller := fails(60, 4, 24)
	caller.Sample, caller.Template = `10.0.0.1 "GET /x" agent "fatal error"`, `<ip> "GET /x" agent "fatal error"`
	steady := fails(60, 4, 24)
	steady.Change, steady.BaselineCount = patterns.ChangeSteady, 60
	seldom := fails(60, 2, 17)
	seldom.Count, seldom.Levels[patterns.LevelError] = 100, 100
	seldom.Trend[19], seldom.Trend[20] = 20, 20
	for name, tc := range map[string]struct {
		patterns []patterns.Pattern
		severity verdict.Severity
	}{
		"last seen some time ago":  {[]patterns.Pattern{seldom, works(48, 0)}, verdict.Warning},
		"most of it until the end": {[]patterns.Pattern{fails(60, 4, 24), works(48, 0)}, verdict.Critical},
		"over":                     {[]patterns.Pattern{fails(60, 2, 17), works(48, 0)}, verdict.Warning},
		"a part of it":             {[]patterns.Pattern{fails(60, 4, 24), works(480, 0)}, verdict.Warning},
		"few":                      {[]patterns.Pattern{fails(10, 4, 14), works(48, 0)}, verdict.Warning},
		"a burst":                  {[]patterns.Pattern{fails(10, 4, 5), works(48, 0)}, verdict.Healthy},
		"as in the baseline":       {[]patterns.Pattern{steady, works(48, 0)}, verdict.Healthy},
		"words of a caller":        {[]patterns.Pattern{caller, works(48, 0)}, verdict.Healthy},
	} {
		t.Run(name, func(t *testing.T) {
			in := rules.Input{
				Patterns: append(tc.patterns, works(240_000, 1)), Lines: 240_100, HasBaseline: true,
				Streams: []map[string]string{{"service_name": "checkout"}, {"service_name": "chatter"}},
			}
			severity := verdict.Healthy
			for _, f := range set(t).Assess(in).Findings {
				if f.Rule == "service-failing" {
					severity = f.Severity
				}
			}
			require.Equal(t, tc.severity, severity)
		})
	}
}

// TestResponsesUntilTheEnd: what no longer fails at the window's end is no incident.
func TestResponsesUntilTheEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		from, to int
		severity verdict.Severity
	}{
		"until the end": {4, 24, verdict.Critical},
		"over":          {4, 16, verdict.Warning},
	} {
		t.Run(name, func(t *testing.T) {
			ok := said(`10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl/8"`, 100, 0)
			failed := said(`10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 503 5 "-" "curl/8"`, 60, 0)
			for b := tc.from; b < tc.to; b++ {
				failed.Trend[b] = 60 / (tc.to - tc.from)
			}
			r := set(t).Assess(rules.Input{Patterns: []patterns.Pattern{ok, failed}, Lines: 160, Streams: []map[string]string{nginx}})
			require.Equal(t, "http-server-errors", r.Findings[0].Rule)
			require.Equal(t, tc.severity, r.Severity)
		})
	}
}

// TestSessions: HAProxy's log tells by how a session ended whose failure it was.
func TestSessions(t *testing.T) {
	line := func(status, end, request string) string {
		return `10.0.0.7:38590 [27/Jul/2026:12:47:29 +0000] fe~ api/s1 0/0/1/37/33 ` + status + ` 217 - - ` + end + ` 14/23/0/0/0 0/0 "GET /` + request + ` HTTP/1.1"`
	}
	for name, tc := range map[string]struct {
		line, template string
		fails          bool
	}{
		"no server":         {line("503", "SC--", "x"), "", true},
		"no answer in time": {line("504", "sH--", "x"), "", true},
		"the caller left":   {line("-1", "CD--", "x"), "", false},
		"all went well":     {line("200", "----", "x"), "", false},
		"a caller's words":  {line("200", "----", "0/0/0/0/0 503 1 - - SC-- "), "", false},
		"several endings":   {line("503", "SC--", "x"), `<ip>:<num> [<ts>] fe~ api/s1 <num> <num> <num> - - <*> <num> <num> "GET <*> HTTP/<num>"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := said(tc.line, 60, 0)
			if tc.template != "" {
				p.Template = tc.template
			}
			r := set(t).Assess(rules.Input{Patterns: []patterns.Pattern{p}, Lines: 60, Streams: []map[string]string{{"app": "haproxy"}}})
			fails := false
			for _, f := range r.Findings {
				fails = fails || f.Rule == "http-server-errors"
			}
			require.Equal(t, tc.fails, fails, "%+v", r.Findings)
		})
	}
}
