package evaluate

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// Results is a file of results that is appended to.
type Results struct {
	file *os.File
	done map[Key]bool
}

// OpenResults opens a file of results, and makes it where it is not there. What was not
// written whole is dropped; with fresh, everything. Close it at the end.
func OpenResults(path string, fresh bool) (*Results, error) {
	flags := os.O_RDWR | os.O_CREATE
	if fresh {
		flags |= os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, 0o644) //nolint:gosec // the user names the file, and may show it around
	if err != nil {
		return nil, err
	}
	r := &Results{file: file, done: map[Key]bool{}}
	if err := r.load(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

func (r *Results) load(path string) error {
	raw, err := os.ReadFile(path) //nolint:gosec // as above
	if err != nil {
		return err
	}
	whole := int64(bytes.LastIndexByte(raw, '\n') + 1)
	if err := r.file.Truncate(whole); err != nil {
		return err
	}
	if _, err := r.file.Seek(whole, 0); err != nil {
		return err
	}
	return golden.EachResult([]string{path}, func(x *golden.Result) error {
		k := KeyOf(x)
		if r.done[k] {
			return fmt.Errorf("the result of case %q by %s is there twice", x.Case, x.Judge.Kind)
		}
		r.done[k] = true
		return nil
	})
}

// Done returns the results that were there, for [Options.Done].
func (r *Results) Done() map[Key]bool { return r.done }

// Append writes a result.
func (r *Results) Append(x golden.Result) error {
	raw, err := golden.Encode(&x)
	if err != nil {
		return err
	}
	_, err = r.file.Write(raw)
	return err
}

// Close returns when the results are on the disk.
func (r *Results) Close() error { return errors.Join(r.file.Sync(), r.file.Close()) }
