package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
)

// LokiBinaryEnv names the environment variable with the path of the Loki to use.
const LokiBinaryEnv = "LOKI_BINARY"

// The Loki that is built, and the oldest one on the PATH that will do. The version must be that of loki/go.mod.
const (
	lokiVersion  = "3.7.8"
	lokiMinMajor = 3
	lokiMinMinor = 7
)

// LokiBinary returns the path of a Loki server program: $LOKI_BINARY, else loki on the PATH if it is new enough, else one
// that is built from the nested module beside this file into the cache. The build is about eight minutes of computing,
// once, and needs the Go module proxy; the program has about 160 MB.
func LokiBinary(ctx context.Context, progress Logf) (string, error) {
	if bin := os.Getenv(LokiBinaryEnv); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			return "", fmt.Errorf("testenv: $%s: %w", LokiBinaryEnv, err)
		}
		return bin, nil
	}
	if bin, err := exec.LookPath("loki"); err == nil {
		version, ok := newEnough(ctx, bin)
		if ok {
			return bin, nil
		}
		progress.say("testenv: not using %s: version %q, at least %d.%d is needed", bin, version, lokiMinMajor, lokiMinMinor)
	}
	bin, err := buildLoki(ctx, progress)
	if err != nil {
		return "", fmt.Errorf("testenv: no Loki: put loki %d.%d or newer on the PATH or its path into $%s, or make the Go module proxy reachable: %w",
			lokiMinMajor, lokiMinMinor, LokiBinaryEnv, err)
	}
	return bin, nil
}

// newEnough returns the version that a Loki program tells and whether it will do.
func newEnough(ctx context.Context, bin string) (version string, ok bool) {
	out, err := exec.CommandContext(ctx, bin, "-version").CombinedOutput()
	if err != nil {
		return err.Error(), false
	}
	return parseLokiVersion(string(out))
}

var lokiVersionPattern = regexp.MustCompile(`version v?((\d+)\.(\d+)[^\s,)]*)`)

func parseLokiVersion(out string) (version string, ok bool) {
	found := lokiVersionPattern.FindStringSubmatch(out)
	if found == nil {
		return "", false
	}
	major, _ := strconv.Atoi(found[2])
	minor, _ := strconv.Atoi(found[3])
	return found[1], major > lokiMinMajor || (major == lokiMinMajor && minor >= lokiMinMinor)
}

// buildLoki builds Loki into the cache, under a name that changes with its modules.
func buildLoki(ctx context.Context, progress Logf) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "pkg", "testenv", "loki")
	sum := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	name := fmt.Sprintf("loki-%s-%s-%s-%s", lokiVersion, runtime.GOOS, runtime.GOARCH, hex.EncodeToString(sum.Sum(nil)[:4]))
	return cached(ctx, name, progress, func(ctx context.Context, tmp string) error {
		progress.say("testenv: building Loki %s; this takes minutes, but only once", lokiVersion)
		const pkg = "github.com/grafana/loki/v3"
		flags := "-s -w -X " + pkg + "/pkg/util/build.Version=" + lokiVersion
		return goBuild(ctx, dir, progress, "-mod=readonly", "-o", tmp, "-ldflags", flags, pkg+"/cmd/loki")
	})
}
