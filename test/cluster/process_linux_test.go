package cluster

import (
	"os/exec"
	"syscall"
)

// dieWithUs ends a program with the test, however the test ends.
func dieWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
