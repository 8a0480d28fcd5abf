package adversary

import (
	"encoding/json"
	"regexp"
	"strings"
)

// lokiLevel is the level that Loki 3.7 detects in a line as its documentation of
// detected_level says: a field of JSON or logfmt, else the first name of a level that
// stands as a word, wherever that is. Whoever can write into a line can therefore write its
// level.
func lokiLevel(line string) string {
	if trimmed := strings.TrimSpace(line); strings.HasPrefix(trimmed, "{") {
		var fields map[string]any
		if json.Unmarshal([]byte(trimmed), &fields) == nil {
			for _, name := range []string{"level", "severity", "lvl"} {
				if v, ok := fields[name].(string); ok && levelOfName(v) != "" {
					return levelOfName(v)
				}
			}
		}
	} else if m := levelField.FindStringSubmatch(line); m != nil && levelOfName(m[1]) != "" {
		return levelOfName(m[1])
	}
	if m := levelWord.FindStringSubmatch(line); m != nil {
		return levelOfName(m[1])
	}
	return ""
}

var (
	levelField = regexp.MustCompile(`(?i)(?:^|\s)(?:level|severity|lvl)="?([a-z]+)`)
	levelWord  = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_])(trace|debug|fatal|critical|error|err|warning|warn|info)(?:[^a-z0-9_]|$)`)
)

// levelOfName is Loki's name of a level.
func levelOfName(s string) string {
	switch s = strings.ToLower(s); s {
	case "err":
		return "error"
	case "warning":
		return "warn"
	case "trace", "debug", "info", "warn", "error", "critical", "fatal":
		return s
	}
	return ""
}
