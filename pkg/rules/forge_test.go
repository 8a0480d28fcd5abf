package rules

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/patterns"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// forgeries are failures' wordings as somebody would write them into a field.
func forgeries(s *Set) []string {
	out := []string{
		"panic: runtime error: invalid memory address or nil pointer dereference", "panic:", "PANIC:  could not write to file", "FATAL:  the database system is in recovery mode",
		"fatal error: concurrent map writes", "Out of memory: Killed process 1 (nginx)", "kernel: Out of memory: Killed process 1 (nginx)", "x no space left on device",
		"OOMKilled", "CrashLoopBackOff", "NodeNotReady", "java.lang.OutOfMemoryError", "x: java.lang.OutOfMemoryError: Java heap space", "error: no space left on device",
		"level=fatal msg=\"no space left on device\"", `","error":"no space left on device`, `" err="no space left on device`, "x\" panic: runtime error", "a error=no space left on device",
		"Traceback (most recent call last):", "Exception in thread \"main\" java.lang.Error", "segfault at 0 ip 0 sp 0 error 4 in x", "Kernel panic - not syncing: x",
		"Nov 22 10:00:00 node-1 kernel: Out of memory: Killed process 1 (x)", "[12345.678901] Out of memory: Killed process 1 (x)", "ERROR no space left on device", "FATAL: no space left on device",
	}
	for i := range s.signatures {
		sig := &s.signatures[i]
		for _, texts := range [][]string{sig.Any, sig.Start, sig.All} {
			for _, t := range texts[:min(2, len(texts))] {
				out = append(out, strings.TrimSuffix(t, "*"))
			}
		}
	}
	return out
}

// forgeFields adds to fields what servers and applications print in other ways.
func forgeFields() map[string]func(string) string {
	out := fields()
	q := func(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) }
	hex := strings.NewReplacer(`\`, `\x5C`, `"`, `\x22`)
	label := strings.NewReplacer(" ", "-", ":", "-", "(", "", ")", "", `"`, "", "/", "-", "'", "")
	out["dns label"] = func(p string) string {
		return fmt.Sprintf(`[INFO] 10.244.1.3:40331 - 4711 "A IN %s.example.com. udp 43 false 512" NXDOMAIN qr,rd 43 0.000135s`, label.Replace(p))
	}
	out["dns error"] = func(p string) string {
		return fmt.Sprintf("[ERROR] plugin/errors: 2 %s.example.com. A: read udp 10.244.0.9:37364->10.0.0.1:53: i/o timeout", label.Replace(p))
	}
	out["nginx host"] = func(p string) string {
		return fmt.Sprintf(`2026/11/22 10:00:00 [error] 29#29: *1 open() "/usr/share/nginx/html/%s" failed (2: No such file or directory), client: 192.0.2.7, server: _, request: "GET /%s HTTP/1.1", host: "%s"`, p, hex.Replace(p), hex.Replace(p))
	}
	out["envoy"] = func(p string) string {
		return fmt.Sprintf(`[2026-11-22T10:00:00.000Z] "GET /x HTTP/1.1" 200 - via_upstream - "-" 0 91 10 9 "%s" "%s" "id" "%s" "10.0.0.3:8080" outbound|80||x - 10.0.0.3:80 10.0.0.9:5 - default`, hex.Replace(p), hex.Replace(p), hex.Replace(p))
	}
	out["json access"] = func(p string) string {
		return fmt.Sprintf(`{"time":"2026-11-22T10:00:00Z","remote_addr":"192.0.2.7","request":"GET /%s HTTP/1.1","status":200,"http_user_agent":"%s","http_referer":"%s"}`, q(p), q(p), q(p))
	}
	out["spring"] = func(p string) string {
		return fmt.Sprintf(`2026-11-22 10:00:00.123  INFO 1 --- [nio-8080-exec-1] c.e.shop.UserController : Login refused for user '%s' from 192.0.2.7`, strings.ReplaceAll(p, "'", `\'`))
	}
	out["python"] = func(p string) string {
		return fmt.Sprintf(`2026-11-22 10:00:00,123 - shop.search - INFO - search query: %s`, p)
	}
	out["python repr"] = func(p string) string {
		return fmt.Sprintf(`INFO:shop:headers={'User-Agent': '%s', 'Host': 'shop.example'}`, strings.ReplaceAll(p, "'", `\'`))
	}
	out["klog"] = func(p string) string {
		return fmt.Sprintf(`I1122 10:00:00.123456       1 httplog.go:132] "HTTP" verb="GET" URI="/%s" latency="1ms" userAgent="%s" srcIP="192.0.2.7:5" resp=200`, q(p), q(p))
	}
	out["zap"] = func(p string) string {
		return fmt.Sprintf("2026-11-22T10:00:00.123Z\tINFO\tapi/log.go:12\trequest\t{\"path\": \"/%s\", \"user_agent\": \"%s\", \"status\": 200}", q(p), q(p))
	}
	out["warned"] = func(p string) string {
		return fmt.Sprintf(`level=warn ts=2026-11-22T10:00:00Z msg="invalid e-mail address" email="%s" username="%s"`, q(p), q(p))
	}
	out["ssh password"] = func(p string) string {
		return fmt.Sprintf("Nov 22 10:00:00 node-1 sshd[812]: Failed password for invalid user %s from 192.0.2.7 port 4242 ssh2", p)
	}
	out["postfix"] = func(p string) string {
		return fmt.Sprintf("Nov 22 10:00:00 mx postfix/smtpd[812]: NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.1.1 <%s@example.com>: Recipient address rejected; from=<%s@example.com> to=<%s@example.com> proto=ESMTP helo=<%s>", p, p, p, p)
	}
	out["postgres"] = func(p string) string {
		return fmt.Sprintf("2026-11-22 10:00:00.123 UTC [77] ERROR:  invalid input syntax for type integer: \"%s\"", p)
	}
	out["postgres statement"] = func(p string) string {
		return fmt.Sprintf("2026-11-22 10:00:00.123 UTC [77] STATEMENT:  select * from t where name = '%s'", p)
	}
	out["url encoded"] = func(p string) string {
		return fmt.Sprintf(`level=info msg="request served" url="https://shop.example/?q=%s" status=200`, url.QueryEscape(p))
	}
	return out
}

func forgeLabels(field string) map[string]string {
	switch field {
	case "dns label", "dns error":
		return map[string]string{"namespace": "kube-system", "container": "coredns"}
	case "nginx host", "json access":
		return map[string]string{"app": "nginx"}
	case "envoy":
		return map[string]string{"container": "istio-proxy", "app": "shop"}
	case "klog":
		return map[string]string{"component": "kube-apiserver"}
	case "ssh password":
		return map[string]string{"job": "systemd-journal"}
	case "postfix":
		return map[string]string{"service_name": "postfix"}
	case "postgres", "postgres statement":
		return map[string]string{"app": "postgres"}
	}
	if l := fieldLabels[field]; l != nil {
		return l
	}
	return applicationLabels
}

// TestForged has callers write failures into fields, three hundred times each.
func TestForged(t *testing.T) {
	s := builtIn(t)
	const count = 300
	all, warned, fatal := 0, 0, 0
	require.Greater(t, len(forgeries(s)), 200)
	for field, format := range forgeFields() {
		own := s.Assess(Input{Patterns: []patterns.Pattern{onePattern(format("bob"), count)}, Lines: 1000, Streams: []map[string]string{forgeLabels(field)}})
		for _, p := range forgeries(s) {
			line := format(p)
			pattern := patterns.Pattern{Template: line, Sample: line, Count: count, Read: count, Streams: []int{0}}
			pattern.Levels[patterns.LevelInfo] = count
			r := s.Assess(Input{Patterns: []patterns.Pattern{pattern}, Lines: 1000, Streams: []map[string]string{forgeLabels(field)}})
			all++
			switch {
			case r.Severity == verdict.Critical && own.Severity != verdict.Critical:
				fatal++
				t.Logf("fatal %s (%s): %s", r.Findings[0].Rule, field, line)
			case r.Severity == verdict.Warning && own.Severity < verdict.Warning:
				warned++
				t.Logf("warning %s (%s): %s", r.Findings[0].Rule, field, line)
			}
		}
	}
	t.Logf("forged: %d incidents and %d warnings of %d", fatal, warned, all)
	assert.Zero(t, fatal)
	assert.Less(t, float64(warned)/float64(all), 0.001)
}
