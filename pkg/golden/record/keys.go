package record

import (
	"bufio"
	"context"
	"errors"
	"io"
)

// The keys that are no characters.
const (
	keyEnter     = '\r'
	keyEscape    = '\x1b'
	keyBackspace = '\x7f'
	keyInterrupt = '\x03' // Ctrl-C, which in raw mode sends no signal
)

// Keys reads keys from a terminal in raw mode.
type Keys struct {
	pressed chan rune
	failed  error // read behind the channel's end
	left    chan struct{}
}

// NewKeys begins to read keys. A key that is being waited for keeps the reader until it is
// pressed or the reader ends, which a terminal does when the program does.
func NewKeys(r io.Reader) *Keys {
	k := &Keys{pressed: make(chan rune), left: make(chan struct{})}
	go k.read(bufio.NewReader(r))
	return k
}

// Close says that no more keys are wanted. It must be called once.
func (k *Keys) Close() { close(k.left) }

func (k *Keys) read(r *bufio.Reader) {
	defer close(k.pressed)
	for {
		c, _, err := r.ReadRune()
		if err != nil {
			k.failed = err
			return
		}
		switch c {
		case '\n':
			c = keyEnter
		case '\b':
			c = keyBackspace
		case '\x04': // Ctrl-D
			c = keyInterrupt
		case keyEscape:
			if skipSequence(r) {
				continue
			}
		}
		select {
		case k.pressed <- c:
		case <-k.left:
			return
		}
	}
}

// skipSequence reads what an arrow or a function key sends behind its escape, which comes
// at once, and reports whether there was such.
func skipSequence(r *bufio.Reader) bool {
	if r.Buffered() == 0 {
		return false
	}
	next, err := r.Peek(1)
	if err != nil || (next[0] != '[' && next[0] != 'O') {
		return false
	}
	_, _ = r.ReadByte() // it was peeked at
	for r.Buffered() > 0 {
		b, err := r.ReadByte()
		if err != nil || b >= '@' && b <= '~' {
			break
		}
	}
	return true
}

// errNoKeys says that the terminal is gone.
var errNoKeys = errors.New("the terminal was closed before the window was judged; nothing is written")

// next returns the next key.
func (k *Keys) next(ctx context.Context) (rune, error) {
	select {
	case c, ok := <-k.pressed:
		if !ok {
			return 0, errors.Join(errNoKeys, k.failed)
		}
		return c, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
