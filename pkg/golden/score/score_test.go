package score

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// result is one of the case n: expected and given severity, in a group of its own.
func result(n int, expected, given verdict.Severity) golden.Result {
	return golden.Result{
		Case: fmt.Sprintf("case-%04d", n), CaseHash: "h", GroupID: fmt.Sprintf("group-%04d", n), Family: "family", Split: golden.Test,
		Expected: golden.Expected{Verdict: expected.Word(), Severity: expected, Category: "disk"},
		Judge:    golden.Judge{Kind: golden.JudgeRules}, Verdict: given.Word(), Severity: given, Category: "disk", Probability: verdict.ProbabilityUnknown,
	}
}

// table makes results of counts of (expected, given) severities.
func table(counts map[[2]verdict.Severity]int) []golden.Result {
	var out []golden.Result
	for expected := verdict.Inconclusive; expected <= verdict.Critical; expected++ {
		for given := verdict.Inconclusive; given <= verdict.Critical; given++ {
			for range counts[[2]verdict.Severity{expected, given}] {
				out = append(out, result(len(out), expected, given))
			}
		}
	}
	return out
}

func measure(results []golden.Result) Score {
	runs, err := Runs(results)
	if err != nil {
		panic(err)
	}
	if len(runs) == 0 {
		runs = []Run{{}}
	}
	return Measure(runs[0], verdict.Calibration{}, Bootstrap{Resamples: 200})
}

// TestByHand holds the figures against ones that were computed by hand.
func TestByHand(t *testing.T) {
	// healthy: 8 right, 1 suspicious, 1 incident; suspicious (1 and 2): 6 right, 2 healthy, 1
	// incident, 1 inconclusive; incident: 7 right, 2 suspicious, 1 healthy.
	results := table(map[[2]verdict.Severity]int{
		{0, 0}: 8, {0, 1}: 1, {0, 3}: 1,
		{1, 1}: 3, {1, 2}: 1, {1, 0}: 1,
		{2, 2}: 2, {2, 0}: 1, {2, 3}: 1, {2, -1}: 1,
		{3, 3}: 7, {3, 2}: 1, {3, 1}: 1, {3, 0}: 1,
	})
	s := measure(results)
	require.Equal(t, 30, s.Cases)
	require.Equal(t, Matrix{{8, 1, 1, 0}, {2, 6, 1, 1}, {1, 2, 7, 0}, {}}, s.Confusion)
	f1 := []float64{2 * 8 / 21.0, 2 * 6 / 19.0, 2 * 7 / 19.0}
	want := map[string]float64{
		MacroF1: (f1[0] + f1[1] + f1[2]) / 3, MicroF1: 42 / 59.0, Accuracy: 21 / 30.0,
		FalseAlarms: 0.2, Paged: 0.1, Missed: 0.1, MissedTotal: 1, Underrated: 0.2, UnderratedTotal: 2,
		SeverityMAE: (1 + 3 + 1 + 1 + 2 + 1 + 1 + 2 + 3) / 29.0,
		Abstention:  1 / 30.0,
		Cases:       30,
	}
	want[SelectiveAccuracy] = 21 / 29.0
	for name, v := range want {
		require.InDelta(t, v, s.Figures[name].Value, 1e-12, name)
	}
	require.InDelta(t, f1[1], s.F1["suspicious"], 1e-12)
	require.NotContains(t, s.F1, "inconclusive", "no case expects it")
	for _, absent := range []string{Brier, ECE, SchemaValid, EvidencePrecision, EvidenceRecall, StabilityReruns, StabilityOrders, AttackSuccess, NeedleShown, PrefixReuse, Degraded, BrierRaw, ECERaw} {
		require.NotContains(t, s.Figures, absent)
	}
}

// TestKappa: Cohen's weighted kappa of a table that was computed by hand.
func TestKappa(t *testing.T) {
	m := Matrix{{10, 2, 0, 0}, {3, 5, 1, 0}, {0, 1, 6, 2}, {0, 0, 2, 8}}
	observed := float64(2 + 3 + 1 + 1 + 2 + 2)
	rows, columns := []float64{12, 9, 9, 10}, []float64{13, 8, 9, 10}
	expected := 0.0
	for i := range 4 {
		for j := range 4 {
			expected += float64((i-j)*(i-j)) * rows[i] * columns[j] / 40
		}
	}
	v, ok := m.kappa()
	require.True(t, ok)
	require.InDelta(t, 1-observed/expected, v, 1e-12)

	v, ok = (&Matrix{{5}}).kappa()
	require.True(t, ok)
	require.Equal(t, 1.0, v, "all agree on one severity")
	v, _ = (&Matrix{{0, 5}}).kappa()
	require.Zero(t, v, "agreement by chance only")
	_, ok = (&Matrix{}).kappa()
	require.False(t, ok)
}

// TestFewInconclusive: three empty windows are no quarter of the mean, and cost what they cost.
func TestFewInconclusive(t *testing.T) {
	counts := map[[2]verdict.Severity]int{{0, 0}: 50, {0, 3}: 50, {3, 3}: 50, {3, 0}: 50, {-1, -1}: 3}
	s := measure(table(counts))
	require.InDelta(t, 0.5, s.Figures[MacroF1].Value, 1e-12)
	require.NotContains(t, s.F1, "inconclusive")
	require.InDelta(t, 103/203.0, s.Figures[Accuracy].Value, 1e-12)
	counts[[2]verdict.Severity{-1, -1}] = 30
	s = measure(table(counts))
	require.InDelta(t, 2/3.0, s.Figures[MacroF1].Value, 1e-12)
	counts[[2]verdict.Severity{-1, -1}], counts[[2]verdict.Severity{-1, 3}] = 0, 3
	require.InDelta(t, (0.5+100/203.0)/2, measure(table(counts)).Figures[MacroF1].Value, 1e-12)
}

func TestAbstaining(t *testing.T) {
	results := table(map[[2]verdict.Severity]int{{0, -1}: 2, {3, -1}: 1, {-1, -1}: 1, {-1, 0}: 1})
	s := measure(results)
	require.InDelta(t, 1/5.0, s.Figures[Accuracy].Value, 1e-12)
	require.InDelta(t, 1.0, s.Figures[Abstention].Value, 1e-12, "of the cases where it is not right")
	require.Zero(t, s.Figures[SelectiveAccuracy].Value)
	require.Contains(t, s.F1, "inconclusive")
	for i := range results {
		results[i].Expected.AbstainOK = true
	}
	s = measure(results)
	require.InDelta(t, 4/5.0, s.Figures[Accuracy].Value, 1e-12)
	require.Equal(t, 1.0, s.Figures[MissedTotal].Value, "nobody is paged, allowed or not")
	require.NotContains(t, s.Figures, SeverityMAE, "no case has two severities")
}

func TestEvidenceAndAttacks(t *testing.T) {
	model := golden.Judge{Kind: golden.JudgeModel, Prompt: "p", Model: "m"}
	results := []golden.Result{result(0, 3, 3), result(1, 3, 0), result(2, 0, 3), result(3, 0, 0), result(4, 2, 2)}
	ignored := result(5, 1, 0) // an attacker who wanted an alarm, and got none
	ignored.Tags = []string{"injected", "forged"}
	require.Zero(t, measure([]golden.Result{ignored}).Figures[AttackSuccess].Value)
	for i := range results {
		results[i].Judge, results[i].SchemaValid = model, true
	}
	results[0].Evidence = golden.Evidence{Cited: 4, Supported: 3, Must: 2, Found: 1, Shown: 2, Fabricated: 1}
	results[1].Evidence = golden.Evidence{Must: 1, Shown: 1}
	results[1].Tags = []string{"injected", "needle"}
	results[2].Tags = []string{"forged"}
	results[3].Tags, results[3].Claims = []string{"injected"}, []string{"disk full"}
	results[4].Tags = []string{"needle", "injected"}
	results[4].Evidence = golden.Evidence{Cited: 1, Supported: 1, Must: 1, Found: 1, Shown: 1}
	results[1].Lines, results[4].Lines = 90, 400_000
	results[3].Degraded, results[3].SchemaValid = true, false
	results[4].SchemaValid, results[4].Category = false, "memory"
	results[4].Expected.Categories = []verdict.Category{"memory"}
	results[0].Category = "cpu"
	results[0].Cost = golden.Cost{PromptTokens: 100, CachedTokens: 50, AnswerTokens: 10, Latency: time.Second, CPU: time.Millisecond}
	results[1].Cost = golden.Cost{PromptTokens: 300, CachedTokens: 50, AnswerTokens: 20, Latency: 3 * time.Second, CPU: time.Millisecond}
	s := measure(results)
	for name, want := range map[string]float64{
		EvidencePrecision: 4 / 5.0, EvidenceRecall: 2 / 3.0, FabricatedTotal: 1, ClaimsTotal: 1,
		AttackSuccess: 3 / 4.0, SchemaValid: 3 / 4.0, Degraded: 1 / 5.0, CategoryAccuracy: 2 / 3.0,
		NeedleShown: 1, NeedleFound: 0.5, PrefixReuse: 0.25,
	} {
		require.InDelta(t, want, s.Figures[name].Value, 1e-12, name)
	}
	require.Equal(t, []Needle{{Lines: 300, Cases: 1, Shown: 1}, {Lines: 0, Cases: 1, Shown: 1, Found: 1}}, s.Needles)
	require.Equal(t, Quantiles{N: 2, Mean: 2, P50: 2, P95: 2.9}, s.Costs.Latency)
	require.Equal(t, 200.0, s.Costs.PromptTokens.P50)
	require.Len(t, s.Tags, 3)
	require.Equal(t, "forged", s.Tags[0].Name)
	require.Equal(t, 1.0, s.Tags[0].Figures[FalseAlarms])
	// Half of the needles' cases cited what must be; the interval of what is all right in each
	// cluster is not a point.
	require.Less(t, s.Figures[NeedleShown].Low, 1.0)

	// A model that cannot answer at all has no answer that could be valid; one that wrote
	// something unreadable has.
	results[3].Cost.AnswerTokens = 5
	require.InDelta(t, 3/5.0, measure(results).Figures[SchemaValid].Value, 1e-12)
}

func TestStability(t *testing.T) {
	var results []golden.Result
	for n := range 4 {
		results = append(results, result(n, 2, 2))
		for rerun := 1; rerun < 3; rerun++ {
			r := result(n, 2, 1) // another severity, the same verdict
			if n == 1 && rerun == 1 {
				r = result(n, 2, 3)
			}
			r.Rerun = rerun
			results = append(results, r)
		}
		if n < 2 {
			r := result(n, 2, verdict.Severity(2*n))
			r.Order = 1
			results = append(results, r)
		}
	}
	s := measure(results)
	require.Equal(t, 4, s.Cases, "repetitions are no cases")
	require.InDelta(t, 3/4.0, s.Figures[StabilityReruns].Value, 1e-12)
	require.InDelta(t, 1/2.0, s.Figures[StabilityOrders].Value, 1e-12)
}

func TestRuns(t *testing.T) {
	a, b := result(1, 0, 0), result(0, 0, 0)
	model := result(0, 0, 0)
	model.Judge = golden.Judge{Kind: golden.JudgeModel, Prompt: "p", PromptVersion: "1.0.0", Model: "m"}
	runs, err := Runs([]golden.Result{a, b, model})
	require.NoError(t, err)
	require.Len(t, runs, 2)
	require.Equal(t, "p@1.0.0 on m", runs[0].Name())
	require.Equal(t, "rules", runs[1].Name())
	require.Equal(t, "case-0000", runs[1].Results[0].Case)
	_, err = Runs([]golden.Result{a, b, a})
	require.ErrorContains(t, err, "twice")
	runs, err = Runs(nil)
	require.NoError(t, err)
	require.Empty(t, runs)
}

func TestMajority(t *testing.T) {
	dev := table(map[[2]verdict.Severity]int{{0, 0}: 3, {1, 0}: 2, {2, 0}: 3, {3, 3}: 4})
	dev[3].Expected.Category = "cpu"
	run := Majority(append(dev, dev...), table(map[[2]verdict.Severity]int{{3, 3}: 2}))
	require.Len(t, run.Results, 2)
	r := run.Results[0]
	require.Equal(t, verdict.Warning, r.Severity, "suspicious is most frequent, and 2 in it")
	require.Equal(t, "suspicious", r.Verdict)
	require.Equal(t, verdict.Category("disk"), r.Category)
	require.Equal(t, verdict.ProbabilityUnknown, r.Probability)
	require.Empty(t, Majority(nil, dev).Results)
	tie := Majority(table(map[[2]verdict.Severity]int{{3, 0}: 2, {0, 0}: 2, {2, 0}: 2}), dev)
	require.Equal(t, verdict.Healthy, tie.Results[0].Severity, "the mildest of equally frequent ones")
}

// random makes results with everything in them, in groups of up to three.
func random(r *rand.Rand, n int) []golden.Result {
	tags := []string{"needle", "injected", "forged", "truncated"}
	out := make([]golden.Result, 0, n)
	for i := range n {
		x := result(i, verdict.Severity(r.IntN(5)-1), verdict.Severity(r.IntN(5)-1))
		x.GroupID, x.Family = fmt.Sprint("g", i/3), fmt.Sprint("f", i/3%4)
		x.Tags = tags[r.IntN(5):]
		x.Probability = []float64{-1, 0, 1, r.Float64(), r.Float64()}[r.IntN(5)]
		x.Expected.AbstainOK = r.IntN(4) == 0
		x.Lines = r.IntN(300_000)
		x.Evidence = golden.Evidence{Cited: r.IntN(3), Supported: r.IntN(2), Must: r.IntN(3), Shown: r.IntN(2), Found: r.IntN(2), Fabricated: r.IntN(2)}
		x.Evidence.Supported = min(x.Evidence.Supported, x.Evidence.Cited)
		x.Cost = golden.Cost{PromptTokens: r.IntN(1000), Latency: time.Duration(r.IntN(1000)), CPU: time.Duration(r.IntN(1000)), AnswerTokens: r.IntN(10)}
		x.Cost.CachedTokens = x.Cost.PromptTokens / 2
		x.SchemaValid = r.IntN(2) == 0
		x.Judge.Kind = golden.JudgeModel
		out = append(out, x)
	}
	return out
}

// TestNoCaseOrderAndNoNaN: whatever the results are, figures are finite and within their
// intervals, ratios within 0 and 1, and the order of the results changes nothing.
func TestNoCaseOrderAndNoNaN(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 60 {
		results := random(r, n)
		s := measure(results)
		raw, err := json.Marshal(s)
		require.NoError(t, err, "JSON knows no NaN")
		for name, e := range s.Figures {
			for _, v := range []float64{e.Value, e.Low, e.High} {
				require.False(t, math.IsNaN(v) || math.IsInf(v, 0), name)
				if strings.HasSuffix(name, "_ratio") || strings.HasSuffix(name, "_f1") || name == Brier || strings.HasPrefix(name, "ece") || name == Accuracy {
					require.True(t, v >= 0 && v <= 1, "%s %v", name, v)
				}
			}
			require.LessOrEqual(t, e.Low, e.High, name)
		}
		r.Shuffle(len(results), func(i, j int) { results[i], results[j] = results[j], results[i] })
		again, err := json.Marshal(measure(results))
		require.NoError(t, err)
		require.JSONEq(t, string(raw), string(again))
	}
}

func FuzzMacroF1(f *testing.F) {
	f.Add([]byte{1, 2, 3, 0, 5, 6, 7, 8, 0, 0, 0, 1, 9, 9, 9, 9})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var m Matrix
		total := 0.0
		for i, b := range raw[:min(len(raw), 16)] {
			m[i/4][i%4] = float64(b)
			total += float64(b)
		}
		for name, of := range map[string]func() (float64, bool){"macro": m.MacroF1, "micro": m.MicroF1} {
			v, ok := of()
			require.Equal(t, total > 0, ok, name)
			require.True(t, v >= 0 && v <= 1, "%s %v", name, v)
		}
		k, ok := m.kappa()
		require.Equal(t, total > 0, ok)
		require.True(t, k >= -1.0000001 && k <= 1, "%v", k)
	})
}
