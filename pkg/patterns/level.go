package patterns

import "strings"

// Level is the severity that a log line states of itself.
type Level uint8

// The levels, from the least to the most severe. LevelUnknown is a line that
// states none.
const (
	LevelUnknown Level = iota
	LevelTrace
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
	LevelFatal
	levelCount
)

var levelNames = [levelCount]string{"unknown", "trace", "debug", "info", "warn", "error", "fatal"}

// String returns the lower-case name that Grafana colours log lines by.
func (l Level) String() string {
	if l >= levelCount {
		return levelNames[LevelUnknown]
	}
	return levelNames[l]
}

// ErrorLike reports whether the level states a failure.
func (l Level) ErrorLike() bool { return l >= LevelError }

// ParseLevel reads a level's name as Loki writes it into detected_level and as
// log libraries print it. Unknown names are LevelUnknown.
func ParseLevel(s string) Level {
	if len(s) > len("information") {
		return LevelUnknown
	}
	switch strings.ToLower(s) {
	case "trace", "trc", "trce":
		return LevelTrace
	case "debug", "dbg", "dbug", "d":
		return LevelDebug
	case "info", "inf", "i", "information", "notice":
		return LevelInfo
	case "warn", "warning", "wrn", "w":
		return LevelWarn
	case "error", "err", "eror", "erro", "fail", "severe", "e":
		return LevelError
	case "fatal", "critical", "crit", "panic", "emerg", "emergency", "alert", "f":
		return LevelFatal
	}
	return LevelUnknown
}

// levelScan bounds how many bytes of a line DetectLevel reads: log libraries
// state the level in front of the message.
const levelScan = 160

// DetectLevel finds the level that a line states, for lines that Loki attached
// none to. A level's name among the first 160 bytes counts where it is written
// as log libraries write it: in capitals, after '=', '"' or '[', before ':' or
// as the line's first word. In the middle of prose it is only a word. klog's
// one-letter prefix ("E0102 ") counts too.
func DetectLevel(line string) Level {
	if klogHead(line) {
		return ParseLevel(line[:1])
	}
	if len(line) > levelScan {
		line = line[:levelScan]
	}
	for i := 0; i < len(line); {
		if line[i] == 0x1b {
			i = skipEscape([]byte(line), i)
			continue
		}
		if !isLetter(line[i]) {
			i++
			continue
		}
		j := i
		for j < len(line) && isLetter(line[j]) {
			j++
		}
		if j-i > 2 && statesLevel(line, i, j) {
			if l := ParseLevel(line[i:j]); l != LevelUnknown {
				return l
			}
		}
		i = j
	}
	return LevelUnknown
}

// statesLevel reports whether the word line[i:j] stands where a level stands.
func statesLevel(line string, i, j int) bool {
	if j < len(line) && (line[j] == '_' || line[j] == '-' || line[j] == '.' || line[j] == '/' || line[j] == '=' || isDigit(line[j])) {
		return false // a part of an identifier or a count, as in error_count or errors=0
	}
	if strings.HasPrefix(line[j:], `":`) {
		return false // the key of a JSON field
	}
	if strings.EqualFold(line[i:j], "fail") && i > 0 {
		return false // .NET's level stands in front; elsewhere it is a verb
	}
	if i == 0 || line[i-1] == 'm' || line[i-1] == '=' || line[i-1] == '"' || line[i-1] == '[' || line[i-1] == '<' || (j < len(line) && line[j] == ':') {
		return true
	}
	if line[i-1] == '_' || line[i-1] == '-' || line[i-1] == '.' || line[i-1] == '/' || isDigit(line[i-1]) {
		return false
	}
	for k := i; k < j; k++ {
		if line[k] > 'Z' {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isHex(c byte) bool    { return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'f') }
