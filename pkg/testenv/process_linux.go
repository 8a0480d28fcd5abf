package testenv

import (
	"os/exec"
	"syscall"
)

// dieWithParent has the kernel kill the child when this process is killed, for then nobody calls Close.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
