package devtasks

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/lokalyst/lokalyst/pkg/testenv"
)

// The oldest Node.js that will do, the same as engines in package.json.
const (
	nodeMajor = 20
	nodeMinor = 19
)

// installNode says what to do about a missing or old Node.js.
var installNode = fmt.Sprintf("install Node.js %d.%d or newer with npm (Debian 13 has it: apt-get install nodejs npm)", nodeMajor, nodeMinor)

// TestFrontend checks and tests the front end and returns whether all passed. The browser's tests run against the built
// plugin in the Chromium of testenv.
func (s *Session) TestFrontend(ctx context.Context) bool {
	const types, lint, jest, browser = "npm run typecheck", "npm run lint", "npm run test:ci", "npm run test:browser"
	if !s.Packages(ctx) {
		for _, name := range []string{types, lint, jest, browser} {
			s.Leave(name)
		}
		return false
	}
	ok := true
	for _, name := range []string{types, lint} {
		ok = s.Step(ctx, name, func(ctx context.Context) (Result, error) {
			return Result{}, npm("run", strings.TrimPrefix(name, "npm run ")).check(ctx)
		}) && ok
	}
	ok = s.Step(ctx, jest, jestTests) && ok
	return s.Step(ctx, browser, s.browserTests) && ok
}

// BuildFrontend builds the front end into dist/ and returns whether it did.
func (s *Session) BuildFrontend(ctx context.Context) bool {
	const name = "npm run build"
	if !s.Packages(ctx) {
		s.Leave(name)
		return false
	}
	return s.Step(ctx, name, func(ctx context.Context) (Result, error) { return Result{}, npm("run", "build").check(ctx) })
}

// Packages installs the front end's packages where they are missing or older than the lock file.
func (s *Session) Packages(ctx context.Context) bool {
	return s.Step(ctx, "npm packages", func(ctx context.Context) (Result, error) {
		if err := checkNode(ctx); err != nil {
			return Result{}, err
		}
		if packagesAreFresh(".") {
			return Result{Note: "already there"}, nil
		}
		s.progress("running npm ci; this takes minutes where npm's cache is empty")
		return Result{}, npm("ci", "--no-audit", "--no-fund").check(ctx)
	})
}

func npm(args ...string) command {
	return command{args: append([]string{"npm"}, args...), env: []string{"FORCE_COLOR=0"}}
}

// checkNode returns nil where Node.js and npm are there and new enough, else an error that says what to install.
func checkNode(ctx context.Context) error {
	node, err := program("node", installNode)
	if err != nil {
		return err
	}
	if _, err := program("npm", installNode); err != nil {
		return err
	}
	version, err := command{args: []string{node, "--version"}}.output(ctx)
	if err != nil {
		return err
	}
	if !nodeIsNewEnough(version) {
		return fmt.Errorf("%s is Node.js %s: %s", node, version, installNode)
	}
	return nil
}

var nodeVersion = regexp.MustCompile(`^v(\d+)\.(\d+)\.`)

func nodeIsNewEnough(version string) bool {
	found := nodeVersion.FindStringSubmatch(version)
	if found == nil {
		return false
	}
	major, _ := strconv.Atoi(found[1])
	minor, _ := strconv.Atoi(found[2])
	return major > nodeMajor || (major == nodeMajor && minor >= nodeMinor)
}

// packagesAreFresh says whether npm finished an installation in root after the lock file changed last.
func packagesAreFresh(root string) bool {
	lock, err := os.Stat(filepath.Join(root, "package-lock.json"))
	if err != nil {
		return false
	}
	// npm writes this file at the end of an installation.
	done, err := os.Stat(filepath.Join(root, "node_modules", ".package-lock.json"))
	return err == nil && !done.ModTime().Before(lock.ModTime())
}

func jestTests(ctx context.Context) (Result, error) {
	return withReport(func(file string) command {
		return npm("run", "test:ci", "--", "--json", "--outputFile="+file)
	}, readJest)(ctx)
}

func (s *Session) browserTests(ctx context.Context) (Result, error) {
	chromium, err := testenv.Chromium(ctx, s.progress)
	if err != nil {
		return Result{}, err
	}
	return withReport(func(file string) command {
		cmd := npm("run", "test:browser", "--", "--reporter=list,json")
		cmd.env = append(cmd.env, testenv.ChromiumEnv+"="+chromium, "PLAYWRIGHT_JSON_OUTPUT_FILE="+file)
		return cmd
	}, readPlaywright)(ctx)
}

// withReport returns a step that runs tests which write a report to a file.
func withReport(tests func(file string) command, read func(text []byte) (Counts, error)) func(context.Context) (Result, error) {
	return func(ctx context.Context) (result Result, err error) {
		dir, err := os.MkdirTemp("", "devtasks-")
		if err != nil {
			return Result{}, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		file := filepath.Join(dir, "report.json")
		runErr := tests(file).check(ctx)
		text, err := os.ReadFile(file)
		if err != nil {
			// Tests that never began write no report.
			if runErr != nil {
				return Result{}, runErr
			}
			return Result{}, fmt.Errorf("the tests left no report: %w", err)
		}
		counts, err := read(text)
		if err != nil {
			return Result{}, errors.Join(runErr, err)
		}
		return Result{Counts: &counts}, runErr
	}
}
