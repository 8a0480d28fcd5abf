package push

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// A Selection says which cases of files are taken. What is empty says nothing.
type Selection struct {
	// Cases are ids, in which * stands for any text; Families those of failures, as
	// [golden.Case.Family] tells.
	Cases, Families []string
	Split           golden.Split
	// Limit is how many are taken, the first; 0 for all.
	Limit int
}

// errEnough ends the reading.
var errEnough = errors.New("enough cases")

// Select reads the cases that are chosen, in their order.
func Select(files []string, s Selection) (out []*golden.Case, err error) {
	for _, pattern := range s.Cases {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, fmt.Errorf("--cases %q: %w", pattern, err)
		}
	}
	err = golden.EachCase(files, func(c *golden.Case) error {
		if s.takes(c) {
			out = append(out, c)
		}
		if s.Limit > 0 && len(out) == s.Limit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return out, nil
}

func (s Selection) takes(c *golden.Case) bool {
	named := len(s.Cases) == 0 || slices.ContainsFunc(s.Cases, func(pattern string) bool {
		ok, err := path.Match(pattern, c.ID)
		return err == nil && ok
	})
	return named && (s.Split == "" || c.Split == s.Split) && (len(s.Families) == 0 || slices.Contains(s.Families, c.Family()))
}
