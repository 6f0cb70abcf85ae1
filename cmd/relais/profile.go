package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profiled records where the processor and the memory go from now on, for the
// benchmark: with RELAIS_TEST_PROFILE=dir the program writes cpu.pprof,
// allocs-before.pprof and allocs.pprof there by the time the function it
// returns was called. Without it nothing is recorded.
func profiled(log *slog.Logger) (stop func()) {
	dir := os.Getenv("RELAIS_TEST_PROFILE")
	if dir == "" {
		return func() {}
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err == nil {
		err = errors.Join(writeAllocations(filepath.Join(dir, "allocs-before.pprof")), pprof.StartCPUProfile(cpu))
	}
	if err != nil {
		log.Error("no profile", slog.Any("error", err))
		return func() {}
	}
	return func() {
		pprof.StopCPUProfile()
		if err := errors.Join(cpu.Close(), writeAllocations(filepath.Join(dir, "allocs.pprof"))); err != nil {
			log.Error("no profile", slog.Any("error", err))
		}
	}
}

func writeAllocations(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("profile allocations: %w", err)
	}
	runtime.GC() // such a profile is as of the latest collection
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// holding tells whether texts stay in their outbox, as they do beside an
// instance that sends them: with RELAIS_TEST_HOLD=1, for the benchmark of turns
// alone.
func holding() bool { return os.Getenv("RELAIS_TEST_HOLD") == "1" }
