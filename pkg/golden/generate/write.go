package generate

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A WriteOptions says how a dataset is written.
type WriteOptions struct {
	Options
	// Plain writes *.jsonl instead of *.jsonl.gz.
	Plain bool
	// Force writes into a folder that holds other things too; those stay.
	Force bool
	// Progress is told of each case that is written; nil for nobody.
	Progress func(done, all int, c *golden.Case)
}

// ownNames are the files of a dataset, which a later one replaces.
var ownNames = []string{"dev.jsonl", "dev.jsonl.gz", "test.jsonl", "test.jsonl.gz", golden.ManifestName}

// ErrFolder says that a folder holds something else than a dataset.
var ErrFolder = errors.New("the folder holds other files; choose an empty one, or force it")

// Write writes the cases that the options choose into dev and test files of a folder, which
// it makes, with a manifest. The manifest is written last: a folder without one is not
// whole. Equal options give equal bytes.
func Write(folder string, o WriteOptions) (golden.Manifest, error) {
	m := golden.Manifest{SchemaVersion: golden.SchemaVersion, Generator: Name, Version: Version, Seed: o.Seed, Files: []golden.ManifestFile{}}
	lib, specs, err := o.specs()
	if err != nil {
		return m, err
	}
	if err := prepare(folder, o.Force); err != nil {
		return m, err
	}
	done := 0
	for _, split := range []golden.Split{golden.Dev, golden.Test} {
		mine := slices.DeleteFunc(slices.Clone(specs), func(s spec) bool { return s.story.Split != split })
		if len(mine) == 0 {
			continue
		}
		if split == golden.Test {
			m.Canary = Canary
		}
		f, err := writeFile(folder, split, o, mine, lib, func(c *golden.Case) {
			if done++; o.Progress != nil {
				o.Progress(done, len(specs), c)
			}
		})
		if err != nil {
			return m, err
		}
		m.Files = append(m.Files, f)
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	return m, golden.Replace(filepath.Join(folder, golden.ManifestName), mode, func(w io.Writer) error {
		_, err := w.Write(append(raw, '\n'))
		return err
	})
}

// prepare makes the folder and removes an older dataset from it.
func prepare(folder string, force bool) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if !slices.Contains(ownNames, e.Name()) && !strings.HasSuffix(e.Name(), golden.Partial) && !force {
			return fmt.Errorf("%s: %w (it has %s)", folder, ErrFolder, e.Name())
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // a dataset is no secret
		return err
	}
	for _, name := range ownNames {
		if err := os.Remove(filepath.Join(folder, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// mode is that of files: a dataset is no secret.
const mode = 0o644

func writeFile(folder string, split golden.Split, o WriteOptions, specs []spec, lib *library, told func(*golden.Case)) (m golden.ManifestFile, err error) {
	m = golden.ManifestFile{Name: string(split) + ".jsonl.gz", Split: split}
	if o.Plain {
		m.Name = string(split) + ".jsonl"
	}
	sum := sha256.New()
	err = golden.Replace(filepath.Join(folder, m.Name), mode, func(w io.Writer) error {
		return encode(io.MultiWriter(w, sum), o.Plain, specs, func(s spec) (*golden.Case, error) { return lib.build(o.Seed, s) }, func(c *golden.Case) {
			window, baseline := c.Lines()
			m.Cases++
			m.Lines += window + baseline
			told(c)
		})
	})
	m.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return m, err
}

// encode writes cases as JSON lines. The gzip header has neither name nor time, so that it
// is the same each time.
func encode(w io.Writer, plainText bool, specs []spec, build func(spec) (*golden.Case, error), told func(*golden.Case)) error {
	var zip *gzip.Writer
	if !plainText {
		var err error
		if zip, err = gzip.NewWriterLevel(w, gzip.BestSpeed); err != nil { // a tenth larger than the default and twice as fast
			return err
		}
		w = zip
	}
	for _, s := range specs {
		c, err := build(s)
		if err != nil {
			return err
		}
		raw, err := golden.Encode(c)
		if err != nil {
			return err
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
		told(c)
	}
	if zip != nil {
		return zip.Close()
	}
	return nil
}
