package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// benchLanes runs the simulations of the two lanes, which are tests because they run in
// simulated time, and relays the figures that they print.
func benchLanes(ctx context.Context, report func(string, float64, string)) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^TestFigure", "./pkg/testenv/lanes/", "./pkg/plugin/")
	out, failed := cmd.CombinedOutput()
	figures, err := relay(bytes.NewReader(out), report)
	switch {
	case failed != nil:
		return fmt.Errorf("the simulations failed (%w):\n%s", failed, complaints(out))
	case err != nil:
		return err
	case figures == 0:
		return errors.New("the simulations printed no figure")
	}
	return nil
}

// amplification are the figures of which the worst is reported once more without its part.
const amplification = "retry_amplification"

// relay reports the lines of a test's output that hold "figure <name> <value> <unit>", and
// returns how many there are.
func relay(out io.Reader, report func(string, float64, string)) (n int, err error) {
	worst := 0.0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		_, text, ok := strings.Cut(lines.Text(), ": figure ")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(text, " ")
		number, unit, _ := strings.Cut(rest, " ")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return n, fmt.Errorf("the figure %s is no number: %w", name, err)
		}
		n++
		report(name, value, unit)
		if strings.HasPrefix(name, amplification) {
			worst = max(worst, value)
		}
	}
	if worst > 0 {
		report(amplification, worst, "ratio")
	}
	return n, lines.Err()
}

// complaints returns the lines of a test's output that tell what failed.
func complaints(out []byte) string {
	var kept []string
	for l := range strings.Lines(string(out)) {
		if strings.Contains(l, "FAIL") || strings.Contains(l, "Error") || strings.Contains(l, "actual") || strings.Contains(l, "expected") {
			kept = append(kept, strings.TrimRight(l, "\n"))
		}
	}
	const enough = 20
	return strings.Join(kept[:min(len(kept), enough)], "\n")
}
