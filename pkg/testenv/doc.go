// Package testenv starts the real things that the plugin works with: a Loki server, a llama.cpp server with a
// small test-double model, a Prometheus Pushgateway, the built plugin as Grafana starts it, and a browser. It serves
// tests, benchmarks and the demo; nothing of the product imports it.
//
// Every part starts with one call and stops with Close. What has to be downloaded or built is kept in [CacheDir],
// once per machine and safely for concurrent processes. A part that cannot be had is an error that says why and
// what to do; nothing is skipped silently.
package testenv

// Logf receives one line of progress at a time, as testing.T.Logf and log.Printf do. Nil is allowed and silent.
// It is called only from the goroutine of the call that it was given to.
type Logf func(format string, args ...any)

// say reports progress if anybody listens.
func (f Logf) say(format string, args ...any) {
	if f != nil {
		f(format, args...)
	}
}
