package devtasks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// killDelay is how long a program that was asked to end may take, and its children may hold its output open.
const killDelay = 10 * time.Second

// command is a program to run in the repository's root.
type command struct {
	args []string
	// env is added to the environment of this process.
	env []string
}

// run returns what the program wrote to its two outputs, and an error without that text. The program sees no input. When
// ctx ends it is interrupted, and killed after killDelay.
func (c command) run(ctx context.Context) (stdout, stderr string, err error) {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = killDelay
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(c.args, " "), err)
	}
	return out.String(), errs.String(), err
}

// check runs the program and returns all that it wrote in the error when it fails.
func (c command) check(ctx context.Context) error {
	out, errs, err := c.run(ctx)
	return withOutput(err, out, errs)
}

// output returns what the program wrote to standard output without spaces at the ends.
func (c command) output(ctx context.Context) (string, error) {
	out, errs, err := c.run(ctx)
	return strings.TrimSpace(out), withOutput(err, out, errs)
}

// withOutput puts what a program wrote in front of its error; nil stays nil.
func withOutput(err error, texts ...string) error {
	if err == nil {
		return nil
	}
	var said []string
	for _, text := range texts {
		if text = strings.TrimRight(text, "\n"); text != "" {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return err
	}
	return fmt.Errorf("%s\n%w", strings.Join(said, "\n"), err)
}

// program returns the path of a program, or an error that says what to install.
func program(name, install string) (string, error) {
	path, err := exec.LookPath(name)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("%s is not on the PATH: %s", name, install)
	}
	return path, err
}
