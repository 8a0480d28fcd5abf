package verdict

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Bounds of an answer. Prose is short because a model on a CPU writes 15 to 25
// tokens a second. Findings are few because the verdict stands behind them: with
// these bounds the longest head (findings, verdict, severity) takes 54 tokens of
// Llama 3's vocabulary on one line with spaces and ids of three digits. A third
// finding would make it 70.
const (
	MaxFindings        = 2
	MaxFindingPatterns = 2
	MaxProse           = 300 // characters of summary, root_cause and next_step each
	MaxFieldString     = 160 // characters of a prompt's own string field
)

// Words are the model's verdicts on the wire. Their first tokens must differ in
// the model's vocabulary, for the probability is read from that token.
type Words struct{ OK, Warning, Critical, Unknown string }

// DefaultWords returns the words whose first tokens differ in Llama 3's vocabulary.
func DefaultWords() Words {
	return Words{OK: "ok", Warning: "warning", Critical: "critical", Unknown: "unknown"}
}

// List returns the words in the order ok, warning, critical, unknown.
func (w Words) List() []string { return []string{w.OK, w.Warning, w.Critical, w.Unknown} }

// FieldType is the type of a prompt's own output field.
type FieldType string

// The field types. Numbers are integers: llama.cpp's grammar does not enforce
// the bounds of a JSON number.
const (
	FieldString  FieldType = "string"
	FieldInteger FieldType = "integer"
	FieldBoolean FieldType = "boolean"
)

// A Field is an output field that a prompt adds to the answer; it becomes a
// column of the verdict frame.
type Field struct {
	Name        string    `json:"name" yaml:"name"`
	Type        FieldType `json:"type" yaml:"type"`
	Description string    `json:"description,omitempty" yaml:"description"`
	// Enum closes a string field to these values.
	Enum []string `json:"enum,omitempty" yaml:"enum"`
	// Minimum and Maximum bound an integer field; both default to 0 to 100.
	Minimum *int `json:"minimum,omitempty" yaml:"minimum"`
	Maximum *int `json:"maximum,omitempty" yaml:"maximum"`
}

// Bounds returns the limits of an integer field.
func (f Field) Bounds() (low, high int) {
	low, high = 0, 100
	if f.Minimum != nil {
		low = *f.Minimum
	}
	if f.Maximum != nil {
		high = *f.Maximum
	}
	return low, high
}

// Schema returns the JSON Schema of the answer for a request with these pattern
// ids and fields. The order of its properties is the order in which the model
// writes them: what code reads first, prose last. It must reach the server byte
// by byte, because llama.cpp keeps the order of the wire.
func Schema(ids []string, fields []Field, words Words) json.RawMessage {
	w := &schemaWriter{}
	w.head(ids, words)
	required := headKeys()
	for _, f := range fields {
		w.raw(",")
		w.value(f.Name)
		w.raw(":")
		w.field(f)
		required = append(required, f.Name)
	}
	for _, name := range []string{keySummary, keyRootCause, keyNextStep} {
		w.raw(fmt.Sprintf(`,%q:{"type":"string","maxLength":%d}`, name, MaxProse))
		required = append(required, name)
	}
	w.close(required)
	return w.Bytes()
}

// HeadSchema returns the JSON Schema of an answer's head alone: findings, verdict
// and severity as in [Schema]. It is for asking once more where an answer could
// not be read; [Salvage] reads what comes back.
func HeadSchema(ids []string, words Words) json.RawMessage {
	w := &schemaWriter{}
	w.head(ids, words)
	w.close(headKeys())
	return w.Bytes()
}

// The keys of an answer that are not a prompt's own.
const (
	keyFindings  = "findings"
	keyVerdict   = "verdict"
	keySeverity  = "severity"
	keySummary   = "summary"
	keyRootCause = "root_cause"
	keyNextStep  = "next_step"
)

func headKeys() []string { return []string{keyFindings, keyVerdict, keySeverity} }

type schemaWriter struct{ bytes.Buffer }

func (w *schemaWriter) raw(s string) { w.WriteString(s) }

// head writes the schema up to the last property of the head.
func (w *schemaWriter) head(ids []string, words Words) {
	w.raw(`{"type":"object","properties":{"findings":{"type":"array","maxItems":`)
	if len(ids) == 0 {
		w.raw(`0,"items":{"type":"object"}}`)
	} else {
		w.raw(fmt.Sprintf(`%d,"items":{"type":"object","properties":{"patterns":{"type":"array","minItems":1,"maxItems":%d,"items":{"enum":`, MaxFindings, MaxFindingPatterns))
		w.value(ids)
		w.raw(`}},"category":{"enum":`)
		w.value(Categories())
		w.raw(`}},"required":["patterns","category"],"additionalProperties":false}}`)
	}
	w.raw(`,"verdict":{"enum":`)
	w.value(words.List())
	w.raw(`},"severity":{"type":"integer","minimum":0,"maximum":3}`)
}

func (w *schemaWriter) close(required []string) {
	w.raw(`},"required":`)
	w.value(required)
	w.raw(`,"additionalProperties":false}`)
}

// value writes v, which is a string or a slice of strings and cannot fail.
func (w *schemaWriter) value(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("verdict: schema value %v: %v", v, err))
	}
	w.Write(b)
}

func (w *schemaWriter) field(f Field) {
	switch {
	case f.Type == FieldInteger:
		low, high := f.Bounds()
		w.raw(fmt.Sprintf(`{"type":"integer","minimum":%d,"maximum":%d}`, low, high))
	case f.Type == FieldBoolean:
		w.raw(`{"type":"boolean"}`)
	case len(f.Enum) > 0:
		w.raw(`{"enum":`)
		w.value(f.Enum)
		w.raw(`}`)
	default:
		w.raw(fmt.Sprintf(`{"type":"string","maxLength":%d}`, MaxFieldString))
	}
}
