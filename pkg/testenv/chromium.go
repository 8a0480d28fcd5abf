package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ChromiumEnv names the environment variable with the path of the browser to use.
const ChromiumEnv = "CHROMIUM_BIN"

// Chromium returns the path of a Chromium program: $CHROMIUM_BIN, else chromium or google-chrome on the PATH, else
// Debian's chromium of the host's own release with its libraries and a font, unpacked into the cache (about 120 MB to
// download). Run it with --headless, and as root or in a container with --no-sandbox.
func Chromium(ctx context.Context, progress Logf) (bin string, err error) {
	if bin := os.Getenv(ChromiumEnv); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			return "", fmt.Errorf("testenv: $%s: %w", ChromiumEnv, err)
		}
		return bin, nil
	}
	for _, name := range []string{"chromium", "google-chrome", "google-chrome-stable", "chromium-browser"} {
		if bin, err := exec.LookPath(name); err == nil {
			return bin, nil
		}
	}
	root, err := UnpackDebian(ctx, DebianOptions{
		Name:     "chromium",
		Packages: []string{"chromium", "fonts-dejavu-core"},
		// The host's own C library is of the same release, and a second one would need a second program loader.
		Provided: []string{"libc6", "libc-bin", "debconf", "dpkg", "adduser", "passwd", "perl", "xdg-utils", "systemd", "dbus", "dbus-x11",
			"init-system-helpers", "procps", "x11-utils", "adwaita-icon-theme", "libgl1", "libgl1-mesa-dri"},
		Prune:    []string{"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/icons", "usr/share/lintian", "usr/share/bash-completion", "var"},
		Finish:   finishChromium,
		Progress: progress,
	})
	if err != nil {
		return "", fmt.Errorf("testenv: no Chromium: put one on the PATH or its path into $%s, or make Debian's mirror reachable: %w", ChromiumEnv, err)
	}
	return filepath.Join(root, "chromium"), nil
}

// chromiumWrapper runs the unpacked browser with the unpacked libraries and only the unpacked fonts, so that a page
// looks the same on every machine.
const chromiumWrapper = `#!/bin/sh
root=$(dirname -- "$(readlink -f -- "$0")")
LD_LIBRARY_PATH=%s
FONTCONFIG_FILE=$root/fonts.conf
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec "$root/usr/lib/chromium/chromium" "$@"
`

const chromiumFonts = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`

// finishChromium adds the wrapper script and the font configuration, and checks that every library is there.
func finishChromium(root string) error {
	var dirs []string
	for _, pattern := range []string{"usr/lib/*-linux-gnu", "usr/lib/*-linux-gnu/*", "lib/*-linux-gnu"} {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, dir := range found {
			if libraries, _ := filepath.Glob(filepath.Join(dir, "lib*.so*")); len(libraries) > 0 {
				rel, err := filepath.Rel(root, dir)
				if err != nil {
					return err
				}
				dirs = append(dirs, "$root/"+filepath.ToSlash(rel))
			}
		}
	}
	if len(dirs) == 0 {
		return errors.New("no shared libraries were unpacked")
	}
	files := []struct {
		name, text string
		mode       os.FileMode
	}{
		{"fonts.conf", chromiumFonts, 0o644},
		{"chromium", fmt.Sprintf(chromiumWrapper, strings.Join(dirs, ":")), 0o755},
	}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(root, file.name), []byte(file.text), file.mode); err != nil {
			return err
		}
	}
	out, err := exec.Command(filepath.Join(root, "chromium"), "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Chrom") {
		return fmt.Errorf("chromium --version: %w\n%s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
