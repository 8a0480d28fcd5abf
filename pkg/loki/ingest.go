package loki

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/buger/jsonparser"
	"github.com/grafana/loki/v3/pkg/logql/log/logfmt"
)

// What Loki adds to lines when it takes them in, with the settings it ships with (v3.7,
// pkg/distributor and pkg/validation): for stores of lines that never were in a Loki.

// levelFields are the names that Loki looks for a level under, the first found counts.
func levelFields() []string {
	return []string{
		"level", "LEVEL", "Level", "log.level", "severity", "SEVERITY", "Severity", "SeverityText", "lvl", "LVL", "Lvl",
		"severity_text", "Severity_Text", "SEVERITY_TEXT",
	}
}

// levelDepth is how deep Loki looks for a level in a JSON object.
const levelDepth = 2

// DetectLevel returns the detected_level that Loki attaches to a line of a stream with
// these labels: that of a label, else of a field of JSON or logfmt, else the first name of
// a level that stands as a word anywhere in the line, else "unknown". A label's value that
// names no known level is taken as it is.
func DetectLevel(labels map[string]string, line string) string {
	for _, name := range levelFields() {
		if v, ok := labels[name]; ok {
			if l := levelNamed(v); l != "" {
				return l
			}
			return v
		}
	}
	field := ""
	switch trimmed := strings.TrimSpace(line); {
	case strings.HasPrefix(trimmed, "{") && strings.HasSuffix(trimmed, "}"):
		field = levelOfJSON([]byte(trimmed), 0)
	case strings.Contains(line, "="):
		field = levelOfLogfmt([]byte(line))
	}
	if l := levelNamed(field); l != "" {
		return l
	}
	return levelWord(line)
}

// levelNamed returns Loki's name of a level, empty for a word that names none.
func levelNamed(word string) string {
	if len(word) > len("information") {
		return ""
	}
	switch word = strings.ToLower(word); word {
	case "trace", "debug", "info", "warn", "error", "critical", "fatal":
		return word
	case "trc":
		return "trace"
	case "dbg":
		return "debug"
	case "inf", "information":
		return "info"
	case "wrn", "warning":
		return "warn"
	case "err":
		return "error"
	}
	return ""
}

var errLevelFound = errors.New("the level is found")

// levelOfJSON returns the first text under a name of a level, in the order of the object.
func levelOfJSON(object []byte, depth int) (level string) {
	if depth == levelDepth {
		return ""
	}
	// What is broken behind the level does not matter, and what is broken before has none.
	_ = jsonparser.ObjectEach(object, func(key, value []byte, kind jsonparser.ValueType, _ int) error {
		switch kind {
		case jsonparser.String:
			if slices.Contains(levelFields(), string(key)) {
				level = string(value)
				return errLevelFound
			}
		case jsonparser.Object:
			if level = levelOfJSON(value, depth+1); level != "" {
				return errLevelFound
			}
		}
		return nil
	})
	return level
}

// levelOfLogfmt returns the value under the best of the names, whatever their case.
func levelOfLogfmt(line []byte) string {
	fields := levelFields()
	best, level := len(fields), ""
	d := logfmt.NewDecoder(line)
	for !d.EOL() && d.ScanKeyval() {
		for i, f := range fields[:best] {
			if bytes.EqualFold(d.Key(), []byte(f)) {
				best, level = i, string(d.Value())
				break
			}
		}
		if best == 0 {
			break
		}
	}
	return level
}

// levelWord returns the first name of a level that stands as a word, "unknown" where
// there is none. A colon before it makes it a part of a name, one behind it does not.
func levelWord(line string) string {
	for i := 0; i < len(line); i++ {
		if i > 0 && strings.IndexByte(" \t\n[({\"=", line[i-1]) < 0 {
			continue
		}
		j := i
		for j < len(line) && line[j]|0x20 >= 'a' && line[j]|0x20 <= 'z' {
			j++
		}
		if j-i < len("err") || j-i > len("critical") || (j < len(line) && strings.IndexByte(" \t\n[](){}:,!\"=", line[j]) < 0) {
			continue
		}
		switch word := strings.ToLower(line[i:j]); word {
		case "trace", "debug", "fatal", "critical", "error", "err", "warning", "warn", "info":
			return levelNamed(word)
		}
	}
	return "unknown"
}

// ServiceName returns the service_name that Loki gives a stream with these labels: the one
// it has, else the value of the first label that names a service, else "unknown_service".
func ServiceName(labels map[string]string) string {
	for _, name := range []string{
		labelService, "service", "app", "application", "app_name", "name", "app_kubernetes_io_name", "container", "container_name",
		"k8s_container_name", "component", "workload", "job", "k8s_job_name",
	} {
		if v := labels[name]; v != "" {
			return v
		}
	}
	return "unknown_service"
}
