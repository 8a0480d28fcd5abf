package rules

import "strings"

// syslogHead is what syslog and journalctl print in front of a message; its group is the
// identifier.
var syslogHead = mustAnchored(`^(?:<\d{1,3}>)?(?:\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+Z-]+) [\w.:-]+ ([\w./@-]+)(?:\([\w:-]+\))?(?:\[\d+\])?: `)

// The parts that stand in front of a message. Each is tried where the one before ended.
var prefixParts = []*anchored{
	syslogHead,
	mustAnchored(`^<\d{1,3}>(?:\d )?`),
	mustAnchored(`^\[[^\]\n]{0,80}\]:?`),
	mustAnchored(`^\d{4}[-/.]\d\d[-/.]\d\d(?:[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[A-Z]{3,4}\b|[+-]\d\d:?\d\d))?)?`),
	mustAnchored(`^\d\d:\d\d:\d\d(?:[.,]\d+)?`),
	mustAnchored(`^\w{3} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?`),
	mustAnchored(`^\d\d? \w{3} \d{4} \d\d:\d\d:\d\d(?:\.\d+)?`),
	mustAnchored(`^(?:stdout|stderr) [FP] `),
	mustAnchored(`^[IWEFD]\d{4} [\d:.]+ +\d+ [\w./-]+:\d+\]`),
	mustAnchored(`^\d{10,19}(?:\.\d+)? `),
	mustAnchored(`^\d+:[XCSM] `),
	mustAnchored(`^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]+:`),
	mustAnchored(`^[\w.]+:[\w.]+:\d+ `),
	mustAnchored(`(?i)^[[(<]?(?:trace|debug|info|information|notice|warn|warning|error|err|eror|severe|fatal|critical|crit|alert|emerg|panic|log|stderr|stdout|dbug|fail)\d?[\])>]?(?:\b|$):?`),
	mustAnchored(`^\([^)\n]{0,60}\):?`),
	mustAnchored(`^\d{1,7}(?:#\d+)?:? `),
	mustAnchored(`^[A-Za-z_][\w.$/<>-]{0,80}(?:\[\d+\])?(?::\d+)? (?:- |: )`),
	mustAnchored(`^(?:[A-Za-z_][\w$-]*(?:[./][\w$-]+)+|[A-Za-z]\w*[a-z][A-Z]\w*|[A-Za-z_][\w-]*\[\d+\])(?::\d+)?: `),
	mustAnchored(`^(?:--- |[-–|*#•] ?|: )`),
	mustAnchored(`^[A-Za-z_][\w$-]*(?:[./][\w$-]+)+(?::\d+)?(?: +|\t)`),
	mustAnchored(`^Exception in thread "[^"]{0,80}" `),
	mustAnchored(`^Caused by: `),
}

// maxPrefixParts bounds how many parts a prefix has.
const maxPrefixParts = 14

// messageStarts returns where in a line its message may begin, in rising order: at its
// beginning, and behind each part of what logging libraries print in front.
func messageStarts(line string) []int {
	out := []int{0}
	at := 0
	for range maxPrefixParts {
		from := at
		for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
			at++
		}
		if at < len(line) && line[at] == 0x1b {
			at = skipEscape(line, at)
		}
		if at == from {
			at = prefixPart(line, at)
		}
		if at == from {
			break
		}
		if out[len(out)-1] != at {
			out = append(out, at)
		}
	}
	return out
}

func prefixPart(line string, at int) int {
	rest := line[at:]
	if rest == "" || strings.HasPrefix(rest, "{") {
		return at
	}
	for _, p := range prefixParts {
		if !p.possible(rest) {
			continue
		}
		if loc := p.FindStringIndex(rest); loc != nil && loc[1] > 0 {
			return at + loc[1]
		}
	}
	return at
}
