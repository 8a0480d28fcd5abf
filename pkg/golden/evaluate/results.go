package evaluate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// Results is a file of results that is appended to. Nothing is made or dropped before the
// first result is there, but a line that was not written whole.
type Results struct {
	path  string
	file  *os.File // nil until then
	whole int64    // bytes of what is kept
	done  map[Key]bool
}

// OpenResults reads a file of results, if it is there. What was not written whole is
// dropped; with fresh, everything. Close it at the end.
func OpenResults(path string, fresh bool) (*Results, error) {
	r := &Results{path: path, done: map[Key]bool{}}
	if fresh {
		return r, nil
	}
	raw, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if r.whole = int64(bytes.LastIndexByte(raw, '\n') + 1); r.whole < int64(len(raw)) {
		if err := os.Truncate(path, r.whole); err != nil {
			return nil, err
		}
	}
	err = golden.EachResult([]string{path}, func(x *golden.Result) error {
		k := KeyOf(x)
		if r.done[k] {
			return fmt.Errorf("the result of case %q by %s is there twice", x.Case, x.Judge.Kind)
		}
		r.done[k] = true
		return nil
	})
	return r, err
}

// Done returns the results that were there, for [Options.Done].
func (r *Results) Done() map[Key]bool { return r.done }

// Append writes a result.
func (r *Results) Append(x golden.Result) error {
	raw, err := golden.Encode(&x)
	if err != nil {
		return err
	}
	if r.file == nil {
		if err := r.open(); err != nil {
			return err
		}
	}
	_, err = r.file.Write(raw)
	return err
}

func (r *Results) open() error {
	file, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, 0o644) //nolint:gosec // the user names the file, and may show it around
	if err != nil {
		return err
	}
	err = file.Truncate(r.whole)
	if err == nil {
		_, err = file.Seek(r.whole, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	r.file = file
	return nil
}

// Close returns when the results are on the disk.
func (r *Results) Close() error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.file.Sync(), r.file.Close())
}
