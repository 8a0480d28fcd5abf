// Package devtasks is what the Magefile's targets do: it runs the checks and tests of a developer's day one after
// another, says how long each took, shows the output of those that failed, and ends with one count over all tests.
package devtasks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// stillRunning is how often a step that goes on says so.
const stillRunning = 30 * time.Second

// Skip is a test that did not run.
type Skip struct {
	Test string
	// Reason is what the test says about it; empty where its runner keeps no reason.
	Reason string
}

// Counts are the outcomes of the tests of a step.
type Counts struct {
	Passed, Failed int
	Skipped        []Skip
}

func (c *Counts) add(other Counts) {
	c.Passed += other.Passed
	c.Failed += other.Failed
	c.Skipped = append(c.Skipped, other.Skipped...)
}

// String is the form "N passed, N failed", followed by ", N skipped" where a test was skipped.
func (c Counts) String() string {
	text := fmt.Sprintf("%d passed, %d failed", c.Passed, c.Failed)
	if len(c.Skipped) > 0 {
		text += fmt.Sprintf(", %d skipped", len(c.Skipped))
	}
	return text
}

// Result is what a step has to tell beside whether it failed.
type Result struct {
	// Counts is nil for a step that runs no tests.
	Counts *Counts
	// Note is one line for the summary, such as a limitation of this machine.
	Note string
}

type outcome struct {
	name   string
	took   time.Duration
	err    error
	notRun bool
	result Result
}

// Session runs steps one after another and sums them up. It is not safe for concurrent use.
type Session struct {
	out   *lockedWriter
	now   func() time.Time
	steps []outcome
}

// NewSession returns a session that writes to w and reads the time from now.
func NewSession(w io.Writer, now func() time.Time) *Session {
	return &Session{out: &lockedWriter{w: w}, now: now}
}

// Step says what it does, runs it, says how long it took, and returns whether it succeeded. A step that fails shows its
// error. Once ctx has ended, further steps are only noted as not run.
func (s *Session) Step(ctx context.Context, name string, do func(context.Context) (Result, error)) bool {
	if ctx.Err() != nil {
		s.Leave(name)
		return false
	}
	s.out.printf("==> %s\n", name)
	start := s.now()
	stop := s.heartbeat(start)
	result, err := do(ctx)
	stop()
	took := s.now().Sub(start)
	if err != nil {
		s.out.printf("%s\n    FAILED after %s\n", strings.TrimRight(err.Error(), "\n"), seconds(took))
	} else {
		s.out.printf("    ok in %s\n", seconds(took))
	}
	s.steps = append(s.steps, outcome{name: name, took: took, err: err, result: result})
	return err == nil
}

// Leave notes a step that is not run because one before it failed.
func (s *Session) Leave(name string) {
	s.steps = append(s.steps, outcome{name: name, notRun: true})
}

// Close prints one line a step and last, where a step runs tests, the counts over all of them. It returns an error that names the failed steps, and
// counts a step that failed without a failing test as one failure, so that the last line never reads like success then.
func (s *Session) Close() error {
	var total Counts
	var failed []string
	width := 0
	for _, step := range s.steps {
		width = max(width, len(step.name))
	}
	s.out.printf("\nSummary\n")
	for _, step := range s.steps {
		state, counts := "ok", Counts{}
		if step.result.Counts != nil {
			counts = *step.result.Counts
		}
		switch {
		case step.notRun:
			state = "not run"
		case step.err != nil:
			state = "FAILED"
			failed = append(failed, step.name)
			counts.Failed = max(counts.Failed, 1)
		}
		s.line(step, state, width)
		total.add(counts)
	}
	for _, skip := range total.Skipped {
		s.out.printf("  skipped: %s: %s\n", skip.Test, orUnknown(skip.Reason))
	}
	if total.Passed+total.Failed+len(total.Skipped) > 0 {
		s.out.printf("%s\n", total)
	}
	if len(failed) > 0 {
		return errors.New("failed: " + strings.Join(failed, ", "))
	}
	return nil
}

func (s *Session) line(step outcome, state string, width int) {
	text := fmt.Sprintf("  %-7s  %-*s", state, width, step.name)
	if !step.notRun {
		text += fmt.Sprintf("  %8s", seconds(step.took))
	}
	if step.result.Counts != nil {
		text += "  " + step.result.Counts.String()
	}
	if step.result.Note != "" {
		text += "  (" + step.result.Note + ")"
	}
	s.out.printf("%s\n", text)
}

// progress prints what a part of the test environment says about itself.
func (s *Session) progress(format string, args ...any) {
	s.out.printf("    "+format+"\n", args...)
}

// heartbeat says from time to time that the step goes on, until stop is called.
func (s *Session) heartbeat(start time.Time) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(stillRunning)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				s.out.printf("    still running after %s\n", seconds(s.now().Sub(start)))
			}
		}
	})
	return func() {
		close(done)
		ended.Wait()
	}
}

// lockedWriter keeps lines of different goroutines apart.
type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Nothing could be said about a terminal that is gone.
	_, _ = fmt.Fprintf(l.w, format, args...)
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%.1f s", d.Seconds())
}

func orUnknown(reason string) string {
	if reason == "" {
		return "no reason given"
	}
	return reason
}
