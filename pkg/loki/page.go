package loki

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
)

// A page holds the entries of one reply: their text back to back and 24 bytes
// each. It is used again for the next reply.
type page struct {
	text    []byte
	entries []held
	// runs are the pieces of entries that are in order already, in most replies one
	// for each stream.
	runs    []run
	streams []*Stream
	labels  labelSets
	// known are the streams by their JSON.
	known map[string]*Stream
}

// held is an entry without its text, which is text[from:from+length].
type held struct {
	time         int64
	from, length uint32
	stream       uint32 // index of page.streams
	labels       uint32 // number of a label set in the upper 24 bits, of a level in the lower 8
}

// run is entries[next:end].
type run struct{ next, end int }

// maxKnownStreams bounds the streams that are kept from page to page.
const maxKnownStreams = 4096

func newPage(wanted []string) *page {
	return &page{labels: newLabelSets(wanted), known: map[string]*Stream{}}
}

func (p *page) clear() {
	p.text, p.entries, p.runs = p.text[:0], p.entries[:0], p.runs[:0]
	clear(p.streams) // or the page would keep them from the garbage collector
	p.streams = p.streams[:0]
	p.labels.forget()
	p.labels.trim()
	if len(p.known) > maxKnownStreams {
		clear(p.known)
	}
}

// read decodes a log reply into the page.
func (p *page) read(s *scanner, r io.Reader, limit int64) error {
	p.clear()
	s.reset(r, limit)
	return s.reply("streams", func() error {
		begun := false
		return s.object(func(key []byte) error {
			switch string(key) {
			case "stream":
				begun = true
				return p.stream(s)
			case "values":
				if !begun {
					return fmt.Errorf("%w: values before their stream", errSyntax)
				}
				return p.values(s)
			}
			return s.skip(0)
		})
	})
}

// stream reads the labels of a stream.
func (p *page) stream(s *scanner) error {
	if _, err := s.peek(); err != nil {
		return err
	}
	raw := object(s.buf[s.pos:s.end])
	for raw == nil && !s.full() {
		if err := s.fill(); err != nil {
			return err
		}
		raw = object(s.buf[s.pos:s.end])
	}
	st := p.known[string(raw)]
	if st == nil {
		name := string(raw) // reading on may move the buffer
		labels, err := s.labels()
		if err != nil {
			return err
		}
		// A server that does not know categorize-labels mixes it in here.
		if p.labels.wanted([]byte(levelLabel)) < 0 {
			delete(labels, levelLabel)
		}
		st = NewStream(labels)
		if name != "" {
			p.known[name] = st
		}
	} else {
		s.pos += len(raw)
	}
	p.streams = append(p.streams, st)
	return nil
}

// object returns the flat JSON object that b begins with, nil where b does not hold
// all of it.
func object(b []byte) []byte {
	for i := 0; i < len(b); {
		switch b[i] {
		case '}':
			return b[:i+1]
		case '"':
			n := skipString(b[i+1:])
			if n == 0 {
				return nil
			}
			i += n
		}
		i++
	}
	return nil
}

// skipString returns the length of the string that b begins with behind its opening
// quote, with its closing quote; 0 where b does not hold all of it.
func skipString(b []byte) int {
	q := bytes.IndexByte(b, '"')
	if q < 0 || bytes.IndexByte(b[:q], '\\') < 0 {
		return q + 1
	}
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return 0
}

// values reads the entries of a stream.
func (p *page) values(s *scanner) error {
	if err := s.expect('['); err != nil {
		return err
	}
	for first := true; ; {
		n, short := p.fast(s.buf[s.pos:s.end], first)
		s.pos += n
		first = first && n == 0
		if short && !s.full() {
			if err := s.fill(); err != nil {
				return err
			}
			continue
		}
		ok, err := s.more(first, ']')
		if err != nil || !ok {
			return err
		}
		if err := p.entry(s); err != nil {
			return err
		}
		first = false
	}
}

// entry reads ["<ns>","<line>",{"structuredMetadata":{…},"parsed":{…}}] in any form
// that JSON allows.
func (p *page) entry(s *scanner) error {
	h := held{}
	from, n := len(p.text), 0
	err := s.array(func(i int) error {
		n = i + 1
		switch i {
		case 0:
			text, err := s.str()
			if err != nil {
				return err
			}
			h.time, err = strconv.ParseInt(string(text), 10, 64)
			if err != nil {
				return fmt.Errorf("%w: timestamp %q", errSyntax, text)
			}
			return nil
		case 1:
			var err error
			p.text, err = s.appendString(p.text)
			return err
		case 2:
			return s.object(func([]byte) error {
				return s.object(func(key []byte) error { return p.extra(s, key, &h) })
			})
		}
		return s.skip(0)
	})
	if err == nil && n < 2 {
		err = fmt.Errorf("%w: an entry without a line", errSyntax)
	}
	if err == nil {
		p.add(h, from)
	}
	return err
}

// extra reads one pair of structured metadata or parsed labels.
func (p *page) extra(s *scanner, key []byte, h *held) error {
	at, isLevel := p.labels.wanted(key), string(key) == levelLabel
	if at < 0 && !isLevel {
		return s.skip(0)
	}
	v, err := s.str()
	if err != nil {
		return err
	}
	if isLevel {
		h.labels = uint32(p.labels.level(v))
	}
	if at >= 0 {
		p.labels.set(at, v)
	}
	return nil
}

// add completes an entry, whose text lies behind from.
func (p *page) add(h held, from int) {
	h.from, h.length = uint32(from), uint32(len(p.text)-from) //nolint:gosec // Options.MaxBytes is bounded
	h.stream = uint32(len(p.streams) - 1)                     //nolint:gosec // no more streams than bytes
	h.labels |= p.labels.take() << 8
	n := len(p.entries)
	p.entries = append(p.entries, h)
	if n == 0 || (p.entries[n-1].time >= h.time && p.compare(&p.entries[n-1], &p.entries[n]) > 0) {
		p.runs = append(p.runs, run{next: n})
	}
	p.runs[len(p.runs)-1].end = n + 1
}

func (p *page) line(h *held) []byte {
	return p.text[h.from : h.from+h.length : h.from+h.length]
}

// compare orders entries by time, stream and line.
func (p *page) compare(a, b *held) int {
	if a.time != b.time {
		return cmp.Compare(a.time, b.time)
	}
	if a.stream != b.stream {
		if c := cmp.Compare(p.streams[a.stream].Key, p.streams[b.stream].Key); c != 0 {
			return c
		}
	}
	return bytes.Compare(p.line(a), p.line(b))
}

// bounds returns the first and the last time of a page that is not empty.
func (p *page) bounds() (first, last int64) {
	first, last = p.entries[p.runs[0].next].time, p.entries[p.runs[0].end-1].time
	for _, r := range p.runs[1:] {
		first, last = min(first, p.entries[r.next].time), max(last, p.entries[r.end-1].time)
	}
	return first, last
}

// each passes up to limit entries before the time until to fn, in order, and
// returns how many there were. It uses the page up.
func (p *page) each(until, limit int64, fn func(Entry)) (n int64) {
	for i := len(p.runs)/2 - 1; i >= 0; i-- {
		p.sink(i)
	}
	for ; n < limit && len(p.runs) > 0; n++ {
		h := &p.entries[p.runs[0].next]
		if h.time >= until {
			break
		}
		fn(Entry{
			Time: h.time, Stream: p.streams[h.stream], Line: p.line(h),
			Level: p.labels.levelText(uint8(h.labels)), Labels: p.labels.sets[h.labels>>8], //nolint:gosec // the lower 8 bits are meant
		})
		if p.runs[0].next++; p.runs[0].next == p.runs[0].end {
			last := len(p.runs) - 1
			p.runs[0] = p.runs[last]
			p.runs = p.runs[:last]
		}
		p.sink(0)
	}
	return n
}

// sink restores the heap of runs below i: the run with the first entry is runs[0].
func (p *page) sink(i int) {
	for {
		least := 2*i + 1
		if least >= len(p.runs) {
			return
		}
		if right := least + 1; right < len(p.runs) && p.before(right, least) {
			least = right
		}
		if !p.before(least, i) {
			return
		}
		p.runs[i], p.runs[least] = p.runs[least], p.runs[i]
		i = least
	}
}

// before compares the first entries of two runs.
func (p *page) before(a, b int) bool {
	return p.compare(&p.entries[p.runs[a].next], &p.entries[p.runs[b].next]) < 0
}
