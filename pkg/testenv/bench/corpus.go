package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lokalyst/lokalyst/pkg/testenv/corpus"
)

// corpusLoki answers Loki's /query_range and /series from a corpus whose lines are spread evenly over a window, as an
// [http.Handler] or as an [http.RoundTripper]. Replies are rendered before, so that serving one is little more than
// copying it, and they lie outside of Go's heap, so that they change neither its size nor the pace of the garbage
// collector. It is safe for concurrent use.
//
// A stream is one service of the corpus, with the label app. Any log query selects all lines: matchers and filters have
// no effect. A query that begins with "sum" counts lines by the labels that it names, of which app and detected_level
// exist.
type corpusLoki struct {
	start, step int64 // Unix nanoseconds
	n           int

	text    []byte // the entries as they stand in a reply, each after a comma
	ends    []byte // where each entry ends, in four bytes
	streams []byte // the number of each entry's stream
	levels  []byte // the number of each entry's level
	names   []string
	heads   [][]byte // how each stream begins in a reply, after a comma

	mu       sync.Mutex
	requests []*url.URL
}

const (
	// maxEntry bounds the rendering of an entry: a line of 511 bytes that are all escaped, and what is around it.
	maxEntry = 6*512 + 128
	// meanEntry is more than the mean rendering of an entry.
	meanEntry = 320
	// perLine is what the index holds of one entry.
	perLine = 6
)

// corpusSeed is the seed of the corpus that is served.
const corpusSeed = 1

func levelNames() []string { return []string{"debug", "info", "warn", "error"} }

// newCorpusLoki makes a server of the first n lines of a corpus, evenly spread over [start, end). The lines of needles
// take the place of those with their number; they belong to the first stream and have the level info. Close frees it.
func newCorpusLoki(n int, start, end time.Time, needles map[int]string) (*corpusLoki, error) {
	step := end.Sub(start).Nanoseconds() / int64(n)
	size := n*meanEntry + maxEntry
	if step == 0 || size > math.MaxUint32 {
		return nil, fmt.Errorf("%d lines are too many", n)
	}
	// What is not written takes no memory.
	all, err := syscall.Mmap(-1, 0, size+n*perLine, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	index := all[size:]
	l := &corpusLoki{
		start: start.UnixNano(), step: step, n: n, names: corpus.Services(),
		text: all, ends: index[:4*n], streams: index[4*n : 5*n], levels: index[5*n:],
	}
	for _, name := range l.names {
		l.heads = append(l.heads, fmt.Appendf(nil, `,{"stream":{"app":%q,"cluster":"bench","namespace":"corpus"},"values":[`, name))
	}
	level := map[string]byte{"debug": 0, "info": 1, "warn": 2, "error": 3} // as in levelNames
	g := corpus.New(corpusSeed)
	var line []byte
	for i, used := 0, 0; i < n; i++ {
		if size-used < maxEntry {
			_ = l.Close() // the error below tells more
			return nil, fmt.Errorf("the lines of seed %d are longer than expected", corpusSeed)
		}
		var from corpus.Line
		line, from = g.Next(line[:0])
		if needle, ok := needles[i]; ok {
			line, from = append(line[:0], needle...), corpus.Line{Level: "info"}
		}
		used = len(appendEntry(all[:used], l.at(i), line, from.Level))
		binary.LittleEndian.PutUint32(l.ends[4*i:], uint32(used))         //nolint:gosec // at most size, which was compared
		l.streams[i], l.levels[i] = byte(from.Service), level[from.Level] //nolint:gosec // a corpus has few services
	}
	return l, nil
}

// appendEntry renders an entry as Loki does, which escapes the characters of HTML.
func appendEntry(b []byte, ns int64, line []byte, level string) []byte {
	b = append(b, `,["`...)
	b = strconv.AppendInt(b, ns, 10)
	b = append(b, `",`...)
	text, _ := json.Marshal(string(line)) // a string always marshals
	b = append(b, text...)
	b = append(b, `,{"structuredMetadata":{"detected_level":"`...)
	b = append(b, level...)
	return append(b, `"}}]`...)
}

// Close frees the memory. No reply may be read any more.
func (l *corpusLoki) Close() error { return syscall.Munmap(l.text) }

// at is the time of line i.
func (l *corpusLoki) at(i int) int64 { return l.start + int64(i)*l.step }

// first is the number of the first line that is not before t, n where there is none.
func (l *corpusLoki) first(t int64) int {
	i := (t - l.start + l.step - 1) / l.step
	if t <= l.start {
		i = 0
	}
	return int(min(i, int64(l.n)))
}

// entry is the rendering of line i without its comma.
func (l *corpusLoki) entry(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = binary.LittleEndian.Uint32(l.ends[4*(i-1):])
	}
	return l.text[from+1 : binary.LittleEndian.Uint32(l.ends[4*i:])]
}

// asked returns the requests since the last call.
func (l *corpusLoki) asked() []*url.URL {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.requests
	l.requests = nil
	return out
}
