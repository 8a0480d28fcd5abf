package rules

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

var builtInOnce = sync.OnceValues(BuiltIn)

func builtIn(t testing.TB) *Set {
	t.Helper()
	s, err := builtInOnce()
	require.NoError(t, err)
	return s
}

// applicationLabels name no known component.
var applicationLabels = map[string]string{"namespace": "shop", "app": "checkout"}

// labelsOf returns the labels of a stream of a component that prints a signature, for a
// line of it.
func labelsOf(s *Set, sig *Signature, line string) map[string]string {
	if prints([]*component{s.components.byID[application]}, sig.Streams) {
		if self := s.components.selfNamed(line); len(self) == 0 || prints(self, sig.Streams) {
			return applicationLabels
		}
	}
	label := func(c *component) map[string]string {
		name := c.ID
		if len(c.Names) > 0 {
			name = strings.ReplaceAll(c.Names[0], "*", "x")
		} else if len(c.Exact) > 0 {
			name = c.Exact[0]
		}
		return map[string]string{"namespace": "shop", "service_name": name}
	}
	for _, name := range sig.Streams {
		if c := s.components.byID[name]; c != nil {
			return label(c)
		}
	}
	if sig.Streams[0] == "cluster" {
		return label(s.components.byID["kubelet"])
	}
	for _, c := range s.components.byID {
		if prints([]*component{c}, sig.Streams) {
			return label(c)
		}
	}
	return nil
}

func onePattern(line string, count int) patterns.Pattern {
	p := patterns.Pattern{Template: line, Sample: line, Count: count, Read: count, Streams: []int{0}}
	p.Levels[patterns.DetectLevel(line)] = count
	return p
}

func ruleSeverity(r Result, rule string) verdict.Severity {
	for _, f := range r.Findings {
		if f.Rule == rule {
			return f.Severity
		}
	}
	return -1
}

func TestExamplesMatch(t *testing.T) {
	s := builtIn(t)
	ids := map[string]bool{}
	for i := range s.signatures {
		sig := &s.signatures[i]
		require.False(t, ids[sig.ID], "%s occurs twice", sig.ID)
		ids[sig.ID] = true
		assert.NotEmpty(t, sig.Source, sig.ID)
		for _, line := range sig.Examples {
			streams := []map[string]string{labelsOf(s, sig, line)}
			in := Input{Streams: streams, Patterns: []patterns.Pattern{onePattern(line, max(1, sig.Min))}, Lines: 1_000_000}
			assert.Equal(t, sig.Severity, ruleSeverity(s.Assess(in), sig.ID), "%s of %v: %s", sig.ID, streams[0], line)
			in.Streams = nil
			assert.Equal(t, sig.Severity, ruleSeverity(s.Assess(in), sig.ID), "%s without streams: %s", sig.ID, line)
			if sig.Min > 1 {
				in.Patterns = []patterns.Pattern{onePattern(line, 1)}
				assert.Equal(t, max(sig.Few, 0), max(ruleSeverity(s.Assess(in), sig.ID), 0), "%s, one line: %s", sig.ID, line)
			}
			if m := sig.Mass; m != nil {
				in.Patterns, in.Lines = []patterns.Pattern{onePattern(line, m.Min)}, m.Min
				assert.Equal(t, m.Severity, ruleSeverity(s.Assess(in), sig.ID), "%s, many lines: %s", sig.ID, line)
			}
		}
	}
}

// TestExamplesSurviveMining passes the examples through the miner, which hands over a
// template and a sample.
func TestExamplesSurviveMining(t *testing.T) {
	s := builtIn(t)
	for i := range s.signatures {
		sig := &s.signatures[i]
		for _, line := range sig.Examples {
			book := patterns.NewBook(patterns.Config{})
			c := book.Counter()
			c.Begin(0, 1000)
			n := max(1, sig.Min)
			for k := range n {
				c.Add(patterns.Line{Time: int64(k), Text: []byte(line)})
			}
			ps := book.Patterns([]*patterns.Tally{c.End(1)}, nil, 0, 1000)
			r := s.Assess(Input{Patterns: ps, Lines: 1_000_000, Streams: []map[string]string{labelsOf(s, sig, line)}})
			assert.Equal(t, sig.Severity, ruleSeverity(r, sig.ID), "%s: %s", sig.ID, line)
		}
	}
}

// TestExamplesElsewhere has components say the examples that do not print them.
func TestExamplesElsewhere(t *testing.T) {
	s := builtIn(t)
	notices := 0
	for i := range s.signatures {
		sig := &s.signatures[i]
		for _, id := range []string{"nginx", "memcached", "sshd", "coredns", "redis", "rabbitmq", "kafka", "etcd", "mail", "php", "elasticsearch"} {
			c := s.components.byID[id]
			if prints([]*component{c}, sig.Streams) {
				continue
			}
			labels := map[string]string{"app": strings.ReplaceAll(c.Names[0], "*", "x")}
			for _, line := range sig.Examples {
				r := s.Assess(Input{Patterns: []patterns.Pattern{onePattern(line, 5)}, Lines: 1000, Streams: []map[string]string{labels}})
				assert.EqualValues(t, -1, ruleSeverity(r, sig.ID), "%s in %s: %s", sig.ID, c.ID, line)
				if ruleSeverity(r, sig.ID+"-elsewhere") == verdict.Notice {
					notices++
					require.NotEmpty(t, r.Suspect)
				}
			}
		}
	}
	require.Greater(t, notices, 500)
}

// TestExamplesInForms prints the plain examples of programs in the forms of their loggers.
func TestExamplesInForms(t *testing.T) {
	s := builtIn(t)
	for _, tc := range []struct{ rule, message string }{
		{"disk-full", "write /data/wal/00012: no space left on device"},
		{"refused", "dial tcp 10.96.14.2:5432: connect: connection refused"},
		{"dns", "dial tcp: lookup orders-db on 10.96.0.10:53: server misbehaving"},
		{"dns-no-such-name", "dial tcp: lookup orders-db on 10.96.0.10:53: no such host"},
		{"certificate-expired", "tls: failed to verify certificate: x509: certificate has expired or is not yet valid"},
		{"postgres-connections", "pq: sorry, too many clients already"},
		{"java-heap", "java.lang.OutOfMemoryError: Java heap space"},
		{"too-many-files", "accept tcp [::]:8080: accept4: too many open files"},
		{"connection-pool", "HikariPool-1 - Connection is not available, request timed out after 30000ms."},
	} {
		q := strings.ReplaceAll(tc.message, `"`, `\"`)
		for _, line := range []string{
			tc.message,
			"2026-11-22T10:00:00.123Z ERROR checkout: " + tc.message,
			fmt.Sprintf(`ts=2026-11-22T10:00:00Z level=error caller=a.go:12 msg="request failed" err="%s"`, q),
			fmt.Sprintf(`{"time":"2026-11-22T10:00:00Z","level":"ERROR","msg":"request failed","error":"%s"}`, q),
			fmt.Sprintf(`{"time":"2026-11-22T10:00:00Z","level":"error","msg":"%s","trace_id":"0123456789abcdef"}`, q),
			fmt.Sprintf(`E1122 10:00:00.123456       1 server.go:12] "Request failed" err="%s"`, q),
			fmt.Sprintf(`{"log":"level=error msg=\"%s\"\n","stream":"stderr","time":"2026-11-22T10:00:00Z"}`, strings.ReplaceAll(q, `\`, `\\`)),
			fmt.Sprintf(`2026-11-22T10:00:00.123456789Z stderr F {"level":"error","error":{"message":"%s","stack":"at x"}}`, q),
			fmt.Sprintf("2026-11-22T10:00:00.123Z\tERROR\tcontroller/a.go:12\trequest failed\t{\"error\": \"%s\"}", q),
			fmt.Sprintf(`{"severity":"ERROR","body":"%s","attributes":{"k":"v"},"resources":{"service.name":"checkout"}}`, q),
			"\x1b[31mERRO\x1b[0m[0012] request failed error=\"" + q + "\"",
			"[2026-11-22 10:00:00,123: ERROR/MainProcess] " + tc.message,
			"2026-11-22 10:00:00.123 ERROR 1 --- [nio-8080-exec-1] c.e.Orders : " + tc.message,
			"panic happened\n\tcaused by: " + tc.message,
		} {
			r := s.Assess(Input{Patterns: []patterns.Pattern{onePattern(line, 10)}, Lines: 1000, Streams: []map[string]string{{"app": "checkout"}}})
			assert.GreaterOrEqual(t, ruleSeverity(r, tc.rule), verdict.Warning, "%s: %s", tc.rule, line)
		}
	}
}

func TestWithoutSignatures(t *testing.T) {
	bare, err := WithoutSignatures()
	require.NoError(t, err)
	in := Input{Lines: 100, Patterns: []patterns.Pattern{{Template: "Memory cgroup out of memory: Killed process <n> (java)", Sample: "Memory cgroup out of memory: Killed process 4211 (java)", Count: 1, Read: 1}}}
	require.Equal(t, verdict.Critical, builtIn(t).Assess(in).Severity)
	require.Equal(t, verdict.Healthy, bare.Assess(in).Severity)

	a, err := builtIn(t).Hash()
	require.NoError(t, err)
	again, err := builtIn(t).Hash()
	require.NoError(t, err)
	b, err := bare.Hash()
	require.NoError(t, err)
	require.Equal(t, a, again)
	require.NotEqual(t, a, b)
}
