package golden_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

func TestSelection(t *testing.T) {
	var raw []byte
	for _, id := range []string{"oom/a/fault", "oom/b/twin", "dns/a/fault"} {
		c := golden.Case{
			ID: id, SchemaVersion: golden.SchemaVersion, Split: golden.Dev, GroupID: filepath.Dir(filepath.Dir(id)), Expected: golden.Expected{Verdict: "healthy", Category: "none"},
			Query: golden.Query{LogQL: `{app="a"}`, Start: time.Unix(0, 0), End: time.Unix(60, 0)},
		}
		line, err := golden.Encode(c)
		require.NoError(t, err)
		raw = append(raw, line...)
	}
	file := filepath.Join(t.TempDir(), "cases.jsonl")
	require.NoError(t, os.WriteFile(file, raw, 0o600))
	for name, tc := range map[string]struct {
		golden.Selection
		want []string
		err  string
	}{
		"all":            {want: []string{"oom/a/fault", "oom/b/twin", "dns/a/fault"}},
		"below slashes":  {Selection: golden.Selection{Cases: []string{"oom/*"}}, want: []string{"oom/a/fault", "oom/b/twin"}},
		"some":           {Selection: golden.Selection{Cases: []string{"*/fault", "oom/b/twin"}, Families: []string{"oom"}}, want: []string{"oom/a/fault", "oom/b/twin"}},
		"the first":      {Selection: golden.Selection{Cases: []string{"oom/*", "dns/*"}, Limit: 1}, want: []string{"oom/a/fault"}},
		"no such case":   {Selection: golden.Selection{Cases: []string{"oom"}}, err: `no case "oom"`},
		"not of them":    {Selection: golden.Selection{Cases: []string{"dns/*"}, Families: []string{"oom"}}, err: `no case "dns/*"`},
		"no such family": {Selection: golden.Selection{Families: []string{"oom", "disk"}}, want: []string{"oom/a/fault", "oom/b/twin"}, err: `no family "disk"`},
		"no pattern":     {Selection: golden.Selection{Cases: []string{"["}}, err: "syntax error"},
		"other split":    {Selection: golden.Selection{Splits: []golden.Split{golden.Test}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := tc.Each([]string{file}, func(c *golden.Case) error {
				got = append(got, c.ID)
				return nil
			})
			require.Equal(t, tc.want, got)
			if tc.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, tc.err)
			}
		})
	}
}

// TestReplace: a file is there whole, or as it was.
func TestReplace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	write := func(text string, fails error) error {
		return golden.Replace(name, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fails)
		})
	}
	require.NoError(t, write("one", nil))
	require.ErrorIs(t, write("half", os.ErrDeadlineExceeded), os.ErrDeadlineExceeded)
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "one", string(raw))
	require.NoFileExists(t, name+golden.Partial)
	require.NoError(t, write("two", nil))
	raw, err = os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "two", string(raw))
}
