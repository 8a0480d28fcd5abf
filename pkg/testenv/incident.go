package testenv

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"time"
)

// IncidentLength is the length of the story that Incident tells.
const IncidentLength = 2 * time.Hour

// Moments of the story, counted from its beginning.
const (
	incidentRollout  = 78 * time.Minute // checkout 2.3.1 keeps every cart in memory
	incidentPressure = 88 * time.Minute // garbage collection takes over
	incidentKill     = 96 * time.Minute // the kernel kills checkout for the first time
)

// Incident returns two hours of logs of a small shop in Kubernetes that end at end: healthy noise of six services, then
// a rollout with a memory leak, the out-of-memory kills that follow and what they do to the services that depend on the
// killed one. The same end and seed give the same lines. About 18,000 lines.
func Incident(end time.Time, seed uint64) []Stream {
	b := newStory(end.Add(-IncidentLength), seed)
	b.healthy(0, IncidentLength)
	b.rollout()
	for t := incidentPressure; t < incidentKill; t += b.jitter(20 * time.Second) {
		b.checkout(t, "warn", "garbage collection took %dms, heap %dMi of 512Mi", 200+b.r.IntN(900), 430+b.r.IntN(80))
	}
	for t := incidentKill; t < IncidentLength; t += 4*time.Minute + b.jitter(30*time.Second) {
		b.kill(t)
		b.outage(t, min(t+3*time.Minute, IncidentLength))
	}
	return b.result()
}

// Healthy returns the same shop for the length before end without an incident, with the odd warning that every system
// prints. About 130 lines a minute.
func Healthy(end time.Time, length time.Duration, seed uint64) []Stream {
	b := newStory(end.Add(-length), seed)
	b.healthy(0, length)
	return b.result()
}

// A story collects lines by service.
type story struct {
	start   time.Time
	r       *rand.Rand
	streams map[string]*Stream
}

func newStory(start time.Time, seed uint64) *story {
	return &story{start: start, r: rand.New(rand.NewPCG(seed, 17)), streams: map[string]*Stream{}}
}

func (b *story) jitter(mean time.Duration) time.Duration {
	return time.Duration((0.5 + b.r.Float64()) * float64(mean))
}

func (b *story) line(service string, t time.Duration, line string) {
	s, ok := b.streams[service]
	if !ok {
		s = &Stream{Labels: map[string]string{"cluster": "home", "namespace": "shop", "service_name": service}}
		b.streams[service] = s
	}
	s.Entries = append(s.Entries, Entry{Time: b.start.Add(t), Line: line})
}

func (b *story) result() []Stream {
	names := make([]string, 0, len(b.streams))
	for n := range b.streams {
		names = append(names, n)
	}
	sort.Strings(names)
	out := make([]Stream, 0, len(names))
	for _, n := range names {
		s := b.streams[n]
		sort.SliceStable(s.Entries, func(i, j int) bool { return s.Entries[i].Time.Before(s.Entries[j].Time) })
		out = append(out, *s)
	}
	return out
}

// checkout writes a JSON line as Go's slog does.
func (b *story) checkout(t time.Duration, level, format string, args ...any) {
	b.line("checkout", t, fmt.Sprintf(`{"time":%q,"level":%q,"msg":%q,"trace_id":"%016x"}`, b.start.Add(t).Format(time.RFC3339Nano), level, fmt.Sprintf(format, args...), b.r.Uint64()))
}

// gateway writes an access log line as Envoy's default format does.
func (b *story) gateway(t time.Duration, status int, flags string, millis int) {
	path := []string{"/cart", "/checkout", "/orders/%d", "/products/%d", "/login"}[b.r.IntN(5)]
	if path[len(path)-1] == 'd' {
		path = fmt.Sprintf(path, 1000+b.r.IntN(9000))
	}
	b.line("gateway", t, fmt.Sprintf(`[%s] "GET %s HTTP/1.1" %d %s 0 %d %d - "10.0.%d.%d" "Mozilla/5.0" "shop.example"`,
		b.start.Add(t).Format("2006-01-02T15:04:05.000Z"), path, status, flags, 200+b.r.IntN(4000), millis, b.r.IntN(4), b.r.IntN(250)))
}

func (b *story) orders(t time.Duration, level, format string, args ...any) {
	b.line("orders", t, fmt.Sprintf("%s %-5s [http-nio-8080-exec-%d] c.e.orders.OrderService : %s", b.start.Add(t).Format("2006-01-02 15:04:05.000"), level, 1+b.r.IntN(10), fmt.Sprintf(format, args...)))
}

func (b *story) payments(t time.Duration, level, format string, args ...any) {
	b.line("payments", t, fmt.Sprintf("ts=%s level=%s %s", b.start.Add(t).Format(time.RFC3339), level, fmt.Sprintf(format, args...)))
}

func (b *story) postgres(t time.Duration, format string, args ...any) {
	b.line("postgres", t, fmt.Sprintf("%s UTC [%d] %s", b.start.Add(t).Format("2006-01-02 15:04:05.000"), 100+b.r.IntN(40), fmt.Sprintf(format, args...)))
}

func (b *story) kubelet(t time.Duration, format string, args ...any) {
	b.line("kubelet", t, fmt.Sprintf(format, args...))
}

// healthy writes what the services print when nothing is wrong.
func (b *story) healthy(from, to time.Duration) {
	every := func(mean time.Duration, write func(t time.Duration)) {
		for t := from + b.jitter(mean); t < to; t += b.jitter(mean) {
			write(t)
		}
	}
	every(800*time.Millisecond, func(t time.Duration) { b.gateway(t, 200, "-", 3+b.r.IntN(90)) })
	every(40*time.Second, func(t time.Duration) { b.gateway(t, 404, "-", 2) })
	every(3*time.Second, func(t time.Duration) {
		b.checkout(t, "info", "cart %d checked out, %d items", b.r.IntN(90000), 1+b.r.IntN(9))
	})
	every(5*time.Second, func(t time.Duration) {
		b.orders(t, "INFO", "order %d stored in %d ms", 40000+b.r.IntN(5000), 4+b.r.IntN(60))
	})
	every(6*time.Second, func(t time.Duration) {
		b.payments(t, "info", `msg="payment accepted" order=%d amount=%d.%02d duration=%dms`, 40000+b.r.IntN(5000), 5+b.r.IntN(200), b.r.IntN(100), 30+b.r.IntN(200))
	})
	every(4*time.Minute, func(t time.Duration) {
		b.payments(t, "warn", `msg="card provider answered slowly" duration=%dms`, 1500+b.r.IntN(900))
	})
	every(5*time.Minute, func(t time.Duration) {
		b.postgres(t, "LOG:  checkpoint complete: wrote %d buffers (%d.%d%%); write=%d.%03d s", b.r.IntN(900), b.r.IntN(5), b.r.IntN(9), b.r.IntN(90), b.r.IntN(999))
	})
	every(20*time.Second, func(t time.Duration) {
		b.kubelet(t, `I%s %d kubelet.go:2409] "SyncLoop (PLEG): event for pod" pod="shop/report-%d"`, b.start.Add(t).Format("0102 15:04:05.000000"), 1200, b.r.IntN(99999))
	})
}

func (b *story) rollout() {
	b.kubelet(incidentRollout, `I%s 1200 kuberuntime_manager.go:1080] "Pulling image" image="registry.example/shop/checkout:2.3.1"`, b.start.Add(incidentRollout).Format("0102 15:04:05.000000"))
	b.checkout(incidentRollout+9*time.Second, "info", "starting checkout 2.3.1")
	b.checkout(incidentRollout+10*time.Second, "info", "session cache enabled, limit none")
}

// kill is one out-of-memory kill and the restart after it.
func (b *story) kill(t time.Duration) {
	pid := 4000 + b.r.IntN(9000)
	b.line("kernel", t, fmt.Sprintf("Memory cgroup out of memory: Killed process %d (checkout) total-vm:%dkB, anon-rss:%dkB, file-rss:0kB, shmem-rss:0kB, UID:65532 oom_score_adj:996", pid, 1400000+b.r.IntN(90000), 522000+b.r.IntN(2000)))
	stamp := b.start.Add(t + time.Second).Format("0102 15:04:05.000000")
	b.kubelet(t+time.Second, `I%s 1200 kubelet.go:2409] "SyncLoop (PLEG): event for pod" pod="shop/checkout-7f9c4d9b8-x2k9q" event="ContainerDied" reason="OOMKilled" exitCode=137`, stamp)
	b.kubelet(t+3*time.Second, `E%s 1200 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"checkout\" with CrashLoopBackOff: \"back-off %ds restarting failed container=checkout\""`, stamp, 10<<b.r.IntN(4))
}

// outage is what the services that need checkout print while it is down.
func (b *story) outage(from, to time.Duration) {
	for t := from; t < to; t += b.jitter(1500 * time.Millisecond) {
		b.gateway(t, 503, "UF,URX", 1000+b.r.IntN(40))
	}
	for t := from + time.Second; t < to; t += b.jitter(4 * time.Second) {
		b.orders(t, "ERROR", "cannot reserve cart %d: java.net.ConnectException: Connection refused: checkout/10.96.14.7:8080", b.r.IntN(90000))
	}
	for t := from + 20*time.Second; t < to; t += b.jitter(9 * time.Second) {
		b.payments(t, "error", `msg="settlement postponed" reason="orders answered 500" attempt=%d`, 1+b.r.IntN(5))
	}
	for t := from + 40*time.Second; t < to; t += b.jitter(15 * time.Second) {
		b.postgres(t, "FATAL:  sorry, too many clients already")
	}
}
