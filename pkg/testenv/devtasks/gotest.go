package devtasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// TestGo starts one Loki and one llama.cpp server for all Go tests, runs the tests with the race detector, and returns
// whether all passed.
func (s *Session) TestGo(ctx context.Context) bool {
	var parts *sharedParts
	started := s.Step(ctx, "Loki and llama-server for the Go tests", func(ctx context.Context) (_ Result, err error) {
		parts, err = s.startParts(ctx)
		return Result{}, err
	})
	const name = "go test"
	if !started {
		s.Leave(name)
		return false
	}
	// A second close does nothing; this one is for a step that is not run because ctx ended.
	defer func() { _ = parts.close() }()
	passed := s.Step(ctx, name, func(ctx context.Context) (Result, error) {
		result, err := goTest(ctx, parts.env())
		return result, errors.Join(err, parts.close())
	})
	return s.Step(ctx, "masks against gitleaks", testOracle) && passed
}

// testOracle runs the tests of the module that compares our masks with those of
// gitleaks, which is no dependency of the plugin.
func testOracle(ctx context.Context) (Result, error) {
	stdout, stderr, runErr := command{args: []string{"go", "test", "-C", "pkg/redact/oracle", "-json", "-count=1", "./..."}}.run(ctx)
	report, err := readGoTests(strings.NewReader(stdout))
	if err != nil {
		return Result{}, errors.Join(withOutput(runErr, stderr), err)
	}
	return Result{Counts: &report.Counts}, withOutput(runErr, report.failures(), stderr)
}

// sharedParts are the servers that all tests of a run use.
type sharedParts struct {
	loki  *testenv.Loki
	llama *testenv.Llama
}

func (s *Session) startParts(ctx context.Context) (*sharedParts, error) {
	loki, err := testenv.SharedLoki(ctx, s.progress)
	if err != nil {
		return nil, err
	}
	llama, err := testenv.SharedLlama(ctx, s.progress)
	if err != nil {
		return nil, errors.Join(err, loki.Close())
	}
	return &sharedParts{loki: loki, llama: llama}, nil
}

func (p *sharedParts) env() []string {
	return []string{testenv.SharedLokiEnv + "=" + p.loki.URL, testenv.SharedLlamaEnv + "=" + p.llama.URL}
}

func (p *sharedParts) close() error {
	return errors.Join(p.loki.Close(), p.llama.Close())
}

// goTest runs all Go tests, two packages at a time, for a developer's machine has other things to do too.
func goTest(ctx context.Context, env []string) (Result, error) {
	// A cached result would say nothing about the servers of this run.
	args := []string{"go", "test", "-json", "-p=2", "-count=1"}
	note, err := raceDetector(ctx)
	if err != nil {
		return Result{}, err
	}
	if note == "" {
		args = append(args, "-race")
		env = append(env, "CGO_ENABLED=1")
	}
	stdout, stderr, runErr := command{args: append(args, "./..."), env: env}.run(ctx)
	report, err := readGoTests(strings.NewReader(stdout))
	if err != nil {
		return Result{Note: note}, errors.Join(withOutput(runErr, stderr), err)
	}
	return Result{Counts: &report.Counts, Note: note}, withOutput(runErr, report.failures(), stderr)
}

// raceDetector returns why the race detector cannot be used here; empty where it can. In CI that is an error, so that no
// run goes without it unnoticed.
func raceDetector(ctx context.Context) (whyNot string, err error) {
	compiler, err := command{args: []string{"go", "env", "CC"}}.output(ctx)
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(compiler, " ")
	if _, err := exec.LookPath(name); err == nil {
		return "", nil
	}
	whyNot = fmt.Sprintf("without the race detector, which needs a C compiler: %q is not on the PATH; install gcc and libc6-dev", name)
	if os.Getenv("CI") != "" {
		return "", errors.New(whyNot)
	}
	return whyNot, nil
}
