package main

import (
	"bytes"
	"io"
)

// A page reads as Loki's reply to a log query: the lines in [from, to), stream by stream. It holds no copy of them.
type page struct {
	l        *corpusLoki
	from, to int
	backward bool

	stream byte   // the stream under way
	next   int    // where its lines go on
	open   bool   // one of its lines was written
	any    bool   // a stream was written before it
	ended  bool   // all is written but pending
	chunk  []byte // what is to be written first
	entry  []byte // what is to be written then
}

const (
	pageHead = `{"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],"result":[`
	pageTail = `],"stats":{}}}`
)

// page returns the reader of a reply.
func (l *corpusLoki) page(from, to int, backward bool) *page {
	p := &page{l: l, from: from, to: to, backward: backward, chunk: []byte(pageHead)}
	p.rewind()
	return p
}

func (p *page) rewind() {
	p.next, p.open = p.from, false
	if p.backward {
		p.next = p.to
	}
}

// Read implements io.Reader.
func (p *page) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(p.chunk) == 0 {
			p.chunk, p.entry = p.entry, nil
		}
		if len(p.chunk) == 0 {
			if p.ended {
				return n, io.EOF
			}
			p.advance()
		}
		copied := copy(b[n:], p.chunk)
		p.chunk = p.chunk[copied:]
		n += copied
	}
	return n, nil
}

// advance sets what is to be written to the stream's next line, the end of the stream or the end of all.
func (p *page) advance() {
	i := p.find()
	switch {
	case i >= 0 && p.open:
		p.chunk, p.entry = []byte(","), p.l.entry(i)
	case i >= 0:
		p.chunk, p.entry = p.l.heads[p.stream], p.l.entry(i)
		if !p.any {
			p.chunk = p.chunk[1:] // without the comma
		}
		p.open, p.any = true, true
	default:
		if p.open {
			p.chunk = []byte("]}")
		}
		p.stream++
		p.rewind()
		if int(p.stream) == len(p.l.heads) {
			p.ended, p.entry = true, []byte(pageTail)
		}
	}
}

// find returns the stream's next line, or -1.
func (p *page) find() int {
	if p.backward {
		p.next = p.from + bytes.LastIndexByte(p.l.streams[p.from:p.next], p.stream)
		if p.next < p.from {
			p.next = p.from
			return -1
		}
		return p.next
	}
	i := bytes.IndexByte(p.l.streams[p.next:p.to], p.stream)
	if i < 0 {
		return -1
	}
	i += p.next
	p.next = i + 1
	return i
}

// Close implements io.Closer.
func (p *page) Close() error { return nil }
