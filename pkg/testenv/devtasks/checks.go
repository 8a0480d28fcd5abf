package devtasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// linterVersion is the golangci-lint that .golangci.yml is written for.
const linterVersion = "2.15.0"

// linterName is the program's name, on the PATH and as built.
const linterName = "golangci-lint"

// goPaths are where this module's Go files lie. node_modules has Go files of others.
func goPaths() []string { return []string{"Magefile.go", "pkg"} }

// Tools checks, before anything long begins, that the programs which this module cannot bring along are there.
func (s *Session) Tools(ctx context.Context) bool {
	return s.Step(ctx, "tools on the PATH", func(ctx context.Context) (Result, error) {
		note, err := raceDetector(ctx)
		return Result{Note: note}, errors.Join(checkNode(ctx), err)
	})
}

// Lint runs go vet, gofmt and golangci-lint over all Go code and returns whether all found nothing.
func (s *Session) Lint(ctx context.Context) bool {
	vet := s.Step(ctx, "go vet", func(ctx context.Context) (Result, error) {
		// With the tag, the Magefile is checked too.
		return Result{}, command{args: []string{"go", "vet", "-tags=mage", "./..."}}.check(ctx)
	})
	format := s.Step(ctx, "gofmt", func(ctx context.Context) (Result, error) { return Result{}, checkFormat(ctx) })
	lint := s.Step(ctx, linterName, func(ctx context.Context) (Result, error) {
		bin, err := s.linter(ctx)
		if err != nil {
			return Result{}, err
		}
		return Result{}, command{args: []string{bin, "run", "./..."}}.check(ctx)
	})
	return vet && format && lint
}

func checkFormat(ctx context.Context) error {
	root, err := command{args: []string{"go", "env", "GOROOT"}}.output(ctx)
	if err != nil {
		return err
	}
	args := append([]string{filepath.Join(root, "bin", "gofmt"), "-l", "-s"}, goPaths()...)
	files, err := command{args: args}.output(ctx)
	if err != nil {
		return err
	}
	if files != "" {
		return fmt.Errorf("not formatted; run: gofmt -s -w %s\n%s", strings.Join(goPaths(), " "), files)
	}
	return nil
}

// linter returns the path of golangci-lint: the one on the PATH if it has the right version, else one that is built from
// the Go module proxy into the cache, once, with about two minutes of computing.
func (s *Session) linter(ctx context.Context) (string, error) {
	if path, err := exec.LookPath(linterName); err == nil {
		version, err := command{args: []string{path, "version", "--short"}}.output(ctx)
		if err == nil && version == linterVersion {
			return path, nil
		}
		s.progress("not using %s: version %q, the configuration is for %s", path, version, linterVersion)
	}
	cache, err := testenv.CacheDir()
	if err != nil {
		return "", err
	}
	// A linter reads only code that is not newer than the Go that built it.
	name := strings.Join([]string{linterName, linterVersion, runtime.GOOS, runtime.GOARCH, runtime.Version()}, "-")
	path := filepath.Join(cache, name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	s.progress("building %s %s; this takes about two minutes of computing, but only once", linterName, linterVersion)
	if err := buildLinter(ctx, cache, path); err != nil {
		return "", fmt.Errorf("no %[1]s: put %[1]s %[2]s on the PATH, or make the Go module proxy reachable: %[3]w", linterName, linterVersion, err)
	}
	return path, nil
}

// buildLinter builds golangci-lint to path in one step, so that two builders do no more than the work twice.
func buildLinter(ctx context.Context, cache, path string) (err error) {
	tmp, err := os.MkdirTemp(cache, "."+linterName+"-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	install := command{
		args: []string{"go", "install", "-trimpath", "-ldflags=-s -w", "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v" + linterVersion},
		env:  []string{"GOBIN=" + tmp, "CGO_ENABLED=0", "GOWORK=off"},
	}
	if err := install.check(ctx); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, linterName), path)
}
