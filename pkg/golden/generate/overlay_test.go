package generate

import (
	"io/fs"
	"strings"
)

// overlay has the families of one file system and all else of another.
type overlay struct{ families, rest fs.FS }

func (o overlay) Open(name string) (fs.File, error) {
	if name == "families" || strings.HasPrefix(name, "families/") {
		return o.families.Open(name)
	}
	return o.rest.Open(name)
}
