// Package generate makes golden cases: windows of logs of a Kubernetes cluster in which
// something fails in a known way, and of ones that look as alarming and are healthy. What
// components print is written down in families/*.yaml, the healthy rest of the cluster in
// background/*.yaml. The same seed gives the same bytes on every machine.
package generate

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

//go:embed families background
var embedded embed.FS

// A library is all that cases are made of.
type library struct {
	families   []*family
	world      *world
	injections *injections
}

// load reads what files hold in families and background.
func load(files fs.FS) (*library, error) {
	families, err1 := loadFamilies(files, "families")
	world, err2 := loadWorld(files, "background/world")
	injections, err3 := loadInjections(files, "background")
	return &library{families, world, injections}, errors.Join(err1, err2, err3)
}

func (lib *library) names() []string {
	var out []string
	for _, f := range lib.families {
		out = append(out, f.ID)
	}
	return out
}

// Options choose the cases. The zero value of all but Seed stands for every case.
type Options struct {
	// Seed is what all randomness comes from.
	Seed uint64
	// Families are ids; see [Families].
	Families []string
	Split    golden.Split
	// Noise are ratios of background lines to story lines: 0, 10, 30, 100 or 1000, and the
	// sizes of needles' haystacks.
	Noise []int

	// files stand in for the embedded ones in tests.
	files fs.FS
}

// Families returns the ids of the families of failures, sorted.
func Families() ([]string, error) {
	lib, err := load(embedded)
	if err != nil {
		return nil, err
	}
	return lib.names(), nil
}

// ErrChoice says that options choose no case.
var ErrChoice = errors.New("no case fits the choice")

// specs returns the cases that the options choose.
func (o Options) specs() (*library, []spec, error) {
	files := o.files
	if files == nil {
		files = embedded
	}
	lib, err := load(files)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range o.Families {
		if !slices.Contains(lib.names(), id) && id != "empty" {
			return nil, nil, fmt.Errorf("%w: there is no family %q; the families are %s", ErrChoice, id, strings.Join(lib.names(), ", "))
		}
	}
	specs := plan{lib}.all()
	specs = slices.DeleteFunc(specs, func(s spec) bool {
		return (len(o.Families) > 0 && !slices.Contains(o.Families, s.family.ID)) ||
			(o.Split != "" && o.Split != s.story.Split) ||
			(len(o.Noise) > 0 && !slices.Contains(o.Noise, s.noise))
	})
	if len(specs) == 0 {
		return nil, nil, fmt.Errorf("%w; leave out families, split or noise", ErrChoice)
	}
	return lib, specs, nil
}

// Each calls f with each case that the options choose, always in the same order, and holds
// one at a time. It ends with the first error of f.
func Each(o Options, f func(*golden.Case) error) error {
	lib, specs, err := o.specs()
	if err != nil {
		return err
	}
	for _, s := range specs {
		c, err := lib.build(o.Seed, s)
		if err != nil {
			return err
		}
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}
