package verdict

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// A Key addresses a judgement by its content and by who asks.
type Key [sha256.Size]byte

// KeyOf hashes parts into a key. The parts are length-prefixed, so that moving a
// byte from one part to the next gives another key.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return Key(h.Sum(nil))
}

// String returns the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ParseKey reads what [Key.String] wrote.
func ParseKey(s string) (Key, error) {
	var k Key
	if len(s) != hex.EncodedLen(len(k)) {
		return Key{}, errors.New("a key has 64 hexadecimal digits")
	}
	if _, err := hex.Decode(k[:], []byte(s)); err != nil {
		return Key{}, errors.New("a key has hexadecimal digits only")
	}
	return k, nil
}

// An Entry is what a model said about one content. Entries are shared by all who
// ask: nobody changes what one refers to.
type Entry struct {
	Answer Answer `json:"answer"`
	// Probability is that of an incident as the model's tokens say, 0 to 1, or
	// [ProbabilityUnknown]. It is calibrated only where it is served, so that a new
	// calibration holds for what is remembered, too.
	Probability float64 `json:"probability"`
	// Confidence is the share of the word that the model wrote, 0 to 1, or
	// [ConfidenceUnknown].
	Confidence float64 `json:"confidence"`
	Model      string  `json:"model,omitempty"`
	// Omitted counts the patterns that were dropped to fit the model's context.
	Omitted int   `json:"omitted,omitempty"`
	Usage   Usage `json:"usage"`
}

// Severity returns the severity that the entry stands for: that of the answer, or
// [Inconclusive] where the model was not sure of it.
func (e *Entry) Severity() Severity {
	if Unsure(e.Confidence) {
		return Inconclusive
	}
	return e.Answer.Severity
}

// Usage is what a judgement cost the model server.
type Usage struct {
	PromptTokens int `json:"prompt_tokens"`
	CachedTokens int `json:"cached_tokens"`
	AnswerTokens int `json:"answer_tokens"`
}

// Sizes for the ledger's accounts, in bytes: what an entry, a finding and a field
// take beside their texts, roughly and rather too much.
const (
	entryOverhead   = 512
	findingOverhead = 64
	fieldOverhead   = 64
	stringOverhead  = 16
)

// size is about how much memory an entry takes, in bytes.
func (e *Entry) size() int64 {
	a := &e.Answer
	n := entryOverhead + len(a.Summary) + len(a.RootCause) + len(a.NextStep) + len(e.Model)
	for _, f := range a.Findings {
		n += findingOverhead + len(f.Category) + len(f.Reason)
		for _, p := range f.Patterns {
			n += stringOverhead + len(p)
		}
	}
	for name, v := range a.Fields {
		n += fieldOverhead + len(name)
		if s, ok := v.(string); ok {
			n += len(s)
		}
	}
	return int64(n)
}
