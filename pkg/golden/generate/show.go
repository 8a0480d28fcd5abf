package generate

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lokalyst/lokalyst/pkg/golden"
)

// checkSeeds is how many datasets a check makes of a family, so that what goes wrong only
// sometimes is seen.
const checkSeeds = 5

// Check reads a family of a file that is not among the embedded ones, makes all its cases
// with several seeds, and says all that is wrong, a line each with file and place.
func Check(file string) error {
	lib, f, err := loadFile(file)
	if err != nil {
		return err
	}
	for seed := range uint64(checkSeeds) {
		for n, s := range f.Stories {
			for _, sp := range (plan{lib}).story(f, s, n) {
				if sp.noise > 30 { // the story is the same
					continue
				}
				if _, err := lib.build(seed, sp); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
		}
	}
	return nil
}

// loadFile returns the embedded world with a family of a file as its only one.
func loadFile(file string) (*library, *family, error) {
	raw, err := os.ReadFile(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, nil, err
	}
	f, err := parseFamily(file, raw)
	if err != nil {
		return nil, nil, err
	}
	world, err := loadWorld(embedded, "background/world")
	if err != nil {
		return nil, nil, err
	}
	injections, err := loadInjections(embedded, "background")
	return &library{[]*family{f}, world, injections}, f, err
}

// View says which cases [Show] prints.
type View struct {
	// Ref is FAMILY, FAMILY/STORY or the id of a case.
	Ref string
	// File is a family's file to read instead of the embedded ones.
	File string
	Seed uint64
	// Severity is 1 to 3.
	Severity int
	Twin     bool
	// Noise is how many background lines there are for each of the story.
	Noise int
}

// Show prints cases as lines for people, in the order of time.
func Show(w io.Writer, v View) error {
	if v.Severity < 1 || v.Severity > 3 {
		return fmt.Errorf("severity %d is none of 1, 2, 3", v.Severity)
	}
	if v.Noise < 0 || v.Noise > 1000 {
		return fmt.Errorf("noise %d must lie within 0 and 1000", v.Noise)
	}
	lib, err := load(embedded)
	if v.File != "" {
		lib, _, err = loadFile(v.File)
	}
	if err != nil {
		return err
	}
	specs := plan{lib}.all()
	i := slices.IndexFunc(specs, func(s spec) bool { return s.id() == v.Ref })
	if i >= 0 {
		specs = specs[i : i+1]
	} else if specs, err = (plan{lib}).find(v.Ref, v.Severity-1, v.Twin); err != nil {
		return err
	}
	for _, s := range specs {
		if i < 0 {
			s.noise = v.Noise
		}
		c, err := lib.build(v.Seed, s)
		if err != nil {
			return err
		}
		show(w, c)
	}
	return nil
}

// show prints one case. A mark before the role says that the line must (!) or may (+) be
// cited.
func show(w io.Writer, c *golden.Case) {
	e := c.Expected
	fmt.Fprintf(w, "# %s, %s: %s, severity %d, category %s %v\n", c.ID, c.Split, e.Verdict, e.Severity, e.Category, e.Categories)
	fmt.Fprintf(w, "# %s to %s, baseline %s\n", c.Query.Start.Format(time.RFC3339), c.Query.End.Format(time.RFC3339), cmp.Or(c.Query.Baseline, "none"))
	type row struct {
		offset       int64
		stream, text string
	}
	marks := map[string]string{}
	for _, id := range e.EvidenceMay {
		marks[id] = "+"
	}
	for _, id := range e.EvidenceMust {
		marks[id] = "!"
	}
	var rows []row
	for i, s := range c.Streams {
		name := strings.Trim(s.Labels["namespace"]+"/"+cmp.Or(s.Labels["pod"], s.Labels["node_name"]+"/"+s.Labels["service_name"]), "/")
		for j, l := range s.Lines {
			rows = append(rows, row{l.Offset, name, fmt.Sprintf("%1s%-10s %s", marks[golden.LineID(i, j)], l.Role, strings.ReplaceAll(l.Text, "\n", "\n    "))})
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.offset, b.offset) })
	for _, r := range rows {
		fmt.Fprintf(w, "%12s %-40s %s\n", time.Duration(r.offset).Round(time.Millisecond), r.stream, r.text)
	}
	fmt.Fprintln(w)
}
