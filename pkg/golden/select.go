package golden

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Selection says which cases of files are taken. What is empty says nothing.
type Selection struct {
	Splits []Split
	// Families are those of failures, as [Case.Family] tells.
	Families []string
	// Cases are ids, in which * stands for any text, also with slashes.
	Cases []string
	// Limit is how many are taken, the first; 0 for all.
	Limit int
}

// errEnough ends the reading.
var errEnough = errors.New("enough cases")

// Each calls f with each case of the files that is taken, as [EachCase] does. A family that
// the files do not have is an error, and so is an id that none of the cases has that the
// rest of the selection takes, unless the limit was reached before.
func (s Selection) Each(paths []string, f func(*Case) error) error {
	for _, pattern := range s.Cases {
		if _, err := matches(pattern, ""); err != nil {
			return fmt.Errorf("--cases %q: %w", pattern, err)
		}
	}
	n, families, cases := 0, map[string]bool{}, map[string]bool{}
	err := EachCase(paths, func(c *Case) error {
		family := c.Family()
		families[family] = true
		if len(s.Splits) > 0 && !slices.Contains(s.Splits, c.Split) || len(s.Families) > 0 && !slices.Contains(s.Families, family) || !s.named(c.ID, cases) {
			return nil
		}
		if err := f(c); err != nil {
			return err
		}
		if n++; n == s.Limit {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	}
	for _, name := range s.Families {
		if !families[name] {
			return fmt.Errorf("there is no family %q in the cases", name)
		}
	}
	for _, pattern := range s.Cases {
		if !cases[pattern] {
			return fmt.Errorf("there is no case %q in what is selected", pattern)
		}
	}
	return nil
}

// matches matches as [path.Match] does, to which slashes would be special.
func matches(pattern, id string) (bool, error) {
	flat := strings.NewReplacer("/", "\x00")
	return path.Match(flat.Replace(pattern), flat.Replace(id))
}

// named reports whether an id is one of Cases, and notes those that name it.
func (s Selection) named(id string, seen map[string]bool) bool {
	found := len(s.Cases) == 0
	for _, pattern := range s.Cases {
		if ok, err := matches(pattern, id); err == nil && ok {
			seen[pattern], found = true, true
		}
	}
	return found
}
