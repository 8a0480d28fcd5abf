package analysis

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// An Event is a Kubernetes event as a collector stored it.
type Event struct {
	// Time is in Unix nanoseconds.
	Time int64
	// Namespace, Kind and Name are those of the object that it is about; Namespace is
	// empty for objects outside of namespaces.
	Namespace, Kind, Name string
	Reason, Message       string
	// Warning tells a warning from an event of type Normal.
	Warning bool
	// Count is how often the event had occurred until then, 0 where that is not told.
	Count int
	// Host is the node that it was told from.
	Host string
}

const (
	maxEventMessage = 1024
	// maxEventFields is how many fields of a line are looked at; collectors write 14.
	maxEventFields = 64
)

// wireEvent is an event in JSON: the flat fields are Alloy's, the others those of
// Kubernetes' own type, which eventrouter wraps in an object with the verb.
type wireEvent struct {
	Name, Kind, Msg, SourceHost string
	Reason, Type, Message       string
	Count                       int
	InvolvedObject              struct{ Namespace, Kind, Name string }
	Source                      struct{ Host string }
	Event                       *wireEvent
}

// parseEvent reads one line, in logfmt or JSON as Alloy writes it, or as the JSON that
// eventrouter and kubernetes-event-exporter print. It is false where the line is no
// event. Time is left to the caller.
func parseEvent(labels map[string]string, line []byte) (Event, bool) {
	var w wireEvent
	if line = bytes.TrimSpace(line); bytes.HasPrefix(line, []byte("{")) {
		if json.Unmarshal(line, &w) != nil {
			return Event{}, false
		}
		if w.Event != nil {
			w = *w.Event
		}
	} else {
		f := logfmtFields(string(line))
		w = wireEvent{Name: f["name"], Kind: f["kind"], Msg: f["msg"], SourceHost: f["sourcehost"], Reason: f["reason"], Type: f["type"]}
		w.Count, _ = strconv.Atoi(f["count"]) // absent where it is not told
	}
	e := Event{
		Namespace: namespaceOf(labels), Kind: w.Kind, Name: w.Name, Reason: w.Reason, Count: max(0, w.Count), Host: w.SourceHost,
		Message: strings.TrimPrefix(w.Msg, "(combined from similar events): "), Warning: w.Type != "" && w.Type != "Normal",
	}
	if o := w.InvolvedObject; o.Name != "" {
		e.Namespace, e.Kind, e.Name, e.Message, e.Host = o.Namespace, o.Kind, o.Name, w.Message, w.Source.Host
	}
	if len(e.Message) > maxEventMessage {
		e.Message = strings.ToValidUTF8(e.Message[:maxEventMessage], "")
	}
	return e, e.Name != "" && e.Reason != ""
}

// logfmtFields splits a line of key=value pairs. Alloy quotes the message alone, as Go
// does and logfmt libraries do not read, and leaves a space in any other value as it
// is: a word without = goes on with the value before it.
func logfmtFields(s string) map[string]string {
	fields := map[string]string{}
	last := ""
	for len(fields) < maxEventFields {
		key, rest, ok := strings.Cut(s, "=")
		if i := strings.LastIndexByte(key, ' '); i >= 0 && ok {
			if more := strings.TrimSpace(key[:i]); more != "" && last != "" {
				fields[last] += " " + more
			}
			key = key[i+1:]
		}
		if !ok {
			break
		}
		last = key
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			fields[key], _ = strconv.Unquote(quoted) // its form was just checked
			s = rest[len(quoted):]
			continue
		}
		if strings.HasPrefix(rest, `"`) { // quoted in another way: no field stands behind the message
			fields[key] = strings.Trim(rest, `" `)
			break
		}
		fields[key], s, _ = strings.Cut(rest, " ")
		s = " " + s
	}
	return fields
}
