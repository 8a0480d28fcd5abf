package devtasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// goEvent is one line of "go test -json"; see "go doc test2json" and "go help buildjson".
type goEvent struct {
	Action      string
	Package     string
	ImportPath  string // of build events
	Test        string
	Output      string
	FailedBuild string
}

// goReport is what a run of the Go tests did. Subtests count as tests of their own.
type goReport struct {
	Counts
	packages []*goPackage
	builds   map[string]string // the compiler's words by build
}

type goPackage struct {
	name        string
	failed      bool
	failedBuild string
	said        string // beside the tests
	tests       []*goTestRun
}

type goTestRun struct {
	name   string
	action string
	said   string
}

// readGoTests reads the events of "go test -json".
func readGoTests(r io.Reader) (*goReport, error) {
	report := &goReport{builds: map[string]string{}}
	packages := map[string]*goPackage{}
	tests := map[[2]string]*goTestRun{}
	for decoder := json.NewDecoder(r); ; {
		var event goEvent
		if err := decoder.Decode(&event); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("the output of go test cannot be read: %w", err)
		}
		if event.Action == "build-output" {
			report.builds[event.ImportPath] += event.Output
		}
		if event.Package == "" {
			continue
		}
		pkg := packages[event.Package]
		if pkg == nil {
			pkg = &goPackage{name: event.Package}
			packages[event.Package] = pkg
			report.packages = append(report.packages, pkg)
		}
		if event.Test == "" {
			pkg.take(event)
			continue
		}
		key := [2]string{event.Package, event.Test}
		test := tests[key]
		if test == nil {
			test = &goTestRun{name: event.Test}
			tests[key] = test
			pkg.tests = append(pkg.tests, test)
		}
		test.take(event)
	}
	for _, pkg := range report.packages {
		report.add(pkg.counts())
	}
	return report, nil
}

func (p *goPackage) take(event goEvent) {
	switch event.Action {
	case "output":
		p.said += event.Output
	case "fail":
		p.failed, p.failedBuild = true, event.FailedBuild
	}
}

func (t *goTestRun) take(event goEvent) {
	switch event.Action {
	case "output":
		t.said += event.Output
	case "pass", "fail", "skip":
		t.action = event.Action
	}
}

// counts counts the package's tests. A package that fails without a failing test, for it does not build or its process
// died, is one failure.
func (p *goPackage) counts() Counts {
	var c Counts
	for _, test := range p.tests {
		switch test.action {
		case "pass":
			c.Passed++
		case "fail":
			c.Failed++
		case "skip":
			c.Skipped = append(c.Skipped, Skip{Test: p.name + " " + test.name, Reason: test.reason()})
		}
	}
	if p.failed {
		c.Failed = max(c.Failed, 1)
	}
	return c
}

// reason returns what a skipped test said, without the lines of the test runner.
func (t *goTestRun) reason() string {
	var said []string
	for line := range strings.Lines(t.said) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}

// failures is what "go test" prints of the packages that failed: the words of the compiler, of the tests that failed or
// never ended, and of the package.
func (r *goReport) failures() string {
	var b strings.Builder
	for _, pkg := range r.packages {
		if !pkg.failed {
			continue
		}
		b.WriteString(r.builds[pkg.failedBuild])
		for _, test := range pkg.tests {
			if test.action == "fail" || test.action == "" {
				b.WriteString(test.said)
			}
		}
		b.WriteString(pkg.said)
	}
	return b.String()
}
