package plugin_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// A house is the delivered program between a real Loki and a real llama-server, each
// behind a gate.
type house struct {
	t      *testing.T
	loki   *gate
	model  *gate
	store  *testenv.Loki
	tenant string
	pc     backend.PluginContext
	plugin *testenv.Plugin
	// start is a full minute; the logs of a test begin before it, and its ticks are after.
	start time.Time
}

// houseParts are what a test wants otherwise.
type houseParts struct {
	// model is the first way of the model's gate; nil for open.
	model    way
	store    *testenv.Loki  // nil for the shared one
	llama    *testenv.Llama // nil for the shared one
	settings map[string]any
	secrets  map[string]string
}

func sharedLoki(t *testing.T) *testenv.Loki {
	t.Helper()
	store, err := testenv.SharedLoki(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func sharedLlama(t *testing.T) *testenv.Llama {
	t.Helper()
	llama, err := testenv.SharedLlama(t.Context(), t.Logf)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, llama.Close()) })
	return llama
}

// newHouse starts what a test needs and no plugin yet.
func newHouse(t *testing.T, p houseParts) *house {
	t.Helper()
	store, llama := p.store, p.llama
	if store == nil {
		store = sharedLoki(t)
	}
	if llama == nil {
		llama = sharedLlama(t)
	}
	if p.model == nil {
		p.model = open
	}
	h := &house{
		t: t, store: store, tenant: fmt.Sprintf("rule-%d", time.Now().UnixNano()),
		loki: newGate(t, store.URL, open), model: newGate(t, llama.URL, p.model),
		start: time.Now().UTC().Truncate(time.Minute).Add(-3 * time.Hour),
	}
	settings := map[string]any{"lokiTenant": h.tenant, "timeout": 60, "alertWait": "2s", "llmServers": []map[string]any{{"url": h.model.URL}}}
	maps.Copy(settings, p.settings)
	var err error
	h.pc, err = testenv.PluginContext("uid-"+h.tenant, h.loki.URL, settings, p.secrets)
	require.NoError(t, err)
	return h
}

// run starts the delivered program; h.plugin is the one that was started last.
func (h *house) run() *testenv.Plugin {
	h.t.Helper()
	bin, err := testenv.BuildPlugin(h.t.Context(), h.t.Logf)
	require.NoError(h.t, err)
	p, err := testenv.StartPlugin(h.t.Context(), bin)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, p.Close()) })
	h.plugin = p
	return p
}

// push writes lines to Loki.
func (h *house) push(streams ...testenv.Stream) {
	h.t.Helper()
	require.NoError(h.t, h.store.Push(h.t.Context(), h.tenant, streams))
}

// tick is the n-th minute after the start.
func (h *house) tick(n float64) time.Time {
	return h.start.Add(time.Duration(n * float64(time.Minute)))
}

// metric sums the samples of a metric of the plugin whose labels contain a text.
func (h *house) metric(p *testenv.Plugin, name, labels string) (sum float64) {
	h.t.Helper()
	res, err := p.CollectMetrics(h.t.Context(), &backend.CollectMetricsRequest{PluginContext: h.pc})
	require.NoError(h.t, err)
	samples := regexp.MustCompile(`(?m)^` + name + `\{[^}]*` + regexp.QuoteMeta(labels) + `[^}]*\} (\S+)$`)
	for _, m := range samples.FindAllSubmatch(res.PrometheusMetrics, -1) {
		v, err := strconv.ParseFloat(string(m[1]), 64)
		require.NoError(h.t, err)
		sum += v
	}
	return sum
}

// write writes lines of one service, named as namespace/service, every few seconds, from
// one minute after the start to another. The same arguments give the same lines.
func (h *house) write(who string, from, to float64, every time.Duration, line func(r *rand.Rand) string) testenv.Stream {
	r := rand.New(rand.NewPCG(7, uint64(len(who))))
	namespace, service, _ := strings.Cut(who, "/")
	s := testenv.Stream{Labels: map[string]string{"namespace": namespace, "service_name": cmp.Or(service, "server")}}
	for t := h.tick(from).Add(every / 2); t.Before(h.tick(to)); t = t.Add(every) {
		s.Entries = append(s.Entries, testenv.Entry{Time: t, Line: line(r)})
	}
	return s
}

// What services write. calm is what a healthy one does.
func calm(r *rand.Rand) string {
	return fmt.Sprintf("INFO order %d stored in %d ms", 1000+r.IntN(9000), 4+r.IntN(60))
}

// killed has a fatal signature where the kernel writes it.
func killed(r *rand.Rand) string {
	return fmt.Sprintf("Memory cgroup out of memory: Killed process %d (checkout) total-vm:%dkB", 4000+r.IntN(9000), 1400000+r.IntN(90000))
}

// novelty is new and harmless, so that only a model can say what it means.
func novelty(r *rand.Rand) string {
	return fmt.Sprintf("INFO session cache warmed with %d entries", r.IntN(900))
}

// broken is many kinds of errors without a fatal signature: a warning to the rules, an
// incident to the test double, which goes by the share of such words.
func broken(r *rand.Rand) string {
	kinds := []string{
		"ERROR cart %d: error failed timeout exception failure", "ERROR payment failed with exception %d after timeout error error failed", "ERROR invoice exception error %d failed",
		"ERROR queue of orders: timeout timeout error error failed failed %d times", "ERROR session denied denied rejected error %d", "ERROR voucher %d rejected: failed failure failure error exception crash",
		"ERROR refund crashed crashed error failed exception error timeout number %d aborted", "ERROR parcel label %d expired expired error failed",
	}
	return fmt.Sprintf(kinds[r.IntN(len(kinds))], r.IntN(90000))
}

// incidentRule is the rule that most tests evaluate: severity by namespace with a
// notification behind it. with overrides parts of the query.
func incidentRule(with map[string]any) alertRule {
	model := func(queryType string) map[string]any {
		m := map[string]any{"queryType": queryType, "expr": `{namespace=~".+"}`, "groupBy": []string{"namespace"}, "baseline": "1h", "value": "severity"}
		maps.Copy(m, with)
		return m
	}
	return alertRule{
		UID: "incident", Title: "Logs show an incident", Fires: func(v float64) bool { return v > 2 },
		Queries: []ruleQuery{
			{RefID: "A", Model: model("verdict"), From: 10 * time.Minute},
			{RefID: "B", Model: model("notification"), From: 10 * time.Minute},
		},
		Annotations: map[string]string{"summary": `{{ $labels.namespace }}: {{ $values.B.Labels.summary }}`},
	}
}
