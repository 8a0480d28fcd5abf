package testenv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// debianRecipe changes when UnpackDebian puts other files into the cache for the same options.
const debianRecipe = "1"

// DebianOptions says which Debian packages to unpack and how. Name, Packages, Suites, Provided and Prune decide the
// folder in the cache; what Finish writes must depend on nothing else.
type DebianOptions struct {
	// Name begins the folder's name in the cache, such as "llama".
	Name string
	// Packages are unpacked with everything that they depend on; recommended packages are not.
	Packages []string
	// Suites are tried in this order on the host's own Debian mirror. Empty means the host's own release, with its
	// updates and security fixes.
	Suites []string
	// Provided are packages that count as installed, so that neither they nor what only they need is fetched.
	Provided []string
	// Prune are glob patterns below the root of what is removed after unpacking.
	Prune []string
	// Finish, if not nil, adds to the unpacked tree, for instance wrapper scripts. The tree is at root while Finish
	// runs and moves afterwards, so what it writes must find its neighbours by relative paths.
	Finish func(root string) error
	// Progress is told about each longer step.
	Progress Logf
}

// UnpackDebian unpacks packages of the host's own Debian mirror into the cache, with the libraries that they need, and
// returns the root folder. The host's packages, package lists and sources stay untouched: apt works with a state of
// its own, in which nothing is installed, and verifies signatures as the host's sources say. Root is not needed. It
// needs a Debian host on amd64 or arm64 with apt-get, dpkg-deb and a reachable mirror.
func UnpackDebian(ctx context.Context, o DebianOptions) (root string, err error) {
	arch, err := debianArch()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s %q %q %q %q", debianRecipe, o.Packages, o.Suites, o.Provided, o.Prune))
	name := fmt.Sprintf("debian-%s-%s-%s", o.Name, arch, hex.EncodeToString(key[:4]))
	return cached(ctx, name, o.Progress, func(ctx context.Context, tmp string) error {
		own, err := ownSources()
		if err != nil {
			return err
		}
		if len(o.Suites) == 0 {
			return o.unpack(ctx, tmp, arch, own)
		}
		var failures []error
		for _, suite := range o.Suites {
			source, ok := withSuite(own, suite)
			if !ok {
				return errors.New("the host's apt sources name no main Debian mirror")
			}
			if err = o.unpack(ctx, tmp, arch, []aptSource{source}); err == nil {
				return nil
			}
			failures = append(failures, fmt.Errorf("suite %s: %w", suite, err))
			if err := os.RemoveAll(tmp); err != nil {
				return err
			}
		}
		return errors.Join(failures...)
	})
}

// debianArch returns Debian's name of the machine's architecture.
func debianArch() (string, error) {
	if runtime.GOOS != "linux" || (runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64") {
		return "", fmt.Errorf("testenv: Debian packages are unpacked on linux/amd64 and linux/arm64 only, not on %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	return runtime.GOARCH, nil
}

// ownSources returns the sources of the host's own Debian release.
func ownSources() ([]aptSource, error) {
	for _, tool := range []string{"apt-get", "apt-config", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("this host has no %s, so Debian packages cannot be fetched", tool)
		}
	}
	release, err := osRelease("/etc/os-release")
	if err != nil {
		return nil, err
	}
	if release["ID"] != "debian" {
		return nil, fmt.Errorf("this host is %q and not Debian, so its mirror does not have the packages", release["ID"])
	}
	sources, err := hostSources("/etc/apt")
	if err != nil {
		return nil, err
	}
	own := ownRelease(sources, release["VERSION_CODENAME"])
	if len(own) == 0 {
		return nil, fmt.Errorf("no source below /etc/apt offers the main component of Debian %s", release["VERSION_CODENAME"])
	}
	return own, nil
}

// unpack fetches the packages from the sources with an apt state below work and unpacks them to root.
func (o DebianOptions) unpack(ctx context.Context, root, arch string, sources []aptSource) error {
	work, err := os.MkdirTemp("", "testenv-apt-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	config, err := writeAptState(ctx, work, arch, sources, o.Provided)
	if err != nil {
		return err
	}
	o.Progress.say("testenv: reading Debian's package lists for %s (%d sources)", o.Name, len(sources))
	if err := aptRun(ctx, config, "apt-get", "-qq", "update"); err != nil {
		return err
	}
	o.Progress.say("testenv: downloading %s and what it depends on", strings.Join(o.Packages, ", "))
	args := append([]string{"-qq", "-y", "--no-install-recommends", "--download-only", "install"}, o.Packages...)
	if err := aptRun(ctx, config, "apt-get", args...); err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(work, "cache", "archives", "*.deb"))
	if len(debs) == 0 {
		return errors.New("apt-get downloaded no package")
	}
	o.Progress.say("testenv: unpacking %d packages", len(debs))
	return o.lay(ctx, root, debs)
}

// lay unpacks the downloaded packages to root, prunes and finishes.
func (o DebianOptions) lay(ctx context.Context, root string, debs []string) error {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	var names strings.Builder
	for _, deb := range debs {
		if err := aptRun(ctx, "", "dpkg-deb", "-x", deb, root); err != nil {
			return err
		}
		fmt.Fprintln(&names, filepath.Base(deb))
	}
	for _, pattern := range o.Prune {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return fmt.Errorf("prune pattern %q: %w", pattern, err)
		}
		for _, path := range found {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	if err := os.WriteFile(filepath.Join(root, "packages.txt"), []byte(names.String()), 0o644); err != nil {
		return err
	}
	if o.Finish != nil {
		return o.Finish(root)
	}
	return nil
}

// writeAptState makes an apt configuration and state below work and returns the configuration's path.
func writeAptState(ctx context.Context, work, arch string, sources []aptSource, provided []string) (string, error) {
	for _, dir := range []string{"etc/apt.conf.d", "etc/preferences.d", "etc/trusted.gpg.d", "etc/sources.list.d",
		"state/lists/partial", "cache/archives/partial", "log"} {
		if err := os.MkdirAll(filepath.Join(work, dir), 0o755); err != nil {
			return "", err
		}
	}
	var list, status strings.Builder
	for _, source := range sources {
		list.WriteString(source.deb822() + "\n")
	}
	for _, name := range provided {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nMaintainer: none\nArchitecture: %s\n"+
			"Multi-Arch: same\nVersion: 99:9\nDescription: stand-in\n\n", name, arch)
	}
	acquire, err := hostAcquire(ctx)
	if err != nil {
		return "", err
	}
	config := fmt.Sprintf(`%sDir::Etc "%[2]s/etc"; Dir::Etc::sourcelist "%[2]s/etc/sources.list";
Dir::Etc::sourceparts "%[2]s/etc/sources.list.d"; Dir::Etc::parts "%[2]s/etc/apt.conf.d";
Dir::Etc::preferencesparts "%[2]s/etc/preferences.d"; Dir::State "%[2]s/state"; Dir::State::status "%[2]s/state/status";
Dir::State::lists "%[2]s/state/lists"; Dir::Cache "%[2]s/cache"; Dir::Log "%[2]s/log";
APT::Architecture "%[3]s"; APT::Architectures "%[3]s"; APT::Install-Recommends "false"; APT::Sandbox::User "root";
Acquire::Languages "none"; Acquire::Retries "3";
`, acquire, work, arch)
	files := map[string]string{"etc/sources.list.d/host.sources": list.String(), "state/status": status.String(), "apt.conf": config}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return filepath.Join(work, "apt.conf"), nil
}

// hostAcquire returns how the host reaches and checks its mirror (proxies, snapshots past their date), which holds for
// us too, without the further indexes that desktop packages ask for.
func hostAcquire(ctx context.Context) (string, error) {
	dump, err := exec.CommandContext(ctx, "apt-config", "dump", "Acquire").Output()
	if err != nil {
		return "", fmt.Errorf("apt-config dump: %w", err)
	}
	var kept strings.Builder
	for line := range strings.Lines(string(dump)) {
		if !strings.HasPrefix(line, "Acquire::IndexTargets") || strings.HasPrefix(line, "Acquire::IndexTargets::deb::Packages") {
			kept.WriteString(line)
		}
	}
	return kept.String(), nil
}

// aptRun runs one of Debian's tools and puts what it said into the error.
func aptRun(ctx context.Context, config, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	if config != "" {
		cmd.Env = append(cmd.Env, "APT_CONFIG="+config)
	}
	cmd.WaitDelay = killDelay
	dieWithParent(cmd)
	out, err := cmd.CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("%s %s: %w\n%s", tool, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
