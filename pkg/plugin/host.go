// Package plugin is Grafana's edge: it reads settings and queries, calls the
// analysis, and shapes the answer as data frames. Each file named handler_*.go
// holds one interface of Grafana's SDK and calls functions with explicit
// dependencies. Nothing here knows how logs are read or how a model is asked.
package plugin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/backend/tracing"
	"github.com/prometheus/client_golang/prometheus"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/kube"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// ID is the plugin's id; plugin.json has the same.
const ID = "lokalyst-aianalysis-datasource"

// ledgerBytes bounds the remembered judgements; each takes one or two kilobytes.
const ledgerBytes = 16 << 20

// A Host owns what outlives a data source instance, because Grafana rebuilds
// instances on every settings change: the ledger, the prompt registry and the
// model servers with their queues. A process has one; close it at the end.
type Host struct {
	engine *analysis.Engine
	now    func() time.Time
	// configMaps connects to the cluster that Grafana runs in.
	configMaps func() (corev1client.ConfigMapsGetter, error)

	metrics *metrics
	work    *background
	answers *answers
	jobs    *jobs

	// secret makes pseudonyms where a data source has no key of its own.
	secret [32]byte

	mu        sync.Mutex
	servers   map[string]*sharedServer
	overrules map[verdict.Key]*overrules
}

// A sharedServer is a model server used by refs instances.
type sharedServer struct {
	server *llm.Server
	refs   int
}

// HostOptions are what a [Host] needs of the process.
type HostOptions struct {
	Now func() time.Time
	// Metrics is where the metrics are registered, those of one host at most; nil for
	// nowhere.
	Metrics prometheus.Registerer
}

// NewHost loads the built-in prompts and signatures and registers the metrics.
func NewHost(o HostOptions) (*Host, error) {
	now := o.Now
	engine, err := analysis.NewEngine(ledgerBytes, tracing.DefaultTracer(), now)
	if err != nil {
		return nil, err
	}
	work := newBackground()
	h := &Host{
		engine:     engine,
		now:        now,
		work:       work,
		answers:    newAnswers(work, now),
		jobs:       newJobs(work),
		configMaps: func() (corev1client.ConfigMapsGetter, error) { return kube.ConfigMaps(kube.ServiceAccountDir) },
		servers:    map[string]*sharedServer{},
		overrules:  map[verdict.Key]*overrules{},
	}
	_, _ = rand.Read(h.secret[:]) // it never fails
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	if h.metrics, err = newMetrics(o.Metrics, newQueueDepth(h.waiting)); err != nil {
		h.Close()
		return nil, fmt.Errorf("the metrics cannot be registered: %w", err)
	}
	engine.Meter = h.metrics
	return h, nil
}

// pseudonyms returns the key that a data source's addresses are replaced by pseudonyms
// with: derived from the key that its history is signed with, so that a pseudonym
// outlives the process, or else from a secret of the process.
func (h *Host) pseudonyms(s backend.DataSourceInstanceSettings) []byte {
	secret := h.secret[:]
	if key := s.DecryptedSecureJSONData[secretHistoryKey]; key != "" {
		secret = []byte(key)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("pseudonyms of " + s.UID)) // a hash never fails
	return mac.Sum(nil)
}

// Close stops what is under way: analyses that are followed, evaluations whose asker
// left, and model calls.
func (h *Host) Close() {
	h.jobs.close()
	h.work.close()
	h.engine.Ledger.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.servers {
		s.server.Close()
	}
}

// waiting returns how many calls wait for a slot of a model server, by class.
func (h *Host) waiting() map[string]int {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[string]int{}
	for _, class := range []llm.Class{llm.ClassAlert, llm.ClassInteractive, llm.ClassBackground} {
		out[class.String()] = 0
		for _, s := range h.servers {
			out[class.String()] += s.server.Load().Waiting[class]
		}
	}
	return out
}

// acquireAll returns a pool of the servers of these configurations, nil where there is
// none that can be used. The error is of those that cannot. Call release once.
func (h *Host) acquireAll(configs []llm.Config) (pool *llm.Pool, release func(), err error) {
	var (
		servers  []*llm.Server
		releases []func()
		errs     []error
	)
	for _, c := range configs {
		server, release, err := h.acquire(c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		servers, releases = append(servers, server), append(releases, release)
	}
	if len(servers) > 0 {
		pool = llm.NewPool(servers...)
	}
	return pool, func() {
		for _, r := range releases {
			r()
		}
	}, errors.Join(errs...)
}

// acquire returns the server for a configuration, shared between all instances
// that name the same one so that they share its slots. Call release once.
func (h *Host) acquire(cfg llm.Config) (server *llm.Server, release func(), err error) {
	key := verdict.KeyOf(cfg.URL, cfg.Model, cfg.APIKey, fmt.Sprint(cfg.Slots)).String()
	h.mu.Lock()
	defer h.mu.Unlock()
	s, ok := h.servers[key]
	if !ok {
		server, err := llm.New(cfg)
		if err != nil {
			return nil, nil, err
		}
		s = &sharedServer{server: server}
		h.servers[key] = s
	}
	s.refs++
	return s.server, sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if s.refs--; s.refs == 0 {
			delete(h.servers, key)
			s.server.Close()
		}
	}), nil
}

// NewInstance is the SDK's instance factory. A setting that is missing or wrong is
// no error here but the answer to each query and to the health check: an error
// from the factory would reach the user as Grafana's own, without the reason.
func (h *Host) NewInstance(ctx context.Context, s backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
	return newDatasource(ctx, h, s), nil
}
