package loki

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner pulls JSON out of a stream token by token, so that a reply of any
// size needs one buffer. encoding/json would buffer whole values and cost three
// to five times the time. It checks as much of the grammar as it needs to read
// Loki's replies and to notice a reply that breaks off.
type scanner struct {
	r       io.Reader
	buf     []byte
	pos     int
	end     int
	read    int64 // bytes taken from r
	limit   int64 // bytes that may be taken from r
	scratch []byte
}

const (
	scanBuffer = 64 << 10
	// maxString bounds one JSON string: Loki's largest sensible max_line_size.
	maxString = 32 << 20
	maxDepth  = 64
)

var errSyntax = errors.New("not the JSON that Loki sends")

func newScanner(r io.Reader, limit int64) *scanner {
	s := &scanner{buf: make([]byte, scanBuffer)}
	s.reset(r, limit)
	return s
}

// reset makes the scanner read another stream with the same buffers.
func (s *scanner) reset(r io.Reader, limit int64) {
	s.r, s.limit = r, limit
	s.pos, s.end, s.read = 0, 0, 0
}

// full reports whether the buffer has no room for more.
func (s *scanner) full() bool { return s.end-s.pos == len(s.buf) }

// fill reads more bytes behind those that were not consumed, for which the buffer
// must have room. At the end of the stream it returns io.ErrUnexpectedEOF, because
// it is only called where something must follow.
func (s *scanner) fill() error {
	s.end = copy(s.buf, s.buf[s.pos:s.end])
	s.pos = 0
	if s.read >= s.limit {
		return &Error{Kind: ErrTooLarge, Detail: fmt.Sprintf("more than %d bytes", s.limit)}
	}
	room := min(int64(len(s.buf)), int64(s.end)+s.limit-s.read)
	for {
		n, err := s.r.Read(s.buf[s.end:room])
		s.end += n
		s.read += int64(n)
		if n > 0 {
			return nil
		}
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
}

// peek returns the next byte that is no white space, without consuming it.
func (s *scanner) peek() (byte, error) {
	for {
		for s.pos < s.end {
			if c := s.buf[s.pos]; c > ' ' {
				return c, nil
			}
			s.pos++
		}
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
}

func (s *scanner) expect(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return fmt.Errorf("%w: %q instead of %q after %d bytes", errSyntax, c, want, s.offset())
	}
	s.pos++
	return nil
}

func (s *scanner) offset() int64 { return s.read - int64(s.end-s.pos) }

// more steps through an array or object: it consumes a comma, or the closing
// byte and reports false. first says that no element was read yet.
func (s *scanner) more(first bool, closing byte) (bool, error) {
	c, err := s.peek()
	if err != nil {
		return false, err
	}
	if c == closing {
		s.pos++
		return false, nil
	}
	if first {
		return true, nil
	}
	return true, s.expect(',')
}

// object calls field for each key of the object that follows. field must consume
// the value; the key is valid until it reads on.
func (s *scanner) object(field func(key []byte) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	for first := true; ; first = false {
		ok, err := s.more(first, '}')
		if err != nil || !ok {
			return err
		}
		key, err := s.str()
		if err != nil {
			return err
		}
		// The key must survive reading the colon, which may refill the buffer.
		var hold [64]byte
		k := append(hold[:0], key...)
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := field(k); err != nil {
			return err
		}
	}
}

// array calls element for each element of the array that follows.
func (s *scanner) array(element func(i int) error) error {
	if err := s.expect('['); err != nil {
		return err
	}
	for i := 0; ; i++ {
		ok, err := s.more(i == 0, ']')
		if err != nil || !ok {
			return err
		}
		if err := element(i); err != nil {
			return err
		}
	}
}

// str reads a string. The result is valid until the next call.
func (s *scanner) str() ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return nil, err
	}
	// Most strings lie whole and without escapes in the buffer.
	rest := s.buf[s.pos:s.end]
	if i := bytes.IndexByte(rest, '"'); i >= 0 && bytes.IndexByte(rest[:i], '\\') < 0 {
		s.pos += i + 1
		return rest[:i], nil
	}
	var err error
	s.scratch, err = s.appendRest(s.scratch[:0])
	return s.scratch, err
}

// appendString appends the string that follows to dst.
func (s *scanner) appendString(dst []byte) ([]byte, error) {
	if err := s.expect('"'); err != nil {
		return dst, err
	}
	return s.appendRest(dst)
}

// appendRest appends the string whose opening quote was consumed to dst.
func (s *scanner) appendRest(dst []byte) ([]byte, error) {
	for begin := len(dst); ; {
		if s.pos >= s.end {
			if err := s.fill(); err != nil {
				return dst, err
			}
		}
		rest := s.buf[s.pos:s.end]
		i := bytes.IndexAny(rest, `"\`)
		if i < 0 {
			i = len(rest)
		}
		if len(dst)-begin+i > maxString {
			return dst, &Error{Kind: ErrTooLarge, Detail: fmt.Sprintf("one line has more than %d bytes", maxString)}
		}
		dst = append(dst, rest[:i]...)
		s.pos += i
		if i == len(rest) {
			continue
		}
		c := s.buf[s.pos]
		s.pos++
		if c == '"' {
			return dst, nil
		}
		var err error
		if dst, err = s.escape(dst); err != nil {
			return dst, err
		}
	}
}

// escape appends what stands behind a backslash to dst.
func (s *scanner) escape(dst []byte) ([]byte, error) {
	c, err := s.byte()
	if err != nil {
		return dst, err
	}
	if c == 'u' {
		return s.unicode(dst)
	}
	plain := unescaped(c)
	if plain == 0 {
		return dst, fmt.Errorf("%w: escape \\%c", errSyntax, c)
	}
	return append(dst, plain), nil
}

// unescaped returns the byte that c behind a backslash stands for, 0 where it is no
// escape of one byte.
func unescaped(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	}
	return 0
}

// unicode appends the character of an escape of four digits, or of two such
// escapes where the first is half of a pair. A lone half becomes U+FFFD.
func (s *scanner) unicode(dst []byte) ([]byte, error) {
	r, err := s.hex4()
	if err != nil {
		return dst, err
	}
	for utf16.IsSurrogate(r) {
		if s.pos >= s.end {
			if err := s.fill(); err != nil {
				return dst, err
			}
		}
		if s.buf[s.pos] != '\\' {
			break
		}
		s.pos++
		c, err := s.byte()
		if err != nil {
			return dst, err
		}
		if c != 'u' {
			s.pos-- // at least one byte was just consumed from the buffer
			return s.escape(utf8.AppendRune(dst, utf8.RuneError))
		}
		low, err := s.hex4()
		if err != nil {
			return dst, err
		}
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return utf8.AppendRune(dst, both), nil
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		r = low
	}
	return utf8.AppendRune(dst, r), nil
}

func (s *scanner) byte() (byte, error) {
	if s.pos >= s.end {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	s.pos++
	return s.buf[s.pos-1], nil
}

func (s *scanner) hex4() (rune, error) {
	var digits [4]byte
	for i := range digits {
		c, err := s.byte()
		if err != nil {
			return 0, err
		}
		digits[i] = c
	}
	n, err := strconv.ParseUint(string(digits[:]), 16, 32)
	if err != nil {
		return 0, fmt.Errorf("%w: escape \\u%s", errSyntax, digits[:])
	}
	return rune(n), nil //nolint:gosec // four hexadecimal digits fit
}

// number reads a JSON number, or a string that holds one.
func (s *scanner) number() (float64, error) {
	c, err := s.peek()
	if err != nil {
		return 0, err
	}
	var text []byte
	if c == '"' {
		if text, err = s.str(); err != nil {
			return 0, err
		}
	} else if text, err = s.literal(); err != nil {
		return 0, err
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is no number", errSyntax, text)
	}
	return f, nil
}

// literal reads a number, true, false or null. Inside a reply something always
// follows it.
func (s *scanner) literal() ([]byte, error) {
	s.scratch = s.scratch[:0]
	for {
		if s.pos >= s.end {
			if err := s.fill(); err != nil {
				return nil, err
			}
		}
		c := s.buf[s.pos]
		if c <= ' ' || c == ',' || c == ']' || c == '}' || c == ':' || c == '"' || len(s.scratch) > 64 {
			if len(s.scratch) == 0 {
				return nil, fmt.Errorf("%w: %q after %d bytes", errSyntax, c, s.offset())
			}
			return s.scratch, nil
		}
		s.scratch = append(s.scratch, c)
		s.pos++
	}
}

// skip consumes any value.
func (s *scanner) skip(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: nested more than %d deep", errSyntax, maxDepth)
	}
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch c {
	case '"':
		_, err = s.str()
	case '{':
		err = s.object(func([]byte) error { return s.skip(depth + 1) })
	case '[':
		err = s.array(func(int) error { return s.skip(depth + 1) })
	default:
		_, err = s.literal()
	}
	return err
}
