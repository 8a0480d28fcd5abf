package adversary

import "github.com/lokalyst/lokalyst/pkg/loki"

// lokiLevel is the level that Loki detects in a line, empty where it finds none. Whoever
// can write into a line can write its level.
func lokiLevel(line string) string {
	if l := loki.DetectLevel(nil, line); l != "unknown" {
		return l
	}
	return ""
}
