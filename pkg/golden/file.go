package golden

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// MaxLine bounds one case in a file, in bytes: 256 MiB, which is a million lines and more.
const MaxLine = 256 << 20

// ManifestName is the file that describes the datasets in its folder.
const ManifestName = "manifest.json"

// A Manifest describes the files of one folder of cases.
type Manifest struct {
	SchemaVersion int    `json:"schema_version"`
	Generator     string `json:"generator"`
	Version       string `json:"version"`
	Seed          uint64 `json:"seed"`
	// Canary is the one of the test cases.
	Canary string         `json:"canary,omitempty"`
	Files  []ManifestFile `json:"files"`
}

// A ManifestFile is one file of cases; SHA256 is of its bytes, in hexadecimal.
type ManifestFile struct {
	Name   string `json:"name"`
	Split  Split  `json:"split"`
	Cases  int    `json:"cases"`
	Lines  int    `json:"lines"`
	SHA256 string `json:"sha256"`
}

// Encode returns a value as one line of JSON without escapes of HTML, so that equal values
// give equal bytes.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// EachCase calls f with each case of the files in their order, which are JSON lines, with
// gzip where their name ends in .gz, or folders of them. It checks each case, refuses an id
// that comes twice, and stops at the first error, which names file and line.
func EachCase(paths []string, f func(*Case) error) error {
	files, err := expand(paths)
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for _, name := range files {
		err := each(name, func(raw []byte) error {
			var c Case
			if err := unmarshal(raw, &c); err != nil {
				return err
			}
			if err := c.Check(); err != nil {
				return err
			}
			if in, ok := seen[c.ID]; ok {
				return fmt.Errorf("case %q is in %s already", c.ID, in)
			}
			seen[c.ID] = name
			return f(&c)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EachResult calls f with each result of the files in their order. It stops at the first
// error, which names file and line.
func EachResult(paths []string, f func(*Result) error) error {
	for _, name := range paths {
		err := each(name, func(raw []byte) error {
			var r Result
			if err := unmarshal(raw, &r); err != nil {
				return err
			}
			return f(&r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// unmarshal refuses unknown fields: a misspelt one would be lost silently.
func unmarshal(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// expand replaces folders by the datasets in them, in the order of their names.
func expand(paths []string) ([]string, error) {
	var out []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		n := len(out)
		for _, pattern := range []string{"*.jsonl", "*.jsonl.gz"} {
			names, err := filepath.Glob(filepath.Join(p, pattern))
			if err != nil {
				return nil, err
			}
			out = append(out, names...)
		}
		if len(out) == n {
			return nil, fmt.Errorf("%s holds no *.jsonl and no *.jsonl.gz; make cases with 'lokalyst golden generate'", p)
		}
		slices.Sort(out[n:])
	}
	return out, nil
}

// each calls f with each line of a file that is not blank.
func each(name string, f func(raw []byte) error) (err error) {
	file, err := os.Open(name) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	var r io.Reader = file
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<20), MaxLine)
	for n := 1; s.Scan(); n++ {
		raw := bytes.TrimSpace(s.Bytes())
		if len(raw) == 0 {
			continue
		}
		if err := f(raw); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Partial ends the names of files that are being written.
const Partial = ".partial"

// Replace writes a file whole or not at all: write fills one beside it, which then takes its
// name.
func Replace(name string, perm fs.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(name+Partial, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, perm) //nolint:gosec // the user names the file
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(name+Partial, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(name+Partial))
	}
	return nil
}

// ReadManifest reads the manifest of a folder; ok is false where there is none.
func ReadManifest(folder string) (m Manifest, ok bool, err error) {
	raw, err := os.ReadFile(filepath.Join(folder, ManifestName)) //nolint:gosec // the user names the folder
	if errors.Is(err, fs.ErrNotExist) {
		return m, false, nil
	}
	if err == nil {
		err = unmarshal(raw, &m)
	}
	if err != nil {
		return m, false, fmt.Errorf("%s: %w", filepath.Join(folder, ManifestName), err)
	}
	return m, true, nil
}
