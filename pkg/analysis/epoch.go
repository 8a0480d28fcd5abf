package analysis

import (
	"cmp"
	"slices"
	"strconv"
	"sync"

	"github.com/lokalyst/lokalyst/pkg/verdict"
)

// Bounds of a dictionary. A window's patterns come and go, so a dictionary that lasts
// defines more of them than one window has.
const (
	maxDefinitions     = 2 * maxDictionary
	maxDefinitionBytes = 8 << 10
)

// An epoch is the time in which a group's dictionary is only ever appended to, so that
// every prompt begins like the one before and the model server computes only what is
// new. When it begins, what the window shows is defined in the order of first lines;
// a pattern seen later is appended. When the dictionary is full, a new epoch begins.
type epoch struct {
	mu          sync.Mutex
	definitions []definition
	ids         map[string]string // by text
	bytes       int
	limit       int // of bytes
	next        int
	// written are the texts that were masked, by what they were.
	written map[written]string
	// sizes are what was told of each pattern's count last, by text.
	sizes map[string]int
}

// written is a text that was masked, with its limit.
type written struct {
	key, text string
	limit     int
}

// maxWritten bounds the texts that are remembered masked: with the names of services, those of a window.
const maxWritten = 2 * maxDictionary

// remembered returns a writer that remembers what write wrote: windows that follow each
// other show the same patterns. key is the secret that pseudonyms are made with.
func (e *epoch) remembered(key []byte, write writer) writer {
	return func(s string, limit int) string {
		w := written{string(key), s, limit}
		e.mu.Lock()
		text, ok := e.written[w]
		e.mu.Unlock()
		if ok {
			return text
		}
		text = write(s, limit)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.written == nil || len(e.written) >= maxWritten {
			e.written = map[written]string{}
		}
		e.written[w] = text
		return text
	}
}

// epoch returns the epoch of a series of questions.
func (m *Memory) epoch(key verdict.Key) *epoch {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.epochs.Get(key)
	if !ok {
		e = &epoch{}
		m.epochs.Add(key, e)
	}
	return e
}

// define gives the members of a window, which are ordered by rank, their ids, and
// returns the dictionary that defines them and the entries in its order.
func (e *epoch) define(members []entry) (dictionary []definition, entries []entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	fresh := e.missing(members)
	size := 0
	for _, m := range fresh {
		size += len(m.text)
	}
	begins := len(e.definitions) == 0
	if len(fresh) > 0 && !begins && (len(e.definitions)+len(fresh) > maxDefinitions || e.bytes+size > e.limit) {
		e.definitions, e.ids, e.bytes, e.next = nil, nil, 0, 0
		begins = true
	}
	dictionary, entries = e.number(members)
	if begins {
		e.limit = max(maxDefinitionBytes, e.bytes*3/2) // long templates need room for later ones, too
	}
	return dictionary, entries
}

// number gives the members ids, new ones to those that are not defined. The caller
// holds the lock.
func (e *epoch) number(members []entry) (dictionary []definition, entries []entry) {
	if e.ids == nil {
		e.ids = map[string]string{}
	}
	sizes := make(map[string]int, len(members))
	fresh := e.missing(members)
	slices.SortFunc(fresh, func(a, b entry) int { return cmp.Compare(a.index, b.index) })
	for _, m := range fresh {
		e.next++
		d := definition{id: "p" + strconv.Itoa(e.next), text: m.text}
		e.definitions = append(e.definitions, d)
		e.ids[m.text] = d.id
		e.bytes += len(m.text)
	}
	at := make(map[string]int, len(e.definitions))
	for i, d := range e.definitions {
		at[d.id] = i
	}
	entries = slices.Clone(members)
	for i := range entries {
		m := &entries[i]
		m.id = e.ids[m.text]
		if before, ok := e.sizes[m.text]; ok && m.series == "" {
			m.size = sticky(before, m.count)
		}
		sizes[m.text] = m.size
	}
	e.sizes = sizes
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(at[a.id], at[b.id]) })
	return slices.Clone(e.definitions), slices.CompactFunc(entries, func(a, b entry) bool { return a.id == b.id })
}

// missing returns the members that are not defined, each text once.
func (e *epoch) missing(members []entry) []entry {
	var out []entry
	seen := map[string]bool{}
	for _, m := range members {
		if _, ok := e.ids[m.text]; !ok && !seen[m.text] {
			seen[m.text] = true
			out = append(out, m)
		}
	}
	return out
}
