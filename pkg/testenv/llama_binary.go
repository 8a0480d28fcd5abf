package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// LlamaServerEnv names the environment variable with the path of the llama-server to use.
const LlamaServerEnv = "LLAMA_SERVER"

// LlamaServer returns the path of a llama-server program: $LLAMA_SERVER, else llama-server on the PATH, else the one of
// Debian's llama.cpp-tools with a C library of its own, unpacked into the cache (about 14 MB to download).
func LlamaServer(ctx context.Context, progress Logf) (string, error) {
	if bin := os.Getenv(LlamaServerEnv); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			return "", fmt.Errorf("testenv: $%s: %w", LlamaServerEnv, err)
		}
		return bin, nil
	}
	if bin, err := exec.LookPath("llama-server"); err == nil {
		return bin, nil
	}
	root, err := UnpackDebian(ctx, DebianOptions{
		Name:     "llama",
		Packages: []string{"llama.cpp-tools"},
		// No stable release has the package yet.
		Suites: []string{"sid", "testing"},
		// Only maintainer scripts need these, and no script runs.
		Provided: []string{"wget", "debconf"},
		Prune:    []string{"usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/bash-completion", "usr/lib/*/gconv", "usr/libexec"},
		Finish:   finishLlama,
		Progress: progress,
	})
	if err != nil {
		return "", fmt.Errorf("testenv: no llama-server: put one on the PATH or its path into $%s, or make Debian's mirror reachable: %w", LlamaServerEnv, err)
	}
	return filepath.Join(root, "llama-server"), nil
}

// llamaWrapper starts the unpacked program with the unpacked loader and libraries, for they are newer than the host's.
const llamaWrapper = `#!/bin/sh
root=$(dirname -- "$(readlink -f -- "$0")")
lib=$root/usr/lib/%[1]s
exec "$lib/%[2]s" --library-path "$lib:$lib/llama" --argv0 llama-server "$root/usr/bin/llama-server" "$@"
`

// finishLlama adds the wrapper script and the links that the unpacked llama-server needs.
func finishLlama(root string) error {
	loaders, _ := filepath.Glob(filepath.Join(root, "usr/lib/*/ld-linux-*.so.*"))
	if len(loaders) != 1 {
		return fmt.Errorf("expected one program loader below %s/usr/lib, found %d", root, len(loaders))
	}
	lib := filepath.Dir(loaders[0])
	// ggml looks for its CPU backends beside the running program, which here is the loader.
	backends, _ := filepath.Glob(filepath.Join(lib, "ggml", "backends*", "*.so"))
	if len(backends) == 0 {
		return fmt.Errorf("no CPU backend of ggml below %s", lib)
	}
	for _, backend := range backends {
		target, err := filepath.Rel(lib, backend)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, filepath.Join(lib, filepath.Base(backend))); err != nil {
			return err
		}
	}
	script := fmt.Sprintf(llamaWrapper, filepath.Base(lib), filepath.Base(loaders[0]))
	wrapper := filepath.Join(root, "llama-server")
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		return err
	}
	// A broken tree must not get into the cache.
	if out, err := exec.Command(wrapper, "--version").CombinedOutput(); err != nil {
		return fmt.Errorf("%s --version: %w\n%s", wrapper, err, strings.TrimSpace(string(out)))
	}
	return nil
}
