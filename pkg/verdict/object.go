package verdict

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// errDuplicate says that an object has a key twice. Parsers differ in which of the
// two they take, so that a text could mean one thing here and another elsewhere.
var errDuplicate = errors.New("a key occurs twice")

// eachMember calls f for every member of the one JSON object that raw is. It ends
// at the first error: one of f, of the syntax, of a key that occurs twice in this or
// an inner object, or io.ErrUnexpectedEOF or io.EOF where raw is cut off. f
// was then called for the members that are whole; a number counts as whole only
// when something follows it.
func eachMember(raw string, f func(key string, value json.RawMessage) error) error {
	dec := json.NewDecoder(strings.NewReader(raw))
	if t, err := dec.Token(); err != nil {
		return err
	} else if t != json.Delim('{') {
		return errors.New("it is no JSON object")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return errors.New("a key is no string")
		}
		if seen[key] {
			return errDuplicate
		}
		seen[key] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		if err := unique(value); err != nil {
			return err
		}
		switch rest := trimSpace(raw[dec.InputOffset():]); {
		case rest == "":
			return io.ErrUnexpectedEOF // the rest of a number may be missing
		case rest[0] != ',' && rest[0] != '}':
			return errors.New("a comma is missing")
		}
		if err := f(key, value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if trimSpace(raw[dec.InputOffset():]) != "" {
		return errors.New("text follows the JSON object")
	}
	return nil
}

// trimSpace drops what JSON takes for white space.
func trimSpace(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// maxDepth bounds how deep the values of an answer may nest; a schema asks for 3.
const maxDepth = 16

// unique reports objects in value that have a key twice. value is valid JSON.
func unique(value json.RawMessage) error {
	dec := json.NewDecoder(strings.NewReader(string(value)))
	dec.UseNumber() // what a number is worth is for its reader to say
	var open []*level
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var in *level
		if len(open) > 0 {
			in = open[len(open)-1]
		}
		if key, ok := t.(string); ok && in.expectsKey() {
			if in.keys[key] {
				return errDuplicate
			}
			in.keys[key], in.value = true, true
			continue
		}
		if in != nil {
			in.value = false
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if len(open) == maxDepth {
				return fmt.Errorf("it nests deeper than %d levels", maxDepth)
			}
			next := &level{}
			if t == json.Delim('{') {
				next.keys = map[string]bool{}
			}
			open = append(open, next)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		}
	}
}

// A level is an object or array that is open; only an object has keys.
type level struct {
	keys  map[string]bool
	value bool // a key was read and its value is next
}

func (l *level) expectsKey() bool { return l != nil && l.keys != nil && !l.value }

func missing(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

func stringOf(raw json.RawMessage) (string, bool) {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", false
	}
	return s, true
}

// integerOf reads an integer as it is written: 1.0 and 1e0 are none.
func integerOf(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil
}
