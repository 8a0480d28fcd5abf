package push

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// stateSchema is the version of a state's form.
const stateSchema = 1

// A State is what a push has done, kept in a file so that the same command goes on where
// it was interrupted. It fixes the timestamps, so that what is pushed again is the same.
type State struct {
	Schema int       `json:"schema"`
	Run    string    `json:"run"`
	End    time.Time `json:"end"`
	// Target is Loki's URL without credentials, and the tenant.
	Target string `json:"target"`
	// Plan is the hash of what is pushed; empty before the first try.
	Plan string `json:"plan"`
	// Acknowledged counts the lines, in the plan's order, that Loki has.
	Acknowledged int `json:"acknowledged"`
	Lines        int `json:"lines"`
}

// ReadState reads a state; ok is false where there is none.
func ReadState(name string) (s State, ok bool, err error) {
	raw, err := os.ReadFile(name) //nolint:gosec // the user names the file
	if errors.Is(err, fs.ErrNotExist) {
		return s, false, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err == nil && s.Schema != stateSchema {
		err = fmt.Errorf("its schema is %d; this program reads %d", s.Schema, stateSchema)
	}
	if err != nil {
		return s, false, fmt.Errorf("the state %s cannot be read: %w; begin anew with --restart", name, err)
	}
	return s, true, nil
}

// write replaces the file at once, so that an interruption leaves the old or the new one.
func (s State) write(name string) error {
	s.Schema = stateSchema
	raw, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return golden.Replace(name, 0o600, func(w io.Writer) error {
		_, err := w.Write(append(raw, '\n'))
		return err
	})
}
