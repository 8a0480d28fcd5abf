package report

import (
	"encoding/xml"
	"fmt"

	"github.com/lokalyst/lokalyst/pkg/golden"
	"github.com/lokalyst/lokalyst/pkg/golden/score"
	"github.com/lokalyst/lokalyst/pkg/verdict"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string      `xml:"classname,attr"`
	Name    string      `xml:"name,attr"`
	Time    string      `xml:"time,attr"`
	Failure *junitError `xml:"failure"`
	Error   *junitError `xml:"error"`
}

type junitError struct {
	Type    string `xml:"type,attr"`
	Message string `xml:"message,attr"`
}

// JUnit writes the report as JUnit XML: one test suite a judge, one test case a case, under the
// name of its family. A wrong verdict is a failure, a case that a model could not be asked about
// an error. No text of a log or a model is in it.
func (r *Report) JUnit() ([]byte, error) {
	all := junitSuites{Name: "golden " + string(r.Split)}
	for i := range r.runs {
		s := suite(r.Judges[i].Name, &r.runs[i])
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
		all.Suites = append(all.Suites, s)
	}
	raw, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(raw, '\n')...), nil
}

func suite(name string, run *score.Run) junitSuite {
	s := junitSuite{Name: name, Tests: len(run.Results)}
	total := 0.0
	for i := range run.Results {
		r := &run.Results[i]
		took := (r.Cost.Latency + r.Cost.CPU).Seconds()
		total += took
		c := junitCase{Class: r.Family, Name: r.Case, Time: fmt.Sprintf("%.3f", took)}
		switch {
		case r.Degraded:
			c.Error = &junitError{"degraded", "the model could not judge; the rules say " + given(r)}
			s.Errors++
		case !score.Right(r):
			c.Failure = &junitError{"verdict", "expected " + expected(r) + ", got " + given(r)}
			s.Failures++
		}
		s.Cases = append(s.Cases, c)
	}
	s.Time = fmt.Sprintf("%.3f", total)
	return s
}

// expected and given are a verdict with its severity in words.
func expected(r *golden.Result) string { return words(r.Expected.Severity) }
func given(r *golden.Result) string    { return words(r.Severity) }

func words(s verdict.Severity) string {
	if s.Word() == s.String() {
		return s.Word()
	}
	return fmt.Sprintf("%s (%s)", s.Word(), s)
}
