package main

import (
	"os"
	"runtime/debug"
)

const (
	// garbage lets the heap grow to nine times what is in use before it is
	// cleaned. What a turn leaves behind is many times what it keeps: cleaning at
	// twice, as by default, cost a server a tenth of its processor, and at five
	// times it kept people waiting twice a second.
	garbage = 800
	// roomy is the memory from which on it is cleaned more often instead.
	roomy = 512 << 20
)

// tuneMemory trades memory for processor, unless the environment says how.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(roomy)
	}
}
