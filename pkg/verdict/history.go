package verdict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// LineSchema is the version of a [Line]'s form. Lines of another version are shown
// as far as they can be read, and not believed.
const LineSchema = 1

// Lane says for whom a verdict was made.
type Lane string

// The lanes.
const (
	LaneAlert       Lane = "alert"
	LaneInteractive Lane = "interactive"
)

// A Line is one verdict in the history. It holds masked text only, and neither the
// organisation nor the data source: who may read the tenant may read all of it.
type Line struct {
	// Schema is set by [Line.Encode].
	Schema int `json:"schema"`
	// TS is the timestamp under which Loki stores the line.
	TS time.Time `json:"-"`
	// Key is the ledger's key of the content, Series that of the series whose state the
	// verdict changed; both hexadecimal, see [Key.String]. Either may be empty.
	Key    string `json:"key,omitempty"`
	Series string `json:"series,omitempty"`
	// Query is what was asked, for those who look for its verdicts; it says nothing about
	// who asked.
	Query string `json:"query,omitempty"`
	Lane  Lane   `json:"lane"`
	// Labels are the group's labels.
	Labels map[string]string `json:"labels,omitempty"`
	// Prompt is id@version, PromptHash the hash of all that the prompt consists of.
	Prompt     string `json:"prompt"`
	PromptHash string `json:"prompt_hash"`
	Model      string `json:"model,omitempty"`
	// Start and End are the window that the verdict describes.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`

	// Verdict is the word of the served severity; set by [Line.Encode].
	Verdict string `json:"verdict"`
	// Severity is what was served; ModelSeverity and RulesSeverity what the two said,
	// Inconclusive where they did not judge.
	Severity      Severity `json:"severity"`
	ModelSeverity Severity `json:"model_severity"`
	RulesSeverity Severity `json:"rules_severity"`
	// Probability is the one that was served, Entry's the one before any calibration.
	Probability float64  `json:"probability"`
	Category    Category `json:"category"`
	// Findings cite masked templates.
	Findings           []Finding `json:"findings,omitempty"`
	Summary            string    `json:"summary,omitempty"`
	RootCause          string    `json:"root_cause,omitempty"`
	NextStep           string    `json:"next_step,omitempty"`
	Fields             Values    `json:"fields,omitempty"`
	Contested          bool      `json:"contested,omitempty"`
	SuspectedInjection bool      `json:"suspected_injection,omitempty"`
	Degraded           bool      `json:"degraded,omitempty"`
	Held               bool      `json:"held,omitempty"`
	Source             Source    `json:"source"`

	// LinesTotal are the lines in the window, LinesRead those of them that were read.
	LinesTotal int64 `json:"lines_total"`
	LinesRead  int64 `json:"lines_read"`
	Cost       Usage `json:"cost"`
	// Millis is how long the model took.
	Millis int64 `json:"millis"`

	// Entry is the model's judgement for [Ledger.Warm]; nil where the rules judged.
	Entry *Entry `json:"entry,omitempty"`
	// State is the state of the series, for whoever keeps it to read.
	State json.RawMessage `json:"state,omitempty"`
}

// LineFrom returns a line with what a verdict and the model's judgement behind it
// say; e is nil where there is none. template returns the masked template of a
// pattern id that v's findings cite; an id that it does not know is left out.
func LineFrom(v *Verdict, e *Entry, template func(id string) (string, bool)) Line {
	l := Line{
		Severity: v.Severity, ModelSeverity: Inconclusive, RulesSeverity: v.RulesSeverity, Probability: v.Probability, Category: v.Category,
		Summary: v.Summary, RootCause: v.RootCause, NextStep: v.NextStep, Fields: v.Fields,
		Contested: v.Contested, SuspectedInjection: v.SuspectedInjection, Degraded: v.Degraded, Held: v.Held, Source: v.Source, Model: v.Model, Entry: e,
	}
	if e != nil {
		l.ModelSeverity, l.Cost = e.Severity(), e.Usage
	}
	for _, f := range v.Findings {
		cited := Finding{Category: f.Category, Reason: f.Reason}
		for _, id := range f.Patterns {
			if text, ok := template(id); ok {
				cited.Patterns = append(cited.Patterns, text)
			}
		}
		l.Findings = append(l.Findings, cited)
	}
	return l
}

// Judgement returns what [Ledger.Warm] takes. ok is false where the line holds no
// judgement. Call it for signed lines only.
func (l *Line) Judgement() (key Key, e Entry, ok bool) {
	if l.Entry == nil {
		return Key{}, Entry{}, false
	}
	key, err := ParseKey(l.Key)
	return key, *l.Entry, err == nil
}

// Encode returns the line's text, signed for tenant: see [EncodeRecord]. It fails
// where the text would exceed [MaxRecord]: leave State out then.
func (l Line) Encode(tenant string, key []byte) (string, error) {
	l.Schema, l.Verdict = LineSchema, l.Severity.Word()
	l.Start, l.End = l.Start.UTC(), l.End.UTC()
	if err := l.check(); err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // <dur> stays legible
	if err := enc.Encode(&l); err != nil {
		return "", fmt.Errorf("%w: it cannot be written as JSON", ErrRecord)
	}
	return EncodeRecord(Record{Kind: KindVerdict, TS: l.TS, Body: b.Bytes()}, tenant, key)
}

// DecodeLine reads a line that Loki returned for tenant under the timestamp ts: see
// [DecodeRecord]. Where signed is false, because the signature is missing or wrong or
// the schema is another, the line is made safe to show, and Key, Series, Entry and
// State are empty: nothing in it is to be believed.
func DecodeLine(text, tenant string, ts time.Time, key []byte) (l Line, signed bool, err error) {
	r, signed, err := DecodeRecord(text, tenant, ts, key)
	if err != nil {
		return Line{}, false, err
	}
	if r.Kind != KindVerdict {
		return Line{}, false, fmt.Errorf("%w: it is of the kind %q", ErrRecord, r.Kind)
	}
	var version struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(r.Body, &version) != nil {
		return Line{}, false, fmt.Errorf("%w: it holds no verdict", ErrRecord)
	}
	if version.Schema != LineSchema {
		// What the other version calls otherwise stays empty.
		l, signed = Line{}, false
		if json.Unmarshal(r.Body, &l) != nil || l.check() != nil {
			l = Line{Severity: Inconclusive, ModelSeverity: Inconclusive, RulesSeverity: Inconclusive, Probability: ProbabilityUnknown, Category: CategoryOther}
		}
		l.Schema = version.Schema
	} else if json.Unmarshal(r.Body, &l) != nil || l.check() != nil {
		return Line{}, false, fmt.Errorf("%w: it holds no verdict", ErrRecord)
	}
	l.TS = r.TS
	if !signed {
		l.disarm()
	}
	return l, signed, nil
}

// check refuses what would be misread: a severity or probability that is none.
func (l *Line) check() error {
	for _, s := range []Severity{l.Severity, l.ModelSeverity, l.RulesSeverity} {
		if s < Inconclusive || s > Critical {
			return fmt.Errorf("%w: a severity is %d", ErrRecord, s)
		}
	}
	if !share(l.Probability, ProbabilityUnknown) {
		return fmt.Errorf("%w: its probability is none", ErrRecord)
	}
	if e := l.Entry; e != nil {
		if s := e.Answer.Severity; s < Inconclusive || s > Critical || !share(e.Probability, ProbabilityUnknown) || !share(e.Confidence, ConfidenceUnknown) {
			return fmt.Errorf("%w: its judgement is none", ErrRecord)
		}
	}
	return nil
}

// share reports whether p is 0 to 1, or stands for unknown. NaN is neither.
func share(p, unknown float64) bool { return p >= 0 && p <= 1 || p == unknown }
