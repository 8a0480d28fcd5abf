package verdict_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

const tenant = "team-a"

var (
	historyKey = []byte("0123456789abcdef")
	written    = time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC)
)

func line() verdict.Line {
	return verdict.Line{
		TS: written, Key: verdict.KeyOf("content").String(), Series: verdict.KeyOf("series").String(), Lane: verdict.LaneAlert,
		Labels: map[string]string{"namespace": "shop", "app": "orders"}, Prompt: "incident@1.2.0", PromptHash: "abc", Model: "llama-3.2-3b",
		Start: written.Add(-5 * time.Minute), End: written,
		Severity: verdict.Critical, ModelSeverity: verdict.Warning, RulesSeverity: verdict.Critical, Probability: 0.25, Category: "memory",
		Findings: []verdict.Finding{{Category: "memory", Patterns: []string{"killed after <dur> & \"more\""}, Reason: "fatal"}},
		Summary:  "a", RootCause: "b", NextStep: "c", Fields: verdict.Values{"risk": int64(math.MaxInt64), "down": true, "team": "db"},
		Contested: true, SuspectedInjection: true, Source: verdict.SourceModel, LinesTotal: 10, LinesRead: 9,
		Cost: verdict.Usage{PromptTokens: 3, CachedTokens: 2, AnswerTokens: 1}, Millis: 1500,
		Entry: &verdict.Entry{
			Answer: verdict.Answer{
				Severity: verdict.Warning, Findings: []verdict.Finding{{Category: "disk", Patterns: []string{"t\x008+ new"}}},
				Fields: verdict.Values{"risk": int64(-7), "down": false, "team": "web"}, Summary: "s", Partial: true,
			},
			Probability: 0.25, Confidence: verdict.ConfidenceUnknown, Model: "m", Omitted: 4, Usage: verdict.Usage{PromptTokens: 3},
		},
		State: json.RawMessage(`{"held":3}`),
	}
}

func encoded(t testing.TB, l verdict.Line) string {
	t.Helper()
	text, err := l.Encode(tenant, historyKey)
	require.NoError(t, err)
	return text
}

func TestLineComesBackWhole(t *testing.T) {
	text := encoded(t, line())
	require.Equal(t, text, encoded(t, line()))
	require.True(t, json.Valid([]byte(text)))
	require.Contains(t, text, "<dur>")
	require.NotContains(t, text, tenant)

	got, signed, err := verdict.DecodeLine(text, tenant, written.In(time.FixedZone("x", 3600)), historyKey)
	require.NoError(t, err)
	require.True(t, signed)
	want := line()
	want.Schema, want.Verdict = verdict.LineSchema, "incident"
	require.Equal(t, want, got)
	require.Equal(t, text, encoded(t, got))

	local := line()
	local.TS, local.Start = local.TS.In(time.FixedZone("x", 3600)), local.Start.In(time.FixedZone("x", 3600))
	require.Equal(t, text, encoded(t, local), "the same moment in another zone is the same line")

	key, e, ok := got.Judgement()
	require.True(t, ok)
	require.Equal(t, verdict.KeyOf("content"), key)
	require.Equal(t, *line().Entry, e)
	got.Entry = nil
	_, _, ok = got.Judgement()
	require.False(t, ok)
}

func TestLineIsBelievedOnlyAsItWasWritten(t *testing.T) {
	text := encoded(t, line())
	cut := strings.LastIndex(text, `,"sig":"`)
	other, err := line().Encode("team-b", historyKey)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		text, tenant string
		ts           time.Time
		key          string
	}{
		"another tenant":    {text, "team-b", written, string(historyKey)},
		"no tenant":         {text, "", written, string(historyKey)},
		"copied signature":  {text[:cut] + other[cut:], tenant, written, string(historyKey)},
		"another time":      {text, tenant, written.Add(1), string(historyKey)},
		"another key":       {text, tenant, written, "0123456789abcdeF"},
		"no key":            {text, tenant, written, ""},
		"no signature":      {text[:cut] + "}", tenant, written, string(historyKey)},
		"upper-case digits": {text[:cut+8] + strings.ToUpper(text[cut+8:]), tenant, written, string(historyKey)},
		"white space":       {" " + text, tenant, written, string(historyKey)},
		"white space after": {text + "\n", tenant, written, string(historyKey)},
		"more behind":       {strings.TrimSuffix(text, "}") + `,"body":{"schema":1}}`, tenant, written, string(historyKey)},
		"other content":     {strings.Replace(text, `"severity":3`, `"severity":0`, 1), tenant, written, string(historyKey)},
	} {
		t.Run(name, func(t *testing.T) {
			l, signed, err := verdict.DecodeLine(tc.text, tc.tenant, tc.ts, []byte(tc.key))
			require.False(t, signed)
			if err == nil {
				require.Empty(t, l.Key+l.Series)
				require.Nil(t, l.Entry)
				require.Nil(t, l.State)
			}
		})
	}
}

func TestNoBitOfALineCanChange(t *testing.T) {
	text := encoded(t, verdict.Line{TS: written, Summary: "s", Fields: verdict.Values{"a": int64(1)}, Labels: map[string]string{"b": "c"}, Entry: &verdict.Entry{}})
	for i := range len(text) {
		for bit := range 8 {
			changed := []byte(text)
			changed[i] ^= 1 << bit
			_, signed, _ := verdict.DecodeLine(string(changed), tenant, written, historyKey)
			require.False(t, signed, "byte %d, bit %d", i, bit)
		}
	}
}

func TestForeignLineIsSafeToShow(t *testing.T) {
	l := line()
	l.Lane, l.Source, l.Category, l.LinesRead = "x", "y", "z", -1
	l.Summary, l.Model = "see https://evil.example @here", "<b>m</b>"
	l.Labels = map[string]string{"a": "evil.com\u202e"}
	l.Fields = verdict.Values{"f": "[x](y)", "n": int64(1)}
	l.Findings = []verdict.Finding{{Category: "weather", Patterns: []string{"`code`"}, Reason: "# r"}}
	got, signed, err := verdict.DecodeLine(encoded(t, l), tenant, written, nil)
	require.NoError(t, err)
	require.False(t, signed)
	require.Equal(t, "see [link removed] here", got.Summary)
	require.Equal(t, "b m /b", got.Model)
	require.Equal(t, map[string]string{"a": "evil[.]com"}, got.Labels)
	require.Equal(t, verdict.Values{"f": "[x] (y)", "n": int64(1)}, got.Fields)
	require.Equal(t, []verdict.Finding{{Category: verdict.CategoryOther, Patterns: []string{"code"}, Reason: "r"}}, got.Findings)
	require.Empty(t, got.Lane)
	require.Empty(t, got.Source)
	require.Equal(t, verdict.CategoryOther, got.Category)
	require.Zero(t, got.LinesRead)
	require.Equal(t, verdict.Critical, got.Severity)
}

func TestAnotherSchemaIsShownNotBelieved(t *testing.T) {
	for _, body := range []string{
		`{"schema":2,"severity":3,"model_severity":-1,"rules_severity":3,"summary":"new","key":"x"}`,
		`{"schema":2,"severity":"bad","summary":["x"]}`, `{"schema":2,"severity":17}`, `{"severity":3}`,
	} {
		text, err := verdict.EncodeRecord(verdict.Record{Kind: verdict.KindVerdict, TS: written, Body: json.RawMessage(body)}, tenant, historyKey)
		require.NoError(t, err)
		l, signed, err := verdict.DecodeLine(text, tenant, written, historyKey)
		require.NoError(t, err)
		require.False(t, signed, "whoever signed it")
		require.Equal(t, written, l.TS)
		require.Empty(t, l.Key)
		if strings.Contains(body, "new") {
			require.Equal(t, verdict.Critical, l.Severity)
			require.Equal(t, "new", l.Summary)
		} else if !strings.Contains(body, `"severity":3`) {
			require.Equal(t, verdict.Inconclusive, l.Severity)
		}
	}
}

func TestLineRefuses(t *testing.T) {
	for name, change := range map[string]func(*verdict.Line){
		"severity":        func(l *verdict.Line) { l.Severity = 4 },
		"model severity":  func(l *verdict.Line) { l.ModelSeverity = -2 },
		"probability NaN": func(l *verdict.Line) { l.Probability = math.NaN() },
		"probability":     func(l *verdict.Line) { l.Probability = -0.5 },
		"confidence":      func(l *verdict.Line) { l.Entry.Confidence = math.Inf(1) },
		"state":           func(l *verdict.Line) { l.State = json.RawMessage("{") },
		"no time":         func(l *verdict.Line) { l.TS = time.Time{} },
		"too long":        func(l *verdict.Line) { l.Summary = strings.Repeat("x", verdict.MaxRecord) },
	} {
		l := line()
		change(&l)
		_, err := l.Encode(tenant, historyKey)
		require.ErrorIs(t, err, verdict.ErrRecord, name)
	}
	for _, n := range []int{0, 1, 15} {
		_, err := line().Encode(tenant, historyKey[:n])
		require.ErrorIs(t, err, verdict.ErrHistoryKey)
		require.ErrorContains(t, err, "openssl rand")
	}
	_, _, err := verdict.DecodeLine(encoded(t, line()), tenant, written, historyKey[:15])
	require.ErrorIs(t, err, verdict.ErrHistoryKey)
	for _, text := range []string{
		"", "null", "[]", "level=info msg=x", `{"kind":"verdict"}`, `{"kind":"Verdict!","ts":"2026-11-22T10:00:00Z","body":{}}`, `{"kind":"verdict","ts":"yesterday","body":{}}`,
		`{"kind":"verdict","ts":"2026-11-22T10:00:00Z","body":{"schema":1,"severity":9}}`, `{"kind":"verdict","ts":"2026-11-22T10:00:00Z","body":{"schema":1,"fields":{"a":1.5}}}`,
		`{"kind":"verdict","ts":"2026-11-22T10:00:00Z","body":[]}`, `{"kind":"overrule","ts":"2026-11-22T10:00:00Z","body":{"schema":1}}`, strings.Repeat(" ", verdict.MaxRecord) + "{}",
	} {
		l, signed, err := verdict.DecodeLine(text, tenant, written, historyKey)
		require.ErrorIs(t, err, verdict.ErrRecord, text)
		require.False(t, signed)
		require.Zero(t, l)
	}
}

func TestRecordOfAnotherKind(t *testing.T) {
	r := verdict.Record{Kind: verdict.KindOverrule, TS: written, Body: json.RawMessage(`{"by": "me"}`)}
	text, err := verdict.EncodeRecord(r, tenant, historyKey)
	require.NoError(t, err)
	got, signed, err := verdict.DecodeRecord(text, tenant, written, historyKey)
	require.NoError(t, err)
	require.True(t, signed)
	require.JSONEq(t, string(r.Body), string(got.Body))
	require.Equal(t, r.Kind, got.Kind)
	// The kind is signed, too.
	_, signed, err = verdict.DecodeRecord(strings.Replace(text, "overrule", "verdict", 1), tenant, written, historyKey)
	require.NoError(t, err)
	require.False(t, signed)
	for _, bad := range []verdict.Record{
		{Kind: "", TS: written, Body: r.Body}, {Kind: `x","a":"`, TS: written, Body: r.Body}, {Kind: "x", TS: written, Body: json.RawMessage("\"\xff\"")},
		{Kind: "x", TS: written}, {Kind: "x", TS: written, Body: json.RawMessage(`{}{}`)}, {Kind: "x", TS: time.Unix(1<<40, 0), Body: r.Body},
	} {
		_, err := verdict.EncodeRecord(bad, tenant, historyKey)
		require.ErrorIs(t, err, verdict.ErrRecord)
	}
}

func TestLineFrom(t *testing.T) {
	e := line().Entry
	e.Confidence = 0.3
	l := verdict.LineFrom(&verdict.Verdict{
		Severity: verdict.Warning, RulesSeverity: verdict.Notice, Probability: 0.4, Category: "disk", Summary: "s", Source: verdict.SourceModel, Model: "m",
		Fields: map[string]any{"a": int64(1)}, Findings: []verdict.Finding{{Category: "disk", Patterns: []string{"p1", "p9"}, Reason: "r"}},
	}, e, func(id string) (string, bool) { return "disk <n> full", id == "p1" })
	require.Equal(t, []verdict.Finding{{Category: "disk", Patterns: []string{"disk <n> full"}, Reason: "r"}}, l.Findings)
	require.Equal(t, verdict.Inconclusive, l.ModelSeverity, "the model was not sure")
	require.Equal(t, e.Usage, l.Cost)
	require.Equal(t, verdict.Values{"a": int64(1)}, l.Fields)
	require.Equal(t, verdict.Inconclusive, verdict.LineFrom(&verdict.Verdict{}, nil, nil).ModelSeverity)
}

func FuzzDecodeLine(f *testing.F) {
	f.Add(encoded(f, line()))
	f.Add(`{"kind":"verdict","ts":"2026-11-22T10:00:00.123456789Z","body":{"schema":1,"fields":{"a":1,"b":"x"}},"sig":"00"}`)
	f.Add(`{"kind":"verdict","ts":"2026-11-22T10:00:00.123456789Z","body":{"schema":3,"findings":[null,{}]}}`)
	ours := encoded(f, line())
	f.Fuzz(func(t *testing.T, text string) {
		l, signed, err := verdict.DecodeLine(text, tenant, written, historyKey)
		require.Equal(t, text == ours, signed, "nobody signs without the key")
		if err != nil {
			require.Zero(t, l)
			return
		}
		if signed {
			return
		}
		require.Equal(t, l.Summary, verdict.Plain(l.Summary, verdict.MaxProse))
		require.Nil(t, l.Entry)
		again, err := l.Encode(tenant, historyKey) // what is shown can be stored
		if err == nil {
			_, signed, err = verdict.DecodeLine(again, tenant, l.TS, historyKey)
			require.NoError(t, err)
			require.True(t, signed)
		} else {
			require.ErrorIs(t, err, verdict.ErrRecord)
		}
	})
}
