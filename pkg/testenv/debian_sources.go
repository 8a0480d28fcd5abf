package testenv

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// aptSource is one enabled source of binary packages of the host.
type aptSource struct {
	URI        string
	Suite      string
	Components []string
	// SignedBy is a keyring's path or, from a deb822 file, a whole key with its line breaks.
	SignedBy string
}

// deb822 renders the source for a .sources file.
func (s aptSource) deb822() string {
	text := fmt.Sprintf("Types: deb\nURIs: %s\nSuites: %s\n", s.URI, s.Suite)
	if len(s.Components) > 0 {
		text += "Components: " + strings.Join(s.Components, " ") + "\n"
	}
	if s.SignedBy != "" {
		text += "Signed-By: " + s.SignedBy + "\n"
	}
	return text
}

// hostSources reads the apt sources below etc (usually /etc/apt) in both notations.
func hostSources(etc string) ([]aptSource, error) {
	lists, _ := filepath.Glob(filepath.Join(etc, "sources.list.d", "*.list"))
	lists = append([]string{filepath.Join(etc, "sources.list")}, lists...)
	modern, _ := filepath.Glob(filepath.Join(etc, "sources.list.d", "*.sources"))
	var sources []aptSource
	for _, path := range append(modern, lists...) {
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if strings.HasSuffix(path, ".sources") {
			sources = append(sources, parseDeb822(string(text))...)
		} else {
			sources = append(sources, parseOneLine(string(text))...)
		}
	}
	return sources, nil
}

// parseOneLine reads "deb [options] uri suite component..." lines.
func parseOneLine(text string) []aptSource {
	var sources []aptSource
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "#")
		rest, ok := strings.CutPrefix(line, "deb ")
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		var source aptSource
		if inner, ok := strings.CutPrefix(rest, "["); ok {
			var options string
			options, rest, ok = strings.Cut(inner, "]")
			if !ok {
				continue
			}
			for option := range strings.FieldsSeq(options) {
				if value, ok := strings.CutPrefix(option, "signed-by="); ok {
					source.SignedBy = value
				}
			}
		}
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		source.URI, source.Suite, source.Components = fields[0], fields[1], fields[2:]
		sources = append(sources, source)
	}
	return sources
}

// parseDeb822 reads the paragraphs of a .sources file.
func parseDeb822(text string) []aptSource {
	var sources []aptSource
	fields, last := map[string]string{}, ""
	flush := func() {
		enabled := !strings.EqualFold(strings.TrimSpace(fields["enabled"]), "no")
		if enabled && slices.Contains(strings.Fields(fields["types"]), "deb") {
			for uri := range strings.FieldsSeq(fields["uris"]) {
				for suite := range strings.FieldsSeq(fields["suites"]) {
					sources = append(sources, aptSource{URI: uri, Suite: suite,
						Components: strings.Fields(fields["components"]), SignedBy: fields["signed-by"]})
				}
			}
		}
		fields, last = map[string]string{}, ""
	}
	scanner := bufio.NewScanner(strings.NewReader(text))
	for scanner.Scan() {
		line := strings.TrimRight(scanner.Text(), " \t")
		switch {
		case line == "":
			flush()
		case line[0] == '#':
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				fields[last] += "\n" + line
			}
		default:
			key, value, _ := strings.Cut(line, ":")
			last = strings.ToLower(key)
			fields[last] = strings.TrimSpace(value)
		}
	}
	flush()
	return sources
}

// ownRelease keeps the sources of the host's own Debian release: its suite, updates and security, by codename, or where
// none has that by a name such as stable. Backports and other people's repositories are left out.
func ownRelease(sources []aptSource, codename string) []aptSource {
	for _, suites := range [][]string{{codename}, {"stable", "oldstable", "testing", "unstable", "sid"}} {
		var own []aptSource
		for _, source := range sources {
			base := source.Suite
			for _, suffix := range []string{"-updates", "-security", "/updates"} {
				base = strings.TrimSuffix(base, suffix)
			}
			if source.isDebian() && slices.Contains(source.Components, "main") && slices.Contains(suites, base) {
				own = append(own, source)
			}
		}
		if len(own) > 0 {
			return own
		}
	}
	return nil
}

// isDebian says whether the source's address is that of a Debian mirror, all of which keep the folder's name.
func (s aptSource) isDebian() bool {
	parts := strings.Split(s.URI, "/")
	return slices.Contains(parts, "debian") || slices.Contains(parts, "debian-security")
}

// withSuite returns the host's main Debian mirror as a source of another suite.
func withSuite(own []aptSource, suite string) (aptSource, bool) {
	for _, source := range own {
		if !strings.ContainsAny(source.Suite, "-/") {
			return aptSource{URI: source.URI, Suite: suite, Components: []string{"main"}, SignedBy: source.SignedBy}, true
		}
	}
	return aptSource{}, false
}

// osRelease returns the fields of an os-release file.
func osRelease(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			fields[key] = strings.Trim(value, `"'`)
		}
	}
	return fields, nil
}
