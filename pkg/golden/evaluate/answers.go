package evaluate

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/llm"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Answers is a file of what model servers said, by the content of the question, one JSON
// object a line. It is only ever appended to, so that a run which ended early goes on
// where it was, and the same run again needs no server. Of each question the file's first
// answer counts. It holds no prompts, but the models' answers, which can quote what the
// prompts showed of the logs, masked. Safe for concurrent use.
type Answers struct {
	path string

	mu   sync.Mutex
	file *os.File
	end  int64
	at   map[string]extent // by kind and key
	// servers are the model servers that the file has answers of, the last of each model.
	servers []llm.Capabilities
}

// An extent is where a record stands in the file.
type extent struct {
	from int64
	size int
}

// A record is one line of the file.
type record struct {
	Kind  string          `json:"kind"`
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// The kinds of a record.
const (
	kindServer = "server" // its capabilities
	kindSize   = "size"   // of a prompt in tokens
	kindTokens = "tokens" // of a word
	kindAnswer = "answer"
)

// An answer is what a model wrote.
type answer struct {
	Text    string          `json:"text"`
	Tokens  []verdict.Token `json:"tokens,omitempty"`
	Timings llm.Timings     `json:"timings,omitzero"`
	Model   string          `json:"model,omitempty"`
	// Cut says that it ended at its token limit.
	Cut bool `json:"cut,omitempty"`
	// Took is how long the call took here, for servers that do not tell.
	Took time.Duration `json:"took_ns,omitempty"`
}

// maxRecord bounds one line of the file.
const maxRecord = 1 << 20

// OpenAnswers opens a file of answers, and makes it where it is not there. A last line that
// was not written whole is dropped. Close it at the end.
func OpenAnswers(path string) (*Answers, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	a := &Answers{path: path, file: file, at: map[string]extent{}}
	if err := a.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), file.Close())
	}
	return a, nil
}

// Close closes the file.
func (a *Answers) Close() error { return a.file.Close() }

// Servers returns the model servers that the file has answers of.
func (a *Answers) Servers() []llm.Capabilities {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]llm.Capabilities(nil), a.servers...)
}

func (a *Answers) load() error {
	r := bufio.NewReaderSize(a.file, maxRecord)
	for n := 1; ; n++ {
		raw, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return a.file.Truncate(a.end) // what follows was not written whole
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d is longer than %d bytes; is this a file of answers?", n, maxRecord)
		case err != nil:
			return err
		}
		var rec record
		if json.Unmarshal(raw, &rec) != nil || rec.Kind == "" {
			return fmt.Errorf("line %d is no answer; name another file", n)
		}
		a.index(rec, len(raw))
	}
}

// index enters a record that stands at the end.
func (a *Answers) index(rec record, size int) {
	id := rec.Kind + rec.Key
	if _, ok := a.at[id]; !ok {
		a.at[id] = extent{a.end, size}
		var caps llm.Capabilities
		if rec.Kind == kindServer && json.Unmarshal(rec.Value, &caps) == nil {
			a.remember(caps)
		}
	}
	a.end += int64(size)
}

func (a *Answers) remember(caps llm.Capabilities) {
	for i := range a.servers {
		if a.servers[i].Model == caps.Model {
			a.servers[i] = caps
			return
		}
	}
	a.servers = append(a.servers, caps)
}

// get reads what is known of a question into value. A nil receiver knows nothing.
func (a *Answers) get(kind, key string, value any) (bool, error) {
	if a == nil {
		return false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.at[kind+key]
	if !ok {
		return false, nil
	}
	raw := make([]byte, at.size)
	if _, err := a.file.ReadAt(raw, at.from); err != nil {
		return false, fmt.Errorf("%s: %w", a.path, err)
	}
	var rec record
	if err := json.Unmarshal(raw, &rec); err != nil {
		return false, fmt.Errorf("%s: %w", a.path, err)
	}
	return true, json.Unmarshal(rec.Value, value)
}

// put appends an answer and returns when it is on the disk.
func (a *Answers) put(kind, key string, value any) error {
	if a == nil {
		return nil
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	rec := record{kind, key, raw}
	line, err := golden.Encode(rec)
	if err != nil {
		return err
	}
	if len(line) > maxRecord {
		return nil // it is asked again
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.at[kind+key]; ok {
		return nil
	}
	if _, err := a.file.WriteAt(line, a.end); err != nil {
		return fmt.Errorf("an answer cannot be kept: %w", err)
	}
	if kind == kindAnswer {
		if err := a.file.Sync(); err != nil {
			return fmt.Errorf("an answer cannot be kept: %w", err)
		}
	}
	a.index(rec, len(line))
	return nil
}

// keyOf is the SHA-256 of what is asked.
func keyOf(parts ...any) string {
	h := sha256.New()
	if err := json.NewEncoder(h).Encode(parts); err != nil { // texts, numbers and JSON
		panic(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// answerKey names a call: what is asked, how it is sampled, and by whom it is answered.
// rerun tells repetitions of the same question apart.
func answerKey(caps llm.Capabilities, r *llm.Request, rerun int) string {
	var schema bytes.Buffer
	_ = json.Compact(&schema, r.Schema) // the engine writes JSON
	sampling := map[string]any{"temperature": 0, "cache_prompt": false}
	return keyOf(r.Messages, schema.String(), r.MaxTokens, r.Seed, sampling, caps.Model, caps.Build, rerun)
}

// kept returns an answer as it is kept.
func kept(reply *llm.Reply, cut bool, took time.Duration) answer {
	a := answer{Text: reply.Text, Tokens: verdict.Telling(reply.Tokens), Timings: reply.Timings, Model: reply.Model, Cut: cut, Took: took}
	for i := range a.Tokens {
		var top []verdict.Candidate
		for _, c := range a.Tokens[i].Top {
			if !math.IsNaN(c.LogProb) && !math.IsInf(c.LogProb, 0) { // JSON has no other numbers
				top = append(top, c)
			}
		}
		a.Tokens[i].Top = top
	}
	return a
}

func (a *answer) reply() llm.Reply {
	return llm.Reply{Text: a.Text, Tokens: a.Tokens, Timings: a.Timings, Model: a.Model}
}

// latency is how long the server worked.
func (a *answer) latency() time.Duration {
	if ms := a.Timings.PromptMillis + a.Timings.AnswerMillis; ms > 0 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	return a.Took
}
