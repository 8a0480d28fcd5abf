package verdict

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxRecord bounds a record's text, in bytes. Loki takes lines of 256 KB by default.
const MaxRecord = 64 << 10

// MinHistoryKey is the least length of a history key, in bytes.
const MinHistoryKey = 16

// The errors of records.
var (
	ErrRecord     = errors.New("the line is no record of the history")
	ErrHistoryKey = errors.New("the history key is too short")
)

// The kinds of records.
const (
	KindVerdict  = "verdict"
	KindOverrule = "overrule"
)

// A Record is one line of the history: what it is about, when it was written, and a
// signature that says who wrote it. The signature covers the whole text, the
// timestamp and the tenant, which is not written: a line that somebody changed,
// copied to another tenant or stored at another time is not ours any more.
type Record struct {
	// Kind is up to 32 lower-case letters and underscores.
	Kind string
	// TS is the timestamp under which Loki stores the line, to the nanosecond.
	TS time.Time
	// Body is any JSON value.
	Body json.RawMessage
}

var kinds = regexp.MustCompile(`^[a-z_]{1,32}$`)

// sigOpen and sigClose enclose the signature at the end of a record's text.
const (
	sigOpen  = `,"sig":"`
	sigClose = `"}`
)

// CheckHistoryKey refuses keys that could be guessed. Its error wraps [ErrHistoryKey].
func CheckHistoryKey(key []byte) error {
	if len(key) < MinHistoryKey {
		return fmt.Errorf("%w: it has %d bytes, at least %d are needed; generate one, for example with openssl rand -hex 32", ErrHistoryKey, len(key), MinHistoryKey)
	}
	return nil
}

// EncodeRecord returns the text of a record, signed with key for tenant. The same
// record always gives the same text, so that pushing it again stores it once. It
// fails with [ErrHistoryKey], or where the record breaks its bounds.
func EncodeRecord(r Record, tenant string, key []byte) (string, error) {
	if err := CheckHistoryKey(key); err != nil {
		return "", err
	}
	switch {
	case !kinds.MatchString(r.Kind):
		return "", fmt.Errorf("%w: its kind must be up to 32 lower-case letters", ErrRecord)
	case !storable(r.TS):
		return "", fmt.Errorf("%w: its timestamp lies outside what Loki stores", ErrRecord)
	case !utf8.Valid(r.Body):
		return "", fmt.Errorf("%w: its body is no valid UTF-8", ErrRecord)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"kind":%q,"ts":%q,"body":`, r.Kind, r.TS.UTC().Format(time.RFC3339Nano))
	if err := json.Compact(&b, r.Body); err != nil {
		return "", fmt.Errorf("%w: its body is no JSON", ErrRecord)
	}
	text := b.String()
	text += sigOpen + sign(text, tenant, key) + sigClose
	if len(text) > MaxRecord {
		return "", fmt.Errorf("%w: it has %d bytes, at most %d are allowed", ErrRecord, len(text), MaxRecord)
	}
	return text, nil
}

// storable reports whether a time can be told in nanoseconds since 1970.
func storable(t time.Time) bool { return t.Year() > 1970 && t.Year() < 2262 }

// DecodeRecord reads what [EncodeRecord] wrote and Loki returned for tenant under the
// timestamp ts. signed is true only where key signed exactly this text for this
// tenant and time. Anything else of the form is returned with signed false: show it,
// do not believe it. An empty key signs nothing; one that is too short is an error,
// as is text that is no record (they wrap [ErrHistoryKey] and [ErrRecord]).
func DecodeRecord(text, tenant string, ts time.Time, key []byte) (r Record, signed bool, err error) {
	if len(key) > 0 {
		if err := CheckHistoryKey(key); err != nil {
			return Record{}, false, err
		}
	}
	if len(text) > MaxRecord {
		return Record{}, false, fmt.Errorf("%w: it has more than %d bytes", ErrRecord, MaxRecord)
	}
	var wire struct {
		Kind string
		TS   time.Time
		Body json.RawMessage
	}
	if json.Unmarshal([]byte(text), &wire) != nil || !kinds.MatchString(wire.Kind) || len(wire.Body) == 0 || !storable(wire.TS) {
		return Record{}, false, ErrRecord
	}
	r = Record{Kind: wire.Kind, TS: wire.TS.UTC(), Body: wire.Body}
	return r, storable(ts) && r.TS.UnixNano() == ts.UnixNano() && verified(text, tenant, key), nil
}

// verified reports whether text ends in the signature of what stands before it. The
// digits are compared as they are written: two texts never have the same signature.
func verified(text, tenant string, key []byte) bool {
	at := len(text) - len(sigOpen) - 2*sha256.Size - len(sigClose)
	if len(key) < MinHistoryKey || at < 0 {
		return false
	}
	signature, ok := strings.CutPrefix(text[at:], sigOpen)
	if !ok || !strings.HasSuffix(signature, sigClose) {
		return false
	}
	signature = strings.TrimSuffix(signature, sigClose)
	return hmac.Equal([]byte(signature), []byte(sign(text[:at], tenant, key)))
}

// sign returns the signature of a record's text up to it. The purpose comes first, so
// that the key may be used elsewhere, too; the tenant has its length before it, so
// that no tenant's name can take over a part of the text.
func sign(text, tenant string, key []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "lokalyst history record 1\n%d:%s", len(tenant), tenant)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
