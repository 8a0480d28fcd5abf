//go:build mage

// The tasks of a developer's day. "go tool mage -l" lists them; those of Grafana's plugin SDK have the prefix sdk.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	// mage:import sdk
	"github.com/grafana/grafana-plugin-sdk-go/build"

	"github.com/lokalyst/lokalyst/pkg/testenv/devtasks"
)

func init() {
	// The SDK looks for plugin.json in src/, but it lies in the root.
	err := build.SetBeforeBuildCallback(func(cfg build.Config) (build.Config, error) {
		cfg.PluginJSONPath = "."
		return cfg, nil
	})
	if err != nil {
		panic(err)
	}
}

// Build makes the whole plugin for this machine in dist/: front end, backend and the manifest of the Go files.
func Build(ctx context.Context) error {
	return session(func(s *devtasks.Session) {
		s.BuildFrontend(ctx)
		s.Step(ctx, "backend", func(context.Context) (devtasks.Result, error) {
			return devtasks.Result{}, build.Build{}.Backend()
		})
	})
}

// Test runs every check and every test, those of Lint, TestGo and TestFrontend, and counts them.
func Test(ctx context.Context) error {
	return session(func(s *devtasks.Session) {
		if s.Tools(ctx) {
			s.Lint(ctx)
			s.TestGo(ctx)
			s.TestFrontend(ctx)
		}
	})
}

// TestGo runs the Go tests with the race detector, on one real Loki and one real llama.cpp server.
func TestGo(ctx context.Context) error {
	return session(func(s *devtasks.Session) { s.TestGo(ctx) })
}

// TestFrontend checks the front end's types and style and runs its tests in Jest and in a browser.
func TestFrontend(ctx context.Context) error {
	return session(func(s *devtasks.Session) { s.TestFrontend(ctx) })
}

// Lint runs go vet, gofmt and golangci-lint over the Go code.
func Lint(ctx context.Context) error {
	return session(func(s *devtasks.Session) { s.Lint(ctx) })
}

// Demo shows an incident from the logs to the verdict on real parts. The optional -model is the GGUF file of a chat model.
func Demo(ctx context.Context, model *string) error {
	var args []string
	if model != nil {
		args = append(args, "-model="+*model)
	}
	return goRun(ctx, "./pkg/testenv/demo", args...)
}

// Bench measures the plugin on real parts.
func Bench(ctx context.Context) error {
	return goRun(ctx, "./pkg/testenv/bench")
}

// Golden generates the golden cases of seed 1, lets the judges that need no model judge them, reports it in
// test-results/golden and holds the rules verdict against its committed scorecard, which it writes anew there.
func Golden(ctx context.Context) error {
	const dir, lokalyst = "test-results/golden", "./pkg/cmd/lokalyst"
	cases, results := dir+"/cases", dir+"/results.jsonl"
	for _, args := range [][]string{
		{"generate", "--seed", "1", "--out", cases},
		{"evaluate", "--out", results, "--fresh", cases},
		{"report", "--dataset", cases, "--out", dir, "--junit", dir + "/junit.xml", results},
		{"gate", "--dataset", cases, "--against", "pkg/prompts/scorecards/rules.json", "--judge", "rules", "--scorecard", dir + "/rules.json", results},
	} {
		if err := goRun(ctx, lokalyst, append([]string{"golden"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// session runs steps and returns an error when one of them failed.
func session(run func(*devtasks.Session)) error {
	s := devtasks.NewSession(os.Stdout, time.Now)
	run(s)
	return s.Close()
}

// goRun builds and runs a command of this module on this terminal.
func goRun(ctx context.Context, pkg string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", pkg}, args...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// Control-C reaches the command too, and a shorter wait would leave its servers behind.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go run %s: %w", pkg, err)
	}
	return nil
}
