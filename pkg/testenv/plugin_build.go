package testenv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/grafana/grafana-plugin-sdk-go/build/buildinfo"
)

// BuildPlugin builds the plugin of this source tree as it is delivered, without cgo and without debug information, and
// returns the program's path in the cache. When nothing changed it takes about a second. A program that was built
// before and still runs keeps running.
func BuildPlugin(ctx context.Context, progress Logf) (bin string, err error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	flags, executable, err := pluginFlags(root)
	if err != nil {
		return "", fmt.Errorf("testenv: plugin: %w", err)
	}
	progress.say("testenv: building the plugin")
	return buildProgram(ctx, root, "./pkg", executable, flags, progress)
}

// buildProgram builds a main package of this module to a folder of its own in the cache, under a lock.
func buildProgram(ctx context.Context, root, pkg, name, flags string, progress Logf) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	// Each checkout has a folder of its own, or two of them would build over each other all the time.
	key := sha256.Sum256([]byte(root + "\x00" + pkg))
	dir := filepath.Join(cache, "plugin-"+hex.EncodeToString(key[:4]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("testenv: %s: %w", name, err)
	}
	unlock, err := lockFile(ctx, filepath.Join(dir, ".lock"), progress)
	if err != nil {
		return "", fmt.Errorf("testenv: %s: waiting for another process that builds it: %w", name, err)
	}
	defer unlock()
	// The go command does not link again what lies at the path already and is up to date.
	built := filepath.Join(dir, "build")
	bin := filepath.Join(dir, fmt.Sprintf("%s_%s_%s", name, runtime.GOOS, runtime.GOARCH))
	if err := goBuild(ctx, root, progress, "-o", built, "-tags", deliveryTags, "-ldflags", flags, pkg); err != nil {
		return "", fmt.Errorf("testenv: %s: %w", name, err)
	}
	if err := publish(built, bin); err != nil {
		return "", fmt.Errorf("testenv: %s: %w", name, err)
	}
	return bin, nil
}

// deliveryTags are the build tags that the SDK's build targets set, grafana-plugin-sdk-go v0.298, build/common.go.
const deliveryTags = "arrow_json_stdlib"

// pluginFlags returns the linker flags and the program's name. The build information carries no time, so that an
// unchanged plugin is the same file.
func pluginFlags(root string) (flags, executable string, err error) {
	var plugin struct{ ID, Executable string }
	if err := readJSON(filepath.Join(root, "plugin.json"), &plugin); err != nil {
		return "", "", err
	}
	var npm struct{ Version string }
	if err := readJSON(filepath.Join(root, "package.json"), &npm); err != nil {
		return "", "", err
	}
	info, err := json.Marshal(buildinfo.Info{PluginID: plugin.ID, Version: npm.Version})
	if err != nil {
		return "", "", err
	}
	flags = fmt.Sprintf("-s -w -X 'github.com/grafana/grafana-plugin-sdk-go/build/buildinfo.buildInfoJSON=%s'", info)
	return flags, filepath.Base(plugin.Executable), nil
}

func readJSON(path string, value any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// publish puts the file built at the path bin in one step, for bin may just be started by somebody.
func publish(built, bin string) error {
	from, err := os.Stat(built)
	if err != nil {
		return err
	}
	if to, err := os.Stat(bin); err == nil && os.SameFile(from, to) {
		return nil
	}
	tmp := bin + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := os.Link(built, tmp); err != nil {
		if err := copyFile(built, tmp); err != nil {
			return err
		}
	}
	return os.Rename(tmp, bin)
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
