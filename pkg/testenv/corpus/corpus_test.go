package corpus

import (
	"encoding/json"
	"hash/maphash"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNoTwoLinesAreEqual(t *testing.T) {
	const n = 200_000
	g, seed := New(7), maphash.MakeSeed()
	seen := make(map[uint64]struct{}, n)
	statements := map[int]int{}
	levels := map[string]float64{}
	bytes := 0
	var buf []byte
	for range n {
		var l Line
		buf, l = g.Next(buf[:0])
		seen[maphash.Bytes(seed, buf)] = struct{}{}
		require.Less(t, len(buf), 512)
		bytes += len(buf)
		statements[l.Statement]++
		levels[l.Level] += 100.0 / n
	}
	require.Zero(t, n-len(seen), "lines that repeat another")
	require.InDelta(t, 120, bytes/n, 12)
	require.Len(t, statements, Statements)
	require.Greater(t, statements[0], 10*statements[100])
	require.InDelta(t, 74, levels["info"], 8)
	require.InDelta(t, 12, levels["debug"], 5)
	require.InDelta(t, 10, levels["warn"], 5)
	require.InDelta(t, 3, levels["error"], 2)
}

func TestTheSeedDecides(t *testing.T) {
	first, again := Lines(500, 3), Lines(500, 3)
	require.Equal(t, first, again)
	require.NotEqual(t, first, Lines(500, 4))
}

// words removes what values are made of.
func words(line string) []string {
	return regexp.MustCompile(`[A-Za-z]+`).FindAllString(line, -1)
}

func TestStatementsDifferInTwoWords(t *testing.T) {
	l := lists{objects: strings.Fields(objectWords), verbs: strings.Fields(verbWords), phases: strings.Fields(phaseWords)}
	for _, list := range [][]string{l.objects, l.verbs, l.phases} {
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(list))), len(list), "a word is there twice")
		require.LessOrEqual(t, len(list), len(l.phases))
	}
	all := catalogue(services())
	for i := range all {
		for j := range i {
			a, b := all[i], all[j]
			if a.object == "" || b.object == "" {
				continue // access logs have no words
			}
			same := 0
			for _, equal := range []bool{a.object == b.object, a.verb == b.verb, a.phase == b.phase} {
				if equal {
					same++
				}
			}
			if same > 1 {
				require.Fail(t, "too alike", "%+v and %+v", a, b)
			}
		}
	}
}

func TestEveryFormatIsThere(t *testing.T) {
	formats := map[format]*regexp.Regexp{
		plain:  regexp.MustCompile(`^2026-11-22T10:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARN|ERROR) \[[a-z-]+\] \S`),
		klog:   regexp.MustCompile(`^[IWE]1122 10:\d\d:\d\d\.\d{6}       1 [a-z]+\.go:\d+\] \S`),
		logfmt: regexp.MustCompile(`^ts=\S+ level=\w+ component=\S+ caller=\S+ msg="[^"]+"( \w+=(\S+|"[^"]*"))+$`),
		syslog: regexp.MustCompile(`^Nov 22 10:\d\d:\d\d node-\d [a-z]+\[\d+\]: \S`),
		log4j:  regexp.MustCompile(`^2026-11-22 10:\d\d:\d\d,\d{3} \[[a-z0-9-]+\] [A-Z]+ +org\.example\.[a-z]+\.[A-Z]\w+ - \S`),
		python: regexp.MustCompile(`^2026-11-22 10:\d\d:\d\d,\d{3} - [a-z.-]+ - [A-Z]+ - \S`),
		zap:    regexp.MustCompile(`^\S+Z\t[A-Z]+\t\S+\.go:\d+\t[^\t]+\t\{.+\}$`),
		ansi:   regexp.MustCompile(`^\x1b\[3\dm[A-Z]{4}\x1b\[0m\[\S+Z\] \S`),
		access: regexp.MustCompile(`^\S+\.example [\d.]+ - \S+ \[22/Nov/2026:\S+ \+0000\] "[A-Z]+ /\S+ HTTP/1\.1" \d{3} \d+ "-" "[^"]+" [0-9a-f]{16}$`),
	}
	g, seen, escaped := New(1), map[format]bool{}, false
	for range 20_000 {
		buf, l := g.Next(nil)
		f := services()[l.Service].format
		seen[f] = true
		if f == jsonLines {
			require.True(t, json.Valid(buf), "%s", buf)
			escaped = escaped || strings.Contains(string(buf), `\"`)
			continue
		}
		require.Regexp(t, formats[f], string(buf))
	}
	require.Len(t, seen, int(access)+1)
	require.True(t, escaped)
	require.Len(t, Services(), len(services()))
}

func TestTheNeedleSharesNoWordWithTheHay(t *testing.T) {
	hay := map[string]bool{}
	for _, l := range Lines(20_000, 1) {
		for _, w := range words(l) {
			hay[strings.ToLower(w)] = true
		}
	}
	shared := map[string]bool{"t": true, "z": true, "info": true, "the": true, "past": true, "its": true, "own": true}
	for seed := range uint64(50) {
		needle := Needle(seed)
		require.Equal(t, needle, Needle(seed))
		require.Regexp(t, `^\S+Z INFO \[orrery\] [a-z ]+$`, needle)
		for _, w := range words(needle) {
			w = strings.ToLower(w)
			require.False(t, hay[w] && !shared[w], w)
		}
	}
}

func TestArrivals(t *testing.T) {
	midnight := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	count := func(start time.Time) (lines int, late float64) {
		last := int64(0)
		for a := range Arrivals(5, start) {
			if a.Event >= start.Add(10*time.Minute).UnixNano() {
				return lines, late / float64(lines)
			}
			delay := time.Duration(a.Arrived - a.Event)
			if a.Event <= last || delay < 0 || delay >= MaxLate || (delay >= MaxDelay && delay < MinLate) {
				require.Fail(t, "a wrong arrival", "%+v after %d", a, last)
			}
			last = a.Event
			if delay >= MinLate {
				late++
			}
			lines++
		}
		return 0, 0
	}
	night, _ := count(midnight)
	noon, late := count(midnight.Add(12 * time.Hour))
	require.InEpsilon(t, 600*MeanRate*(1-RateSwing), night, 0.05)
	require.InEpsilon(t, 600*MeanRate*(1+RateSwing), noon, 0.05)
	require.InDelta(t, LateShare, late, 0.001)
}
