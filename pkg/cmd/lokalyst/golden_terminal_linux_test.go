package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A terminal is a pseudo-terminal of which the test is the user.
type terminal struct {
	user, program *os.File
	mu            sync.Mutex
	screen        bytes.Buffer
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	program, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	term := &terminal{user: user, program: program}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := user.Read(buf)
			term.mu.Lock()
			term.screen.Write(buf[:n])
			term.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_, _ = user.WriteString("\n") // ends a reading of keys
		_ = program.Close()
		<-done
		_ = user.Close()
	})
	return term
}

func (x *terminal) shows() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

// press waits for a question and answers it with a key.
func (x *terminal) press(t *testing.T, question, key string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(x.shows(), question) }, time.Minute, 10*time.Millisecond, question)
	_, err := x.user.WriteString(key)
	require.NoError(t, err)
}

// TestGoldenRecordAtATerminal judges a window key by key, and leaves another.
func TestGoldenRecordAtATerminal(t *testing.T) {
	s := start(t, killed(time.Now()))
	out := filepath.Join(t.TempDir(), "cases.jsonl")
	record := func(answer func(*terminal)) error {
		term := newTerminal(t)
		before, err := unix.IoctlGetTermios(int(term.program.Fd()), unix.TCGETS)
		require.NoError(t, err)
		cmd := goldenRecordCommand()
		cmd.SetIn(term.program)
		cmd.SetOut(term.program)
		cmd.SetErr(term.program)
		cmd.SilenceUsage = true
		cmd.SilenceErrors = true
		cmd.SetArgs([]string{"--loki", s.loki, "--tenant", s.tenant, "--out", out, `{app=~".+"}`})
		done := make(chan error, 1)
		go func() { done <- cmd.ExecuteContext(t.Context()) }()
		answer(term)
		err = <-done
		after, terr := unix.IoctlGetTermios(int(term.program.Fd()), unix.TCGETS)
		require.NoError(t, terr)
		require.Equal(t, before, after, "the terminal is as it was")
		return err
	}
	require.Error(t, record(func(x *terminal) { x.press(t, "How bad is it?", "q") }))
	require.NoFileExists(t, out)
	require.NoError(t, record(func(x *terminal) { x.press(t, "How bad is it?", "s") }))
	require.NoFileExists(t, out)
	require.NoError(t, record(func(x *terminal) {
		x.press(t, "How bad is it?", "w")
		x.press(t, "What is it about?", "r")
		x.press(t, "evidence: p", "\r")
		x.press(t, "Which component", "node 7\r")
		x.press(t, "A note?", "\r")
		x.press(t, "Save?", "\r")
		require.NotRegexp(t, "[^\r]\n", x.shows(), "lines begin at the left")
	}))
	c := cases(t, out)[0]
	require.Equal(t, "suspicious", c.Expected.Verdict)
	require.EqualValues(t, "node", c.Expected.Category)
	require.Equal(t, "node 7", c.Expected.RootCause.Component)
	require.Len(t, c.Expected.EvidenceMust, 2)
}
