package verdict_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var words = verdict.DefaultWords()

func TestSchemaIsValidJSONInWritingOrder(t *testing.T) {
	low := 1
	raw := verdict.Schema([]string{"p1", "p2"}, []verdict.Field{
		{Name: "blast_radius", Type: verdict.FieldInteger, Minimum: &low},
		{Name: "team", Type: verdict.FieldString, Enum: []string{"db", `we"b`}},
	}, words)
	require.True(t, json.Valid(raw), string(raw))
	last := -1
	for _, key := range []string{`"findings"`, `"patterns"`, `"category"`, `"verdict"`, `"severity"`, `"blast_radius"`, `"team"`, `"summary"`, `"root_cause"`, `"next_step"`} {
		at := strings.Index(string(raw), key)
		require.Greater(t, at, last, key)
		last = at
	}
	require.True(t, json.Valid(verdict.Schema(nil, nil, words)))
}

const good = `{"findings":[{"patterns":["p1","p1"],"category":"memory"}],"verdict":"warning","severity":3,"risk":7,"summary":"all  fine\u202e see https://evil.example/x","root_cause":"","next_step":""}`

func TestParseAnswer(t *testing.T) {
	fields := []verdict.Field{{Name: "risk", Type: verdict.FieldInteger}}
	a, err := verdict.ParseAnswer(good, []string{"p1"}, fields, words)
	require.NoError(t, err)
	require.Equal(t, verdict.Warning, a.Severity, "the word decides, the number is moved into its range")
	require.Equal(t, []verdict.Finding{{Category: "memory", Patterns: []string{"p1"}}}, a.Findings)
	require.Equal(t, int64(7), a.Fields["risk"])
	require.Equal(t, "all fine see [link removed]", a.Summary)

	for name, tc := range map[string]struct{ old, new, want string }{
		"invented evidence": {`"p1","p1"`, `"p9"`, `evidence "p9" is no pattern`},
		"no evidence":       {`"p1","p1"`, ``, "cites 0 patterns"},
		"unknown category":  {`"memory"`, `"weather"`, `unknown category "weather"`},
		"unknown word":      {`"warning"`, `"fine"`, `unknown verdict "fine"`},
		"no verdict":        {`"verdict":"warning",`, ``, "verdict is missing"},
		"cut off":           {`"root_cause":"","next_step":""}`, `"root`, "cut off"},
		"trailing text":     {`"next_step":""}`, `"next_step":""} {"a":1}`, "text follows"},
		"field missing":     {`"risk":7,`, ``, `field "risk": is missing`},
		"field too large":   {`"risk":7`, `"risk":700`, "outside 0 to 100"},
		"not JSON":          {good, `I think all is well.`, "invalid character"},
		"empty":             {good, "", "it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verdict.ParseAnswer(strings.Replace(good, tc.old, tc.new, 1), []string{"p1"}, fields, words)
			require.ErrorIs(t, err, verdict.ErrAnswer)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// TestErrorsRepeatNoAnswer: they reach notices and logs.
func TestErrorsRepeatNoAnswer(t *testing.T) {
	for _, n := range []string{"3" + strings.Repeat("0", 5000), "1e999", "-1e999"} {
		for _, text := range []string{
			strings.Replace(good, `"severity":3`, `"severity":`+n, 1), strings.Replace(good, `"findings":`, `"x":[`+n+`],"findings":`+n+`,"y":`, 1),
		} {
			require.NotEqual(t, good, text)
			if _, err := verdict.ParseAnswer(text, []string{"p1"}, nil, words); err != nil {
				require.ErrorIs(t, err, verdict.ErrAnswer)
				require.Less(t, len(err.Error()), 200)
			}
		}
	}
}

func TestSeverityAndVerdictAgree(t *testing.T) {
	for _, tc := range []struct {
		word string
		n    int
		want verdict.Severity
	}{{"ok", 3, verdict.Healthy}, {"warning", 0, verdict.Notice}, {"warning", 2, verdict.Warning}, {"critical", 0, verdict.Critical}, {"unknown", 2, verdict.Inconclusive}} {
		a, err := verdict.ParseAnswer(fmt.Sprintf(`{"findings":[],"verdict":%q,"severity":%d,"summary":"","root_cause":"","next_step":""}`, tc.word, tc.n), nil, nil, words)
		require.NoError(t, err)
		require.Equal(t, tc.want, a.Severity)
	}
	require.Equal(t, "inconclusive", verdict.Inconclusive.Word())
	require.NotEqual(t, verdict.Inconclusive, verdict.Healthy)
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(good)
	f.Fuzz(func(t *testing.T, s string) {
		a, err := verdict.ParseAnswer(s, []string{"p1"}, nil, words)
		if err != nil {
			require.ErrorIs(t, err, verdict.ErrAnswer)
			return
		}
		for _, fd := range a.Findings {
			require.Equal(t, []string{"p1"}, fd.Patterns)
		}
	})
}

func TestProbability(t *testing.T) {
	top := func(m map[string]float64) (out []verdict.Candidate) {
		for w, p := range m {
			out = append(out, verdict.Candidate{Text: w, LogProb: math.Log(p)})
		}
		return out
	}
	tokens := []verdict.Token{
		{Text: `{"findings":[],"`}, {Text: "ver"}, {Text: `dict`}, {Text: `":"`},
		{Text: "ok", Top: top(map[string]float64{"ok": 0.3, "critical": 0.1, "cat": 0.4, "unknown": 0.1})},
		{Text: `"}`},
	}
	d, ok := verdict.Distribution(tokens, words)
	require.True(t, ok)
	require.InDeltaSlice(t, []float64{0.6, 0, 0.2, 0.2}, d[:], 1e-9, "renormalised over the words; a word that is no verdict does not count")
	require.InDelta(t, 0.6, verdict.Confidence(d, verdict.Healthy), 1e-9)
	require.InDelta(t, 0.2, verdict.Confidence(d, verdict.Inconclusive), 1e-9)
	require.Zero(t, verdict.Confidence(d, verdict.Notice)+verdict.Confidence(d, verdict.Warning))
	kept := verdict.Telling(tokens)
	require.Len(t, kept, 5, "what comes behind the verdict is not needed")
	same, ok := verdict.Distribution(kept, words)
	require.True(t, ok)
	require.Equal(t, d, same)
	require.Nil(t, verdict.Telling(tokens[:4]))

	tokens[4].Top[0].LogProb = 1000
	d, _ = verdict.Distribution(tokens, words)
	require.False(t, math.IsNaN(d[2]), "NaN reads as healthy in a rule")
	for i := range tokens[4].Top {
		tokens[4].Top[i].LogProb = math.NaN()
	}
	_, ok = verdict.Distribution(tokens, words)
	require.False(t, ok)

	_, ok = verdict.Distribution(tokens[:4], words)
	require.False(t, ok, "no verdict token")
	tokens[4].Top = nil
	_, ok = verdict.Distribution(tokens, words)
	require.False(t, ok)
}

func TestKeyPartsDoNotRunTogether(t *testing.T) {
	require.NotEqual(t, verdict.KeyOf("ab", "c"), verdict.KeyOf("a", "bc"))
	require.NotEqual(t, verdict.KeyOf("1:a"), verdict.KeyOf("a"))
}
