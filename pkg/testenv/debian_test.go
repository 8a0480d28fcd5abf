package testenv

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestHostSources(t *testing.T) {
	etc := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(etc, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sources.list", "# comment\ndeb [arch=amd64 signed-by=/keys/d.gpg] http://mirror.example/debian trixie main contrib # why\n"+
		"deb-src http://mirror.example/debian trixie main\ndeb http://mirror.example/debian trixie-backports main\n")
	write("sources.list.d/other.list", "deb https://vendor.example/apt stable main\ndeb https://tools.example/apt tools-trixie main\n")
	write("sources.list.d/debian.sources", "Types: deb deb-src\n# comment\nURIs: http://mirror.example/debian-security\nSuites: trixie-security\n"+
		"Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AAAA\n -----END PGP PUBLIC KEY BLOCK-----\n\n"+
		"Types: deb\nURIs: http://off.example/debian\nSuites: trixie\nComponents: main\nEnabled: no\n")
	sources, err := hostSources(etc)
	if err != nil {
		t.Fatal(err)
	}
	var own []string
	for _, source := range ownRelease(sources, "trixie") {
		own = append(own, source.URI+" "+source.Suite)
	}
	slices.Sort(own)
	want := []string{"http://mirror.example/debian trixie", "http://mirror.example/debian-security trixie-security"}
	if !slices.Equal(own, want) {
		t.Errorf("own sources %q, want %q", own, want)
	}
	sid, ok := withSuite(ownRelease(sources, "trixie"), "sid")
	if got := sid.deb822(); !ok || got != "Types: deb\nURIs: http://mirror.example/debian\nSuites: sid\nComponents: main\nSigned-By: /keys/d.gpg\n" {
		t.Errorf("sid: %q", got)
	}
	if !strings.Contains(sources[0].deb822(), "Signed-By: \n -----BEGIN PGP") {
		t.Errorf("the inline key is lost: %q", sources[0].deb822())
	}
}

func TestUnpackDebianSaysWhy(t *testing.T) {
	t.Setenv(CacheEnv, t.TempDir())
	_, err := UnpackDebian(t.Context(), DebianOptions{Name: "none", Packages: []string{"no-such-package-at-all"}, Progress: t.Logf})
	if err == nil || !strings.Contains(err.Error(), "no-such-package-at-all") {
		t.Errorf("error %v", err)
	}
}

func TestServersNamedByTheEnvironment(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv(LlamaServerEnv, missing)
	if _, err := LlamaServer(t.Context(), nil); err == nil || !strings.Contains(err.Error(), LlamaServerEnv) {
		t.Errorf("error %v", err)
	}
	t.Setenv(ChromiumEnv, missing)
	if _, err := Chromium(t.Context(), nil); err == nil || !strings.Contains(err.Error(), ChromiumEnv) {
		t.Errorf("error %v", err)
	}
}

func TestChromiumDrawsText(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the browser may have to be downloaded")
	}
	bin, err := Chromium(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	shot := filepath.Join(t.TempDir(), "shot.png")
	out, err := exec.CommandContext(t.Context(), bin, "--headless", "--no-sandbox", "--window-size=400,200", "--user-data-dir="+t.TempDir(),
		"--screenshot="+shot, "data:text/html;charset=utf-8,<h1>verdict: critical</h1>").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(shot)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	dark := 0
	for x := range picture.Bounds().Dx() {
		for y := range picture.Bounds().Dy() {
			if r, g, b, _ := picture.At(x, y).RGBA(); r+g+b < 0x8000 {
				dark++
			}
		}
	}
	// Without a font there are boxes or nothing; the heading's letters cover some thousand points.
	if dark < 500 || dark > 10000 {
		t.Errorf("%d dark points", dark)
	}
}
