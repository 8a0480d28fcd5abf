package lanes

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// slot waits for a slot as llama-server does: in order of arrival, without a bound.
func (m *Model) slot(ctx context.Context) (int, error) {
	m.mu.Lock()
	if m.busy == nil {
		m.busy, m.cached = make([]bool, m.slots()), make([]string, m.slots())
	}
	if i := slices.Index(m.busy, false); i >= 0 {
		m.busy[i] = true
		m.mu.Unlock()
		return i, nil
	}
	turn := make(chan int, 1)
	m.waiting = append(m.waiting, turn)
	m.mu.Unlock()
	select {
	case i := <-turn:
		return i, nil
	case <-ctx.Done():
	}
	m.mu.Lock()
	i := slices.Index(m.waiting, turn)
	if i >= 0 {
		m.waiting = slices.Delete(m.waiting, i, i+1)
	}
	m.mu.Unlock()
	if i < 0 { // it got the slot in this very moment
		m.free(<-turn)
	}
	return 0, ctx.Err()
}

func (m *Model) free(slot int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.waiting) > 0 {
		m.waiting[0] <- slot
		m.waiting = m.waiting[1:]
		return
	}
	m.busy[slot] = false
}

// prefix returns how many tokens of a prompt its slot has in the cache, and puts the
// prompt there.
func (m *Model) prefix(slot int, prompt string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for last := m.cached[slot]; n < min(len(prompt), len(last)) && prompt[n] == last[n]; n++ {
	}
	m.cached[slot] = prompt
	return int(float64(n) / bytesPerToken)
}

// A job is one call in its slot.
type job struct {
	Call
	slot          int
	began         time.Time
	fresh, cached int // tokens of the prompt
	state         State
}

func (m *Model) chat(r *http.Request, state State) (*http.Response, error) {
	call, system, err := readCall(r)
	if err != nil {
		return nil, err
	}
	slot, err := m.slot(r.Context())
	if err != nil {
		return nil, err
	}
	j := &job{Call: call, slot: slot, began: m.Now(), state: state}
	j.cached = m.prefix(slot, system+call.Prompt)
	j.fresh = max(1, tokensOf(system+call.Prompt)-j.cached)
	if err := sleep(r.Context(), seconds(float64(j.fresh)/m.PromptSpeed)); err != nil {
		m.end(j, false)
		return nil, err
	}
	pr, pw := io.Pipe()
	stop := context.AfterFunc(r.Context(), func() { pw.CloseWithError(r.Context().Err()) })
	go func() {
		defer stop()
		pw.CloseWithError(m.write(r.Context(), pw, j))
	}()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: pr}, nil
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// end gives back the slot of a call.
func (m *Model) end(j *job, whole bool) {
	m.mu.Lock()
	m.done = append(m.done, Done{Call: j.Call, Began: j.began, Ended: m.Now(), Whole: whole})
	m.mu.Unlock()
	m.free(j.slot)
}

// perEvent is how many tokens one event carries: less work than one each.
const perEvent = 4

// write streams an answer.
func (m *Model) write(ctx context.Context, w io.Writer, j *job) (err error) {
	whole := false
	defer func() {
		if !whole {
			m.end(j, false)
		}
	}()
	text, confidence := m.Answer(j.Call)
	tokens := split(text)
	for i := 0; i < len(tokens); i += perEvent {
		some := tokens[i:min(i+perEvent, len(tokens))]
		if j.hangs(tokens[:i]) {
			<-ctx.Done()
			return ctx.Err()
		}
		if err := sleep(ctx, seconds(float64(len(some))/m.AnswerSpeed)); err != nil {
			return err
		}
		if _, err := w.Write(event(some, confidence)); err != nil {
			return err
		}
	}
	whole = true
	m.end(j, true) // llama-server has its slot free again when the last event can be read
	_, err = fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"timings\":{\"prompt_n\":%d,\"cache_n\":%d,\"prompt_ms\":%g,\"predicted_n\":%d,\"predicted_ms\":%g}}\n\ndata: [DONE]\n\n",
		j.fresh, j.cached, float64(j.fresh)/m.PromptSpeed*1000, len(tokens), float64(len(tokens))/m.AnswerSpeed*1000)
	return err
}

// hangs reports whether the call stops behind these tokens.
func (j *job) hangs(written []string) bool {
	switch j.state {
	case HangingMidAnswer:
		return len(written) >= perEvent
	case HangingMidProse:
		return slices.Contains(written, "root_cause")
	case Ready, Dead, Hanging, HangingInside, Loading, Failing, Broken:
	}
	return false
}

// split divides a text into words and single other characters.
func split(text string) (out []string) {
	start := 0
	for i, r := range text {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			continue
		}
		if start < i {
			out = append(out, text[start:i])
		}
		start = i + len(string(r))
		out = append(out, text[i:start])
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}

type candidate struct {
	Token   string  `json:"token"`
	LogProb float64 `json:"logprob"`
}

type token struct {
	candidate
	Top []candidate `json:"top_logprobs"`
}

// event is what one event of the stream says. Where a verdict is written, the other
// words share what the model is not sure of.
func event(tokens []string, confidence float64) []byte {
	var e struct {
		Model   string `json:"model"`
		Choices [1]struct {
			Delta struct {
				Content string `json:"content"`
			} `json:"delta"`
			LogProbs struct {
				Content []token `json:"content"`
			} `json:"logprobs"`
		} `json:"choices"`
	}
	e.Model = "stub"
	confidence = min(confidence, 0.999)
	words := verdict.DefaultWords().List()
	for _, text := range tokens {
		t := token{candidate: candidate{text, math.Log(confidence)}, Top: []candidate{{text, math.Log(confidence)}}}
		if slices.Contains(words, text) {
			for _, w := range words {
				if w != text {
					t.Top = append(t.Top, candidate{w, math.Log((1 - confidence) / float64(len(words)-1))})
				}
			}
		}
		e.Choices[0].LogProbs.Content = append(e.Choices[0].LogProbs.Content, t)
	}
	e.Choices[0].Delta.Content = strings.Join(tokens, "")
	raw, _ := json.Marshal(e) // confidence lies between 0 and 1, so there is no infinity in it
	return slices.Concat([]byte("data: "), raw, []byte("\n\n"))
}

// Verdict writes an answer that cites a pattern, if it is to cite one: the one of the
// prompt whose text holds cites.
func Verdict(c Call, s verdict.Severity, cites string) string {
	finding := ""
	if id := c.Pattern(cites); cites != "" && id != "" {
		finding = fmt.Sprintf(`{"patterns":[%q],"category":"application"}`, id)
	}
	words := verdict.DefaultWords()
	word := map[verdict.Severity]string{verdict.Healthy: words.OK, verdict.Notice: words.Warning, verdict.Warning: words.Warning, verdict.Critical: words.Critical}[s]
	if word == "" {
		word = words.Unknown
	}
	return fmt.Sprintf(`{"findings":[%s],"verdict":%q,"severity":%d,"attack_seen":false,"summary":"The stub judged what it was told to judge here.","root_cause":"not shown","next_step":"Look at the logs of the service and then at what changed."}`,
		finding, word, max(0, s))
}

// Pattern returns the id of the pattern whose text holds a text and which the window shows;
// empty where there is none.
func (c Call) Pattern(text string) string {
	dictionary, rest, _ := strings.Cut(c.Prompt, "\nSTATE\n")
	states, _, _ := strings.Cut(rest, "\nCONTEXT\n")
	var shown []string
	for l := range strings.Lines(states) {
		if !strings.HasPrefix(l, "gone ") {
			shown = append(shown, strings.Fields(l)...)
		}
	}
	for l := range strings.Lines(dictionary) {
		id, pattern, _ := strings.Cut(strings.TrimSpace(l), " ")
		if text != "" && strings.Contains(pattern, text) && slices.Contains(shown, id) {
			return id
		}
	}
	return ""
}
