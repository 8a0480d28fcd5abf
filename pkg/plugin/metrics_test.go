package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
)

// TestComparedIsBounded: who may write ConfigMaps can name prompts, and each name is a time
// series for ever.
func TestComparedIsBounded(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry, newQueueDepth(func() map[string]int { return nil }))
	require.NoError(t, err)
	for i := range 100 {
		m.Compared(fmt.Sprint("prompt-", i), analysis.Agree)
	}
	m.Compared("prompt-0", analysis.Agree)
	m.Compared("prompt-0", analysis.ModelLower)
	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, family := range families {
		if family.GetName() != "lokalyst_judgements_compared_total" { // the name that the dashboard reads
			continue
		}
		for _, sample := range family.GetMetric() {
			labels := ""
			for _, l := range sample.GetLabel() {
				labels += l.GetName() + "=" + l.GetValue() + " "
			}
			got[labels] = sample.GetCounter().GetValue()
		}
	}
	require.Len(t, got, 4*(maxPromptNames+1))
	require.InDelta(t, 2, got["outcome=agree prompt=prompt-0 "], 0)
	require.InDelta(t, 1, got["outcome=model_lower prompt=prompt-0 "], 0)
	require.Contains(t, got, "outcome=abstained prompt=prompt-1 ", "a counter that appears with 1 has no step for Prometheus")
	require.InDelta(t, 100-maxPromptNames, got["outcome=agree prompt=other "], 0)
}

// MetricNames are the names of the plugin's metrics.
func MetricNames(t *testing.T) (names []string) {
	t.Helper()
	all := described{}
	_, err := newMetrics(&all, newQueueDepth(func() map[string]int { return nil }))
	require.NoError(t, err)
	for _, text := range all {
		name, _, ok := strings.Cut(strings.TrimPrefix(text, `Desc{fqName: "`), `"`)
		require.True(t, ok, text)
		names = append(names, name)
	}
	return names
}

// described is a registry that remembers what metrics say of themselves.
type described []string

func (d *described) Register(c prometheus.Collector) error {
	ch := make(chan *prometheus.Desc, 10)
	c.Describe(ch)
	close(ch)
	for desc := range ch {
		*d = append(*d, desc.String())
	}
	return nil
}

func (d *described) MustRegister(...prometheus.Collector) {}
func (d *described) Unregister(prometheus.Collector) bool { return false }
