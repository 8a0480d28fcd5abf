package verdict_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// requireHeads checks every prefix of an answer against the answer read as a whole.
func requireHeads(t *testing.T, text string, ids []string) (first int) {
	t.Helper()
	whole, err := verdict.ParseAnswer(text, ids, nil, words)
	first = -1
	for n := range len(text) + 1 {
		head, ok := verdict.ParseHead(text[:n], ids, words)
		if !ok {
			require.Zero(t, head)
			require.Equal(t, -1, first, "a head that was whole stays so: %q", text[:n])
			continue
		}
		if first < 0 {
			first = n
		}
		require.True(t, head.Partial)
		require.Empty(t, head.Summary+head.RootCause+head.NextStep)
		if err == nil {
			require.Equal(t, verdict.Answer{Severity: whole.Severity, Findings: whole.Findings, Partial: true}, head, text[:n])
		}
	}
	require.True(t, err != nil || first > 0, "the head of a right answer is found")
	return first
}

func TestParseHeadOfEveryPrefix(t *testing.T) {
	ids := []string{"p1", "p12"}
	for text, from := range map[string]string{
		`{"findings":[{"patterns":["p1","p12"],"category":"memory"}],"verdict":"critical","severity":3,"summary":"a","root_cause":"b","next_step":"c"}`: `"severity":3,`,
		`{ "findings" : [ ] , "verdict" : "ok" , "severity" : 0 }`:                                                                                      `"severity" : 0 }`,
		`{"verdict":"unknown","severity":-10,"x":{"a":[{"b":1.5e3}],"c":null},"findings":[],"summary":"\ud83d"}`:                                        `"findings":[],`,
	} {
		require.Equal(t, strings.Index(text, from)+len(from), requireHeads(t, text, ids), text)
	}
}

func TestParseHeadRefusesWhatParseAnswerDoes(t *testing.T) {
	head := `{"findings":[{"patterns":["p1"],"category":"memory"}],"verdict":"warning","severity":1,"summary":"`
	_, ok := verdict.ParseHead(head, []string{"p1"}, words)
	require.True(t, ok)
	for name, swap := range map[string][2]string{
		"invented evidence": {`"p1"`, `"p9"`}, "unknown word": {"warning", "fine"}, "number": {":1,", ":1.0,"}, "exponent": {":1,", ":1e0,"},
		"text for a number": {":1,", `:"1",`}, "duplicate": {`"severity"`, `"verdict":"ok","severity"`}, "inner duplicate": {`"patterns":["p1"]`, `"patterns":["p1"],"patterns":["p1"]`},
		"duplicate elsewhere": {`{"findings"`, `{"x":[{"a":1,"a":2}],"findings"`},
		"other case":          {`"verdict"`, `"Verdict"`}, "null": {`[{"patterns":["p1"],"category":"memory"}]`, "null"}, "many findings": {"}]", `},{},{}]`},
		"many patterns": {`["p1"]`, `["p1","p1","p1"]`}, "array": {"{\"findings\"", "[{\"findings\""}, "no comma": {`1,"summary"`, `1 "summary"`},
		"huge number": {":1,", ":99999999999999999999,"}, "deep": {":1,", ":1,\"x\":" + strings.Repeat("[", 99) + strings.Repeat("]", 99) + ","},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(head, swap[0], swap[1], 1)
			require.NotEqual(t, head, text)
			_, err := verdict.ParseAnswer(text+`"}`, []string{"p1"}, nil, words)
			require.ErrorIs(t, err, verdict.ErrAnswer)
			if name == "deep" { // it stands behind the head
				return
			}
			_, ok := verdict.ParseHead(text, []string{"p1"}, words)
			require.False(t, ok)
			_, ok = verdict.Salvage(text, []string{"p1"}, words)
			require.False(t, ok)
		})
	}
	_, ok = verdict.ParseHead(head+strings.Repeat("x", 64<<10), []string{"p1"}, words)
	require.False(t, ok, "too long")
}

func FuzzParseHead(f *testing.F) {
	f.Add(good)
	f.Add(`{"findings":[],"verdict":"ok","severity":0,"severity":1}`)
	f.Add(`{"findings":[],"verdict":"ok","severity":1`)
	f.Add(`{"x":{"a":1,"a":2},"findings":[],"verdict":"ok","severity":0}`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<10 {
			return
		}
		first := requireHeads(t, text, []string{"p1"})
		if first < 0 {
			return
		}
		// The text so far is a right answer once it is closed, whatever follows.
		closed := strings.TrimRight(text[:first], ",}") + "}"
		whole, err := verdict.ParseAnswer(closed, []string{"p1"}, nil, words)
		require.NoError(t, err, closed)
		whole.Partial, whole.Summary, whole.RootCause, whole.NextStep = true, "", "", ""
		head, _ := verdict.ParseHead(text, []string{"p1"}, words)
		require.Equal(t, whole, head)
	})
}

func TestSalvage(t *testing.T) {
	const head = `{"findings":[{"patterns":["p1"],"category":"disk"}],"verdict":"critical","severity":3`
	want := verdict.Answer{Severity: verdict.Critical, Findings: []verdict.Finding{{Category: "disk", Patterns: []string{"p1"}}}, Partial: true}
	for name, text := range map[string]string{
		"cut in the prose": head + `,"summary":"the disk is fu`, "cut in a field": head + `,"risk":7`, "head alone": head + "}",
		"prose of another type": head + `,"summary":5}`, "chatter behind": head + "} I hope this helps.", "broken behind": head + `,"summary":"a" "b"}`,
	} {
		a, ok := verdict.Salvage(text, []string{"p1"}, words)
		require.True(t, ok, name)
		require.Equal(t, want, a, name)
	}
	for name, text := range map[string]string{
		"cut in the number": head, "contradicts itself": head + `,"verdict":"ok"}`, "empty": "", "not JSON": "all is well", "cut in the head": head[:60],
		"too long": head + `,"summary":"` + strings.Repeat("x", 64<<10),
	} {
		a, ok := verdict.Salvage(text, []string{"p1"}, words)
		require.False(t, ok, name)
		require.Zero(t, a, name)
	}
}

func TestHeadSchemaIsTheBeginningOfTheSchema(t *testing.T) {
	for _, ids := range [][]string{nil, {"p1", "p2"}} {
		head, whole := string(verdict.HeadSchema(ids, words)), string(verdict.Schema(ids, nil, words))
		require.True(t, json.Valid([]byte(head)))
		properties, _, _ := strings.Cut(head, `},"required":["findings","verdict"`)
		require.True(t, strings.HasPrefix(whole, properties+","), head)
		require.Contains(t, head, `"required":["findings","verdict","severity"],"additionalProperties":false}`)
		require.NotContains(t, head, "summary")
	}
}

// longestHeads are the longest heads that the schema allows, in the ways a model
// writes JSON on one line. Ids have three digits: a dictionary has up to 120.
func longestHeads(t *testing.T) []string {
	t.Helper()
	var findings []string
	for i := range verdict.MaxFindings {
		var ids []string
		for j := range verdict.MaxFindingPatterns {
			ids = append(ids, fmt.Sprintf(`"p1%d%d"`, i, j))
		}
		findings = append(findings, fmt.Sprintf(`{"patterns": [%s], "category": "control_plane"}`, strings.Join(ids, ", ")))
	}
	spaced := fmt.Sprintf(`{"findings": [%s], "verdict": "critical", "severity": 3,`, strings.Join(findings, ", "))
	return []string{spaced, strings.NewReplacer(": ", ":", ", ", ",").Replace(spaced)}
}

// maxHeadTokens is how much a model may write until its verdict can be published.
const maxHeadTokens = 60

// The tokens were computed by llama3-tokenizer-js 1.2.0, which has Llama 3's whole
// vocabulary. Where Node and that package are, they are computed again.
func TestHeadIsShort(t *testing.T) {
	raw, err := os.ReadFile("testdata/head_tokens.json")
	require.NoError(t, err)
	var recorded []struct {
		Text   string
		Tokens []int
	}
	require.NoError(t, json.Unmarshal(raw, &recorded))
	heads := longestHeads(t)
	require.Len(t, recorded, len(heads))
	for i, head := range heads {
		require.Equal(t, head, recorded[i].Text, "the bounds changed: compute the tokens anew")
		require.LessOrEqual(t, len(recorded[i].Tokens), maxHeadTokens)
		t.Logf("%d tokens: %s", len(recorded[i].Tokens), head)
		_, ok := verdict.ParseHead(head, []string{"p100", "p101", "p110", "p111"}, words)
		require.True(t, ok, "it is a head")
	}
	t.Run("as computed now", func(t *testing.T) {
		if _, err := os.Stat("../../node_modules/llama3-tokenizer-js"); err != nil {
			t.Skip("the tokenizer is not installed (npm ci), only the recorded tokens were checked")
		}
		var in strings.Builder
		for _, head := range heads {
			line, err := json.Marshal(head)
			require.NoError(t, err)
			in.Write(append(line, '\n'))
		}
		cmd := exec.CommandContext(t.Context(), "node", "../testenv/bench/tokens.mjs")
		cmd.Stdin = strings.NewReader(in.String())
		out, err := cmd.Output()
		require.NoError(t, err)
		for i, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			var tokens []int
			require.NoError(t, json.Unmarshal([]byte(line), &tokens))
			require.Equal(t, tokens, recorded[i].Tokens)
		}
	})
}
