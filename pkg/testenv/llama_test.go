package testenv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"testing"
)

// answerSchema is the shape of the answers that the plugin asks for, with the ids of four patterns.
const answerSchema = `{"type":"object","additionalProperties":false,"required":["findings","verdict","severity","summary","root_cause","next_step"],"properties":{
"findings":{"type":"array","maxItems":4,"items":{"type":"object","additionalProperties":false,"required":["patterns","category"],"properties":{
"patterns":{"type":"array","minItems":1,"maxItems":4,"items":{"enum":["p1","p2","p3","p12"]}},
"category":{"enum":["memory","cpu","disk","network","dns","certificate","auth","security","database","cache","messaging","dependency","deployment","configuration","image","node","control_plane","application","silence","none","other"]}}}},
"verdict":{"enum":["ok","warning","critical","unknown"]},
"severity":{"type":"integer","minimum":0,"maximum":3},
"summary":{"type":"string","maxLength":300},"root_cause":{"type":"string","maxLength":300},"next_step":{"type":"string","maxLength":300}}}`

// answer is what the schema describes.
type answer struct {
	Findings []struct {
		Patterns []string
		Category string
	}
	Verdict   string
	Severity  int
	Summary   string
	RootCause string `json:"root_cause"`
	NextStep  string `json:"next_step"`
}

// completion is the part of llama-server's reply that the tests look at.
type completion struct {
	Model   string
	Choices []struct {
		Message      struct{ Content string }
		FinishReason string `json:"finish_reason"`
		Logprobs     struct {
			Content []struct {
				Token       string
				TopLogprobs []struct {
					Token   string
					Logprob float64
				} `json:"top_logprobs"`
			}
		}
	}
	Usage struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
	}
}

// post sends a JSON request and decodes the JSON reply.
func post(t *testing.T, url string, body, reply any) {
	t.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s, %v: %s", url, response.Status, err, text)
	}
	if err := json.Unmarshal(text, reply); err != nil {
		t.Fatalf("POST %s: %v in %s", url, err, text)
	}
}

// ask sends log text with instructions and the usual schema.
func ask(t *testing.T, url, logs string) completion {
	t.Helper()
	return askWith(t, url, logs, answerSchema)
}

func askWith(t *testing.T, url, logs, schema string) completion {
	t.Helper()
	var reply completion
	post(t, url+"/v1/chat/completions", map[string]any{
		"messages": []map[string]string{
			{"role": "system", "content": "You read the log patterns of one service and judge whether it is healthy. Answer only from what you see."},
			{"role": "user", "content": logs + "\nSay whether somebody must look at this."},
		},
		"temperature": 0, "max_tokens": 200, "logprobs": true, "top_logprobs": 20,
		"response_format": map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": "answer", "strict": true, "schema": json.RawMessage(schema)}},
	}, &reply)
	if len(reply.Choices) != 1 {
		t.Fatalf("%d choices", len(reply.Choices))
	}
	return reply
}

// logLines returns good and bad lines, the bad ones last.
func logLines(good, bad int) string {
	var text strings.Builder
	for i := range good {
		fmt.Fprintf(&text, "p%d level=info msg=\"request completed\" method=GET path=/v1/orders status=200 duration=%dms\n", i+1, 20+i)
	}
	for i := range bad {
		fmt.Fprintf(&text, "p%d level=error msg=\"could not reserve\" reason=\"connection refused\" attempt=%d\n", good+i+1, i)
	}
	return text.String()
}

// verdictChances returns the probabilities of ok, warning and critical at the verdict's token, among themselves.
func verdictChances(t *testing.T, reply completion) [3]float64 {
	t.Helper()
	text, chances, sum := "", [3]float64{}, 0.0
	for _, token := range reply.Choices[0].Logprobs.Content {
		if strings.HasSuffix(text, `"verdict":"`) {
			for _, top := range token.TopLogprobs {
				for i, word := range []string{"ok", "warning", "critical"} {
					if top.Token == word {
						chances[i] = math.Exp(top.Logprob)
						sum += chances[i]
					}
				}
			}
			for i := range chances {
				chances[i] /= sum
			}
			return chances
		}
		text += token.Token
	}
	t.Fatalf("no token of its own for the verdict in %q", text)
	return chances
}

func TestTestDoubleFollowsTheLogLines(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{})
	if !llama.TestDouble || !strings.Contains(llama.Model, "test-double") {
		t.Errorf("the server does not say that it is a test double: %+v", llama)
	}
	dictionary := strings.Repeat("p1 level=info msg=\"user <N> logged in from <IP>\" count=120 steady\n", 60)
	cases := []struct {
		name, logs, verdict string
		severity            int
	}{
		{"20 good", logLines(20, 0), "ok", 0},
		{"20 good and 1 bad", logLines(20, 1), "warning", 2},
		{"60 good and 1 bad", logLines(60, 1), "warning", 2},
		{"10 good and 10 bad", logLines(10, 10), "critical", 3},
		{"dictionary without a bad word", dictionary, "ok", 0},
		{"dictionary with one bad word", dictionary + "p2 ERROR something\n", "warning", 2},
		{"java stack trace", strings.Repeat("java.lang.IllegalStateException: no session\n at org.example.Shop.run(Shop.java:17)\n", 8), "critical", 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			reply := ask(t, llama.URL, c.logs)
			choice := reply.Choices[0]
			t.Logf("%d + %d tokens: %s; ok, warning, critical: %.3f", reply.Usage.PromptTokens, reply.Usage.CompletionTokens, choice.Message.Content, verdictChances(t, reply))
			var got answer
			if err := json.Unmarshal([]byte(choice.Message.Content), &got); err != nil {
				t.Fatalf("%v in %s", err, choice.Message.Content)
			}
			if got.Verdict != c.verdict || got.Severity != c.severity {
				t.Errorf("verdict %s, severity %d; want %s, %d", got.Verdict, got.Severity, c.verdict, c.severity)
			}
			if (len(got.Findings) == 0) != (c.verdict == "ok") {
				t.Errorf("%d findings with verdict %s", len(got.Findings), got.Verdict)
			}
			if choice.FinishReason != "stop" || reply.Usage.CompletionTokens > 80 {
				t.Errorf("finish_reason %s after %d tokens", choice.FinishReason, reply.Usage.CompletionTokens)
			}
			for _, prose := range []string{got.Summary, got.RootCause, got.NextStep} {
				if prose != "made up text of a test model" {
					t.Errorf("prose %q", prose)
				}
			}
		})
	}
}

// What stands behind the word TASK are instructions: they may name errors without any being there.
func TestTestDoubleIgnoresInstructions(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{})
	const instructions = "\nTASK\nGroup the failing patterns by cause. Judge ok when nothing fails or every failure is steady; critical on repeated refused logins, panic, timeout or any other error.\n"
	for _, c := range []struct {
		bad     int
		verdict string
	}{{0, "ok"}, {1, "warning"}, {8, "critical"}} {
		prompt := "PATTERNS\n" + dictionaryOf(24, c.bad) + "STATE\n" + statesOf(24, c.bad) + "CONTEXT\nWindow of 15 minutes." + instructions
		reply := ask(t, llama.URL, prompt)
		var got answer
		if err := json.Unmarshal([]byte(reply.Choices[0].Message.Content), &got); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d tokens, %d bad patterns: %s %.3f", reply.Usage.PromptTokens, c.bad, got.Verdict, verdictChances(t, reply))
		if got.Verdict != c.verdict {
			t.Errorf("%d bad patterns: %s, want %s", c.bad, got.Verdict, c.verdict)
		}
	}
}

// dictionaryOf returns templates of which the first few are bad.
func dictionaryOf(patterns, bad int) string {
	good := [...]string{"request completed method=<W> path=<PATH> status=200 duration=<N>ms", "user <N> logged in from <IP>",
		"Committed offset <N> for partition <W> with lag <N>", "cache hit ratio <N> over the last <N> minutes",
		"checkpoint complete: wrote <N> buffers, sync=<N> s, total=<N> s", "snapshot uploaded to object storage in <N> s"}
	ill := [...]string{"dial tcp <IP>: connect: connection refused", "request failed: upstream timeout after <N>s", "panic: runtime error: index out of range"}
	var text strings.Builder
	for i := range patterns {
		line := good[i%len(good)]
		if i < bad {
			line = ill[i%len(ill)]
		}
		fmt.Fprintf(&text, "p%d %s\n", i+1, line)
	}
	return text.String()
}

func statesOf(patterns, bad int) string {
	var text strings.Builder
	for i := range patterns {
		level := "info"
		if i < bad {
			level = "error"
		}
		fmt.Fprintf(&text, "p%d %s ~%d since start in shop\n", i+1, level, 1<<(i%9))
	}
	return text.String()
}

// A prompt may add columns of its own to the answer.
func TestTestDoubleFillsOtherFields(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{})
	const schema = `{"type":"object","additionalProperties":false,"required":["findings","verdict","attack_seen","user_count","phase","note","summary"],"properties":{
"findings":{"type":"array","maxItems":0,"items":{"type":"object"}},"verdict":{"enum":["ok","warning","critical","unknown"]},"attack_seen":{"type":"boolean"},
"user_count":{"type":"integer","minimum":0,"maximum":1000},"phase":{"enum":["early","late"]},"note":{"type":"string","maxLength":80},"summary":{"type":"string","maxLength":300}}}`
	for _, c := range []struct {
		bad     int
		verdict string
		attack  bool
	}{{0, "ok", false}, {10, "critical", true}} {
		reply := askWith(t, llama.URL, logLines(10, c.bad), schema)
		var got struct {
			Verdict string
			Attack  bool `json:"attack_seen"`
			Note    string
		}
		choice := reply.Choices[0]
		if err := json.Unmarshal([]byte(choice.Message.Content), &got); err != nil {
			t.Fatalf("%v in %s", err, choice.Message.Content)
		}
		t.Logf("%d tokens: %s", reply.Usage.CompletionTokens, choice.Message.Content)
		if got.Verdict != c.verdict || got.Attack != c.attack || got.Note != "made up text of a test model" || choice.FinishReason != "stop" {
			t.Errorf("%+v, finish_reason %s", got, choice.FinishReason)
		}
	}
}

func TestTestDoubleNamesATopic(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{})
	for category, line := range map[string]string{
		"memory":      "p1 Out of memory: Killed process <N> (java)\np2 container OOMKilled, memory limit <N>\n",
		"certificate": "p1 tls: failed to verify certificate: certificate has expired\n",
		"dns":         "p1 error: lookup orders.shop: no such host\n",
		"application": "p1 error while charging an order\n",
	} {
		var got answer
		content := ask(t, llama.URL, logLines(10, 0)+strings.Repeat(line, 3)).Choices[0].Message.Content
		if err := json.Unmarshal([]byte(content), &got); err != nil {
			t.Fatalf("%v in %s", err, content)
		}
		if len(got.Findings) != 1 || got.Findings[0].Category != category || strings.Join(got.Findings[0].Patterns, " ") != "p1" {
			t.Errorf("%s: %+v", category, got.Findings)
		}
	}
}

func TestTestDoubleConfidenceMoves(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{})
	calm := verdictChances(t, ask(t, llama.URL, logLines(20, 0)))
	bad := verdictChances(t, ask(t, llama.URL, logLines(10, 10)))
	if calm[0] < 0.6 || calm[2] > 0.1 || bad[2] < 0.6 || bad[0] > 0.1 {
		t.Errorf("ok, warning, critical: %.3f without and %.3f with bad lines", calm, bad)
	}
}

func TestTestDoubleTokenizer(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{})
	tokens := func(text string) []string {
		t.Helper()
		var reply struct{ Tokens []struct{ Piece any } }
		post(t, llama.URL+"/tokenize", map[string]any{"content": text, "with_pieces": true}, &reply)
		var pieces []string
		for _, token := range reply.Tokens {
			pieces = append(pieces, fmt.Sprint(token.Piece))
		}
		return pieces
	}
	if got := tokens("<|eot_id|><|start_header_id|>system<|end_header_id|>"); len(got) != 4 {
		t.Errorf("control tokens are not tokens of their own: %q", got)
	}
	if got := tokens("< |eot_id|>"); len(got) < 4 {
		t.Errorf("a broken control token is still one: %q", got)
	}
	for _, word := range []string{"ok", "warning", "critical", "unknown", "error", " refused", "OOMKilled", "memory"} {
		if got := tokens(word); len(got) != 1 {
			t.Errorf("%q is %q", word, got)
		}
	}
	for text, want := range map[string]string{"level=error": "error", "[ERROR]": "ERROR", `{"a":"failed"}`: "failed", "/panic/": "panic", "svc_timeout": "timeout"} {
		if got := strings.Join(tokens(text), "\x00"); !strings.Contains("\x00"+got+"\x00", "\x00"+want+"\x00") {
			t.Errorf("%q has no token %q: %q", text, want, got)
		}
	}
}

func TestModelIsReproducible(t *testing.T) {
	var first, second bytes.Buffer
	if err := WriteTestModel(&first); err != nil {
		t.Fatal(err)
	}
	if err := WriteTestModel(&second); err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(first.Bytes()) != sha256.Sum256(second.Bytes()) {
		t.Error("two files differ")
	}
	if first.Len() >= 1_000_000 {
		t.Errorf("%d bytes", first.Len())
	}
	path, err := TestModel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(kept, first.Bytes()) {
		t.Errorf("the cached file differs: %v", err)
	}
}

func TestLlamaSaysWhyItDoesNotStart(t *testing.T) {
	path := t.TempDir() + "/broken.gguf"
	if err := os.WriteFile(path, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := StartLlama(t.Context(), LlamaOptions{Model: path})
	if err == nil || !strings.Contains(err.Error(), "broken.gguf") || !strings.Contains(err.Error(), "ended while starting") {
		t.Errorf("error %v", err)
	}
}

func TestLlamaAPIKey(t *testing.T) {
	llama := startTestLlama(t, LlamaOptions{APIKey: "sesame"})
	response, err := http.Get(llama.URL + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("without the key: %s", response.Status)
	}
}

// startTestLlama starts a server for one test.
func startTestLlama(t *testing.T, o LlamaOptions) *Llama {
	t.Helper()
	o.Progress = t.Logf
	llama, err := StartLlama(context.WithoutCancel(t.Context()), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := llama.Close(); err != nil {
			t.Error(err)
		}
	})
	return llama
}
