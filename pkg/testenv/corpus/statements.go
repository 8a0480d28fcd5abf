package corpus

import (
	"slices"
	"strings"
	"unicode"
)

// Statements is the number of different log statements of a corpus. Their numbers run from 0 in
// falling order of frequency.
const Statements = 1203

// zipf is the exponent of the statements' frequency: number k is as frequent as (k+1)^-zipf.
const zipf = 0.95

// A statement is one log statement in a made-up program's source.
type statement struct {
	service int
	level   int
	object  string
	verb    string
	phase   string
	cause   string // of a failure, else empty
	fields  []kind
}

// The levels, in the order of levelNames.
const (
	debug = iota
	info
	warn
	failure
)

func levelNames() [4]string { return [4]string{"debug", "info", "warn", "error"} }

// lists are the word lists, split.
type lists struct {
	objects, verbs, phases, causes []string
	services                       []service
}

// catalogue makes all statements. It takes no seed: number k is the same statement in every corpus.
func catalogue(all []service) []statement {
	l := lists{
		objects: strings.Fields(objectWords), verbs: strings.Fields(verbWords), phases: strings.Fields(phaseWords),
		causes: causes(), services: all,
	}
	out := make([]statement, Statements)
	accessLogs := map[int]int{1: len(all) - 3, 5: len(all) - 2, 17: len(all) - 1}
	for k := range out {
		if s, ok := accessLogs[k]; ok {
			out[k] = statement{service: s, level: info}
			continue
		}
		out[k] = l.statementAt(k)
	}
	return out
}

// statementAt makes the k-th statement. Pairs of object and verb are used once each, and the phase is
// a linear function of both modulo a prime that exceeds their counts, so any two statements differ in
// at least two of the three words.
func (l lists) statementAt(k int) statement {
	pair := k * 1009 % (len(l.objects) * len(l.verbs)) // neighbours in frequency share no word
	o, v := pair/len(l.verbs), pair%len(l.verbs)
	s := statement{
		service: k * 11 % (len(l.services) - 3),
		level:   levelOf(k), object: l.objects[o], verb: l.verbs[v], phase: l.phases[(5*o+3*v)%len(l.phases)],
	}
	if s.level == failure {
		s.cause = l.causes[k%len(l.causes)]
	}
	for i := range 1 + pair%5/3 {
		s.fields = append(s.fields, kind((pair/5+i*7)%int(kinds)))
	}
	if l.services[s.service].format == syslog && !slices.Contains(s.fields, hexadecimal) {
		s.fields = append(s.fields, hexadecimal) // its timestamp alone does not tell lines apart
	}
	return s
}

// levelOf gives about every seventh statement the level debug, every seventh warn and every
// thirteenth error, but none of the most frequent: a program that works prints information.
func levelOf(k int) int {
	switch {
	case k%7 == 3:
		return debug
	case k > 6 && k%7 == 5:
		return warn
	case k > 20 && k%13 == 6:
		return failure
	}
	return info
}

// message appends the statement's words, without its fields.
func (s *statement) message(b []byte) []byte {
	switch {
	case s.cause != "":
		b = append(b, s.object...)
		b = append(b, " could not be "...)
		b = append(b, s.verb...)
		b = append(b, " during "...)
		b = append(b, s.phase...)
		b = append(b, ": "...)
		return append(b, s.cause...)
	case s.level == warn:
		b = append(b, s.phase...)
		b = append(b, ": "...)
		b = append(b, s.object...)
		b = append(b, " was "...)
		b = append(b, s.verb...)
		return append(b, " late"...)
	case s.level == debug:
		b = append(b, capital(s.verb)...)
		b = append(b, ' ')
		b = append(b, s.object...)
	default:
		b = append(b, s.object...)
		b = append(b, ' ')
		b = append(b, s.verb...)
	}
	b = append(b, " during "...)
	return append(b, s.phase...)
}

func capital(word string) string {
	return string(unicode.ToUpper(rune(word[0]))) + word[1:]
}
