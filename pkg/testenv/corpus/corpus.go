// Package corpus makes logs for measuring: a million lines and more of which no two are equal, from over a thousand log
// statements in the formats that programs in a cluster print, each line with the number of its statement; and the times
// at which the lines of a busy system happen and arrive. Everything comes from a seed.
package corpus

import (
	"math"
	"math/rand/v2"
	"sort"
	"strings"
	"time"
)

// A Line says where a line comes from.
type Line struct {
	// Statement is the number of the log statement, from 0 to [Statements]-1: the truth against which a grouping of
	// lines is compared.
	Statement int
	// Service is the number of the program, from 0 to len([Services]())-1.
	Service int
	// Level is debug, info, warn or error.
	Level string
}

// Services returns the names of the programs.
func Services() []string {
	var names []string
	for _, s := range services() {
		names = append(names, s.name)
	}
	return names
}

// A Generator makes one corpus. It is not safe for concurrent use.
type Generator struct {
	values     values
	services   []service
	statements []statement
	upTo       []float64 // the share of lines of the statements up to each number
	seed       uint64
	next       time.Time // of the next line
	counter    uint64
	message    []byte
}

// New returns a generator whose lines depend on the seed alone. The statements are the same for every seed.
func New(seed uint64) *Generator {
	g := &Generator{
		values: values{
			r:        rand.New(rand.NewPCG(seed, 0x10ca1)), //nolint:gosec // the same lines each time
			segments: strings.Fields(segmentWords), titles: strings.Fields(titleWords),
		},
		services: services(), seed: seed, next: Start(),
	}
	g.statements = catalogue(g.services)
	total := 0.0
	for k := range g.statements {
		total += math.Pow(float64(k+1), -zipf)
		g.upTo = append(g.upTo, total)
	}
	return g
}

// Start is the time of a corpus's first line. Each line is a millisecond later than the one before.
func Start() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

// Next appends one more line to buf and says where it comes from. A line is shorter than 512 bytes and has no line break.
func (g *Generator) Next(buf []byte) ([]byte, Line) {
	at := g.values.r.Float64() * g.upTo[len(g.upTo)-1]
	k := sort.SearchFloat64s(g.upTo, at)
	s := &g.statements[k]
	// Adding an odd number and an exclusive or lose nothing, so this is different for each line.
	g.counter += 0x9e3779b97f4a7c15
	g.values.unique = g.counter ^ g.seed
	g.values.now = g.next.Add(time.Duration(g.values.r.IntN(1000)) * time.Microsecond)
	g.next = g.next.Add(time.Millisecond)
	return g.render(buf, s), Line{Statement: k, Service: s.service, Level: levelNames()[s.level]}
}

// Lines returns the first n lines of the corpus of a seed. For many lines, a [Generator] needs less memory.
func Lines(n int, seed uint64) []string {
	g := New(seed)
	out := make([]string, n)
	var buf []byte
	for i := range out {
		buf, _ = g.Next(buf[:0])
		out[i] = string(buf)
	}
	return out
}
