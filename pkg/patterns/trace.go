package patterns

import "bytes"

// Bounds of a joined event. The lines beyond them are counted but not mined: a
// stack trace is told apart by its message, its causes and its innermost frames.
const (
	maxFrames     = 3
	maxEventBytes = 4 << 10
	// maxOpenStreams bounds the streams whose lines can be joined.
	maxOpenStreams = 1 << 10
	// maxKeptBytes is how long a text may be that is kept for the next slot's.
	maxKeptBytes = 1 << 10
)

// traceKind is what an event's head announces: lines that only then continue it.
type traceKind uint8

const (
	traceNone traceKind = iota
	tracePython
	traceGo
)

// An event is the last line of a stream together with the lines that continued it.
type event struct {
	text   []byte
	line   Line // without its text
	cell   int
	joined uint32
	frames int
	kind   traceKind
	known  bool
	marks  []int // of its lines
}

// remember keeps a line as the possible head of an event.
func (c *Counter) remember(l *Line, at int) {
	if l.Stream < 0 || l.Stream >= maxOpenStreams {
		if l.Mark != 0 {
			c.marks = append(c.marks, mark{c.cells[at].shape, l.Mark})
		}
		return
	}
	for len(c.open) <= l.Stream {
		c.open = append(c.open, event{})
	}
	e := &c.open[l.Stream]
	c.closeEvent(e)
	e.text = append(e.text[:0], l.Text[:min(len(l.Text), maxEventBytes)]...)
	e.line, e.cell, e.known = *l, at, true
	e.line.Text = nil
	e.kind = announced(l.Text)
	e.mark(l.Mark)
}

func (e *event) mark(id int) {
	if id != 0 {
		e.marks = append(e.marks, id)
	}
}

// continues joins a line to the event before it in its stream, if it continues one.
func (c *Counter) continues(l *Line) bool {
	if l.Stream < 0 || l.Stream >= len(c.open) {
		return false
	}
	e := &c.open[l.Stream]
	if !e.known || !continuation(l.Text, e) {
		return false
	}
	if e.joined == 0 { // the head was counted by itself
		c.cells[e.cell].events--
		c.cells[e.cell].lines--
		e.frames = 0
	}
	e.joined++
	e.line.Level = max(e.line.Level, l.Level)
	e.add(l.Text)
	e.mark(l.Mark)
	return true
}

// closeEvent counts a joined event as one. Of any other only the mark is left to do.
func (c *Counter) closeEvent(e *event) {
	if e.joined > 0 {
		l := e.line
		l.Text = e.text
		e.cell = c.count(e.text, &l)
		c.cells[e.cell].lines += e.joined
		e.joined = 0
	}
	for _, id := range e.marks {
		c.marks = append(c.marks, mark{c.cells[e.cell].shape, id})
	}
	e.marks = e.marks[:0]
}

// closeEvents counts all joined events; lines that come later continue none.
func (c *Counter) closeEvents() {
	for i := range c.open {
		e := &c.open[i]
		c.closeEvent(e)
		e.known = false
		if cap(e.text) > maxKeptBytes {
			e.text = nil
		}
	}
}

// add takes a continuation line into the text if it tells something.
func (e *event) add(line []byte) {
	trimmed := bytes.TrimSpace(line)
	cause := bytes.HasPrefix(trimmed, []byte("Caused by:")) || bytes.HasPrefix(trimmed, []byte("Suppressed:"))
	indented := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
	switch {
	case cause:
		e.frames = maxFrames - 1
	case !indented && e.kind == tracePython: // the exception at the end
	case e.frames >= maxFrames || len(trimmed) == 0:
		return
	default:
		e.frames++
	}
	if len(e.text)+1+len(trimmed) > maxEventBytes {
		return
	}
	e.text = append(append(e.text, '\n'), trimmed...)
}

// announced tells what a line says will follow.
func announced(line []byte) traceKind {
	switch {
	case bytes.HasSuffix(line, []byte("call last):")): // Traceback (most recent call last):
		return tracePython
	case bytes.HasPrefix(line, []byte("panic: ")), bytes.HasPrefix(line, []byte("fatal error: ")), bytes.HasPrefix(line, []byte("goroutine ")):
		return traceGo
	}
	return traceNone
}

// continuation reports whether a line continues the event e instead of beginning
// one. Most lines are decided by their first byte.
func continuation(line []byte, e *event) bool {
	if len(line) == 0 {
		return e.joined > 0 || e.kind == traceGo
	}
	switch line[0] {
	case '\t':
		return true
	case ' ':
		return indented(line)
	case '}', ')', ']':
		return len(line) <= 3
	case '.':
		return bytes.HasPrefix(line, []byte("... ")) && bytes.HasSuffix(line, []byte(" more"))
	case 'C':
		return bytes.HasPrefix(line, []byte("Caused by:"))
	case 'S':
		return bytes.HasPrefix(line, []byte("Suppressed: ")) || bytes.Equal(line, []byte("Stack trace:"))
	case '#':
		return len(line) > 2 && isDigit(line[1]) && e.joined > 0
	case 's':
		return bytes.HasPrefix(line, []byte("stack backtrace:"))
	case 'n':
		return bytes.HasPrefix(line, []byte("note: run with `RUST_BACKTRACE"))
	case 'a':
		return bytes.HasPrefix(line, []byte("at ")) && line[len(line)-1] == ')'
	}
	switch e.kind {
	case tracePython:
		return e.continuesPython(line)
	case traceGo:
		return continuesGo(line)
	}
	return false
}

// indented reports whether a line that begins with a space is part of a block:
// loggers that pad the level begin lines with one, too.
func indented(line []byte) bool {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
		i++
	}
	if i == len(line) {
		return true
	}
	if bytes.HasPrefix(line[i:], []byte("---> ")) { // .NET's inner exception
		return true
	}
	if isDigit(line[i]) && i < 2 {
		return false
	}
	if line[i] == '[' {
		i++
	}
	end := i
	for end < len(line) && isLetter(line[end]) {
		end++
	}
	return i >= 2 && ParseLevel(string(line[i:end])) == LevelUnknown
}

// continuesPython: behind the indented frames the exception follows, and then
// perhaps the trace of another.
func (e *event) continuesPython(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("During handling of the above exception")), bytes.HasPrefix(line, []byte("The above exception was the direct cause")):
		return true
	case bytes.HasPrefix(line, []byte("Traceback (most recent call last)")):
		if e.joined > 0 {
			e.frames = 0 // those of the other exception follow
		}
		return e.joined > 0
	}
	if e.frames == 0 || e.frames > maxFrames {
		return false
	}
	// An exception's name has no space before its colon.
	colon := bytes.IndexAny(line, ": ")
	if colon >= 0 && line[colon] == ' ' {
		return false
	}
	e.frames = maxFrames + 1 // the trace is complete
	return true
}

func continuesGo(line []byte) bool {
	for _, p := range [...]string{"goroutine ", "created by ", "[signal ", "exit status ", "runtime stack:"} {
		if bytes.HasPrefix(line, []byte(p)) {
			return true
		}
	}
	open := bytes.IndexByte(line, '(')
	return open > 0 && line[len(line)-1] == ')' && bytes.IndexByte(line[:open], ' ') < 0
}

// condenseLines reduces an entry of several lines to what joining them would have
// kept.
func condenseLines(text []byte, e *event) []byte {
	head, rest, _ := bytes.Cut(text, []byte{'\n'})
	e.text = append(e.text[:0], head...)
	e.kind, e.frames = announced(head), 0
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		if e.kind == tracePython {
			_ = e.continuesPython(line)
		}
		e.add(line)
	}
	return e.text
}
