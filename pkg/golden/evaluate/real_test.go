package evaluate

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/analysis"
	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/testenv"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// TestRealModel evaluates cases with a real llama-server, twice from scratch and once from
// the answers that were kept. The server is the test's own: calls beside it would be
// yielded to.
func TestRealModel(t *testing.T) {
	llama, err := testenv.StartLlama(t.Context(), testenv.LlamaOptions{Progress: t.Logf})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, llama.Close()) })
	client := llm.NewHTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	server, err := llm.New(llm.Config{URL: llama.URL, HTTP: client, Repeatable: true, Yield: true})
	require.NoError(t, err)
	t.Cleanup(server.Close)

	var all []*golden.Case
	for i := range 4 {
		c := crash(fmt.Sprintf("c%d", i), verdict.Severity(i))
		for n := range i { // no two cases show the same
			c.Streams[0].Lines = append(c.Streams[0].Lines, golden.Line{Offset: int64(14*60e9) + int64(n), Text: "level=warn msg=\"queue grows\" " + []string{"queue=orders", "shard is slow", "lag"}[n]})
		}
		all = append(all, c)
	}
	cases := written(t, all...)
	folder := t.TempDir()
	o := Options{Paths: []string{cases}, Rules: true, Reruns: 2, Models: []analysis.Model{server}}
	var runs [][]golden.Result
	for _, file := range []string{"first", "second"} {
		o.Answers = answersIn(t, filepath.Join(folder, file))
		e, err := New(t.Context(), o)
		require.NoError(t, err)
		estimate, err := e.Estimate(t.Context())
		require.NoError(t, err)
		t.Log(estimate)
		require.Equal(t, 8, estimate.Calls)
		require.False(t, estimate.Assumed)
		var got []golden.Result
		require.NoError(t, e.Run(t.Context(), func(r golden.Result) error { got = append(got, r); return nil }))
		require.Len(t, got, 4*(2+2))
		for _, r := range got {
			if r.Judge.Kind == golden.JudgeModel {
				require.True(t, r.SchemaValid, r.Error)
				require.Zero(t, r.Evidence.Fabricated)
				require.GreaterOrEqual(t, r.Probability, 0.0)
				require.Positive(t, r.Cost.Latency)
				require.Zero(t, r.Cost.CachedTokens, "no prompt is continued")
			}
		}
		runs = append(runs, got)
	}
	require.Equal(t, withoutCost(runs[0]), withoutCost(runs[1]), "the same twice")

	o.Replay, o.Models = true, nil
	replayed := evaluated(t, o)
	require.Equal(t, bytesOf(t, runs[1]), bytesOf(t, replayed), "byte by byte")
	for _, r := range replayed {
		require.Equal(t, r.Judge.Kind == golden.JudgeModel, r.Cost.Replayed)
	}
}

func bytesOf(t *testing.T, rs []golden.Result) (out string) {
	t.Helper()
	for _, r := range withoutCost(rs) {
		raw, err := golden.Encode(&r)
		require.NoError(t, err)
		out += string(raw)
	}
	return out
}

func models(ms ...*stub) (out []analysis.Model) {
	for _, m := range ms {
		out = append(out, m)
	}
	return out
}
