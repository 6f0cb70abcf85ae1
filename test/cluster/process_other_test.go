//go:build !linux

package cluster

import "os/exec"

func dieWithUs(*exec.Cmd) {}
