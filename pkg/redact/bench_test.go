package redact_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lokalyst/lokalyst/pkg/redact"
	"github.com/lokalyst/lokalyst/pkg/testenv/secretcorpus"
)

func benchmarkSecrets(b *testing.B, lines []string) {
	r := redact.New()
	raw := make([][]byte, len(lines))
	size := 0
	for i, l := range lines {
		raw[i] = []byte(l)
		size += len(l)
	}
	b.SetBytes(int64(size / len(lines)))
	b.ReportAllocs()
	before := cpuTime(b)
	n := 0
	for ; b.Loop(); n++ {
		r.Secrets(raw[n%len(raw)])
	}
	b.ReportMetric(float64(n)/(cpuTime(b)-before).Seconds(), "lines/cpu-s")
}

// plainLines have no word that a rule looks at.
func plainLines() []string {
	lines := make([]string, 1000)
	for i := range lines {
		switch i % 4 {
		case 0:
			lines[i] = fmt.Sprintf("2026-11-22T10:%02d:%02d.%03dZ INFO http GET /v1/orders/%d status=200 took %dms client=10.0.%d.%d", i/60%60, i%60, i, i, i, i%250, i%250)
		case 1:
			lines[i] = fmt.Sprintf(`{"level":"info","ts":"2026-11-22T10:00:00Z","msg":"cart %d stored by session","trace_id":"%032x","node":"worker-%d"}`, i, i*7919, i%9)
		case 2:
			lines[i] = fmt.Sprintf(`ts=2026-11-22T10:00:00Z level=warn msg="volume waits for replica" waited=%dms id=%d zone=eu-west-1 shard=%d attempt=1 of=3`, i, i, i%7)
		default:
			lines[i] = fmt.Sprintf("E1122 10:00:00.%06d       1 reflector.go:%d] failed to list *v1.Pod: connection refused (attempt %d), will retry in %ds", i, i, i, i%60)
		}
	}
	return lines
}

func BenchmarkSecretsPlain(b *testing.B) { benchmarkSecrets(b, plainLines()) }

func BenchmarkSecretsKeywords(b *testing.B) { benchmarkSecrets(b, secretcorpus.Clean(1, 2000)) }

func BenchmarkSecretsFound(b *testing.B) {
	var lines []string
	for _, s := range secretcorpus.Secrets(1, 2000) {
		if len(s.Line) < 400 {
			lines = append(lines, s.Line)
		}
	}
	benchmarkSecrets(b, lines)
}

func BenchmarkSecretsLong(b *testing.B) {
	benchmarkSecrets(b, []string{strings.Repeat(strings.Join(plainLines(), "\n"), 9)[:1<<20]})
}

func BenchmarkMask(b *testing.B) {
	r, lines := redact.New(), plainLines()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Mask(lines[i%len(lines)])
	}
}
