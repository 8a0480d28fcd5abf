package devtasks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// readJest reads Jest's JSON report. A test file that does not even load is one failure.
func readJest(text []byte) (Counts, error) {
	var report struct {
		NumPassedTests, NumFailedTests, NumRuntimeErrorTestSuites int
		TestResults                                               []struct {
			AssertionResults []struct{ FullName, Status string }
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return Counts{}, fmt.Errorf("the report of Jest cannot be read: %w", err)
	}
	counts := Counts{Passed: report.NumPassedTests, Failed: report.NumFailedTests + report.NumRuntimeErrorTestSuites}
	for _, file := range report.TestResults {
		for _, test := range file.AssertionResults {
			switch test.Status {
			case "pending", "todo", "skipped", "disabled":
				counts.Skipped = append(counts.Skipped, Skip{Test: test.FullName, Reason: "marked as " + test.Status + " in its file"})
			}
		}
	}
	return counts, nil
}

type playwrightSuite struct {
	Title  string
	Suites []playwrightSuite
	Specs  []struct {
		Title string
		Tests []struct {
			Status      string
			Annotations []struct{ Type, Description string }
		}
	}
}

// readPlaywright reads Playwright's JSON report. A test that passed only when it was tried again failed.
func readPlaywright(text []byte) (Counts, error) {
	var report struct {
		Suites []playwrightSuite
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(text, &report); err != nil {
		return Counts{}, fmt.Errorf("the report of Playwright cannot be read: %w", err)
	}
	counts := Counts{Failed: len(report.Errors)}
	for _, suite := range report.Suites {
		counts.add(suite.counts(nil))
	}
	return counts, nil
}

func (s playwrightSuite) counts(above []string) Counts {
	var counts Counts
	titles := append(slices.Clip(above), s.Title)
	for _, spec := range s.Specs {
		for _, test := range spec.Tests {
			switch test.Status {
			case "expected":
				counts.Passed++
			case "skipped":
				skip := Skip{Test: strings.Join(append(slices.Clip(titles), spec.Title), " > ")}
				for _, note := range test.Annotations {
					skip.Reason = strings.TrimSpace(note.Type + " " + note.Description)
				}
				counts.Skipped = append(counts.Skipped, skip)
			default: // unexpected, flaky
				counts.Failed++
			}
		}
	}
	for _, suite := range s.Suites {
		counts.add(suite.counts(titles))
	}
	return counts
}
