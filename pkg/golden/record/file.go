package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A File takes cases, one a line, behind those that it has.
type File struct {
	name string
	ids  map[string]bool
	// Repaired says what was wrong with the file and is repaired; empty for nothing.
	Repaired string
}

// OpenFile reads which cases a file has; it need not exist. A last line that was not
// written whole, as by a program that was killed, is taken away. The file is changed only
// for that.
func OpenFile(name string) (*File, error) {
	if strings.HasSuffix(name, ".gz") {
		return nil, fmt.Errorf("%s: cases cannot be appended to a compressed file; name one that ends in .jsonl", name)
	}
	out := &File{name: name, ids: map[string]bool{}}
	f, err := os.OpenFile(name, os.O_RDWR, 0) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	return out, errors.Join(out.read(f), f.Close())
}

func (o *File) read(f *os.File) error {
	r := bufio.NewReaderSize(f, 1<<20)
	whole := int64(0) // the bytes of whole lines
	for n := 1; ; n++ {
		line, err := readLine(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s:%d: %w", o.name, n, err)
		}
		torn := err != nil
		var c struct {
			ID string `json:"id"`
		}
		bad := len(bytes.TrimSpace(line)) > 0 && json.Unmarshal(line, &c) != nil
		switch {
		case torn && len(line) == 0:
			return nil
		case torn && bad:
			o.Repaired = fmt.Sprintf("The last line of %s, line %d, was cut off in the middle of a case and is taken away.", o.name, n)
			return f.Truncate(whole)
		case torn:
			o.ids[c.ID] = true
			o.Repaired = fmt.Sprintf("The last line of %s had no end, which is added.", o.name)
			_, err := f.WriteAt([]byte{'\n'}, whole+int64(len(line)))
			return err
		case bad:
			return fmt.Errorf("%s:%d is no case; correct the file or name another with --out", o.name, n)
		}
		o.ids[c.ID] = true
		whole += int64(len(line))
	}
}

// readLine returns a line with its end, or what the file ends with.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		piece, err := r.ReadSlice('\n')
		line = append(line, piece...)
		if len(line) > golden.MaxLine {
			return nil, fmt.Errorf("a line has more than %d MiB", golden.MaxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// Has reports whether the file has a case with this id.
func (o *File) Has(id string) bool { return o.ids[id] }

// Append writes a case that was checked behind the others, whole or not at all unless the
// machine fails meanwhile. An id that the file has is refused.
func (o *File) Append(c *golden.Case) error {
	if o.ids[c.ID] {
		return fmt.Errorf("the case %s is in %s already: take it away there first, or name another file with --out", c.ID, o.name)
	}
	raw, err := golden.Encode(c)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(o.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	o.ids[c.ID] = true
	return nil
}
