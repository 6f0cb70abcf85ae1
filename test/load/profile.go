package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"relais/test/load/operator"
	"relais/test/load/texting"
)

// profile records where the server's processor and allocations go while 32
// people text at once, as text beside the benchmark.
func profile(ctx context.Context, args []string, out io.Writer) (err error) {
	o := newOptions("profile", "sqlite,postgres")
	dir := o.flags.String("out", "", "directory for the text; empty prints it")
	if err := o.parse(args); err != nil {
		return err
	}
	l, err := newLab(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	l.header(fmt.Sprintf("profile of the server, %d people at once, %v", loaded, o.duration))
	for _, kind := range l.stores {
		for _, mode := range []string{modeHeld, modeDelivered} {
			if err := l.profile(ctx, kind, mode, *dir); err != nil {
				return fmt.Errorf("%s, replies %s: %w", kind, mode, err)
			}
		}
	}
	return nil
}

// profile is one run; the server writes its profile as it stops.
func (l *lab) profile(ctx context.Context, kind, mode, dir string) (err error) {
	raw, err := os.MkdirTemp("", "relais-load-profile")
	if err != nil {
		return err
	}
	defer os.RemoveAll(raw)
	r, err := l.profiled(ctx, kind, mode, raw)
	if err != nil {
		return err
	}
	title := fmt.Sprintf("%s, replies %s: %.0f turns/s under the profiler", kind, mode, r.PerSecond)
	cpu, err := top(ctx, filepath.Join(raw, "cpu.pprof"))
	if err != nil {
		return err
	}
	flat, err := top(ctx, "-flat", filepath.Join(raw, "cpu.pprof"))
	if err != nil {
		return err
	}
	objects, err := top(ctx, "-sample_index=alloc_objects", "-base", filepath.Join(raw, "allocs-before.pprof"), filepath.Join(raw, "allocs.pprof"))
	if err != nil {
		return err
	}
	bytes, err := top(ctx, "-sample_index=alloc_space", "-base", filepath.Join(raw, "allocs-before.pprof"), filepath.Join(raw, "allocs.pprof"))
	if err != nil {
		return err
	}
	text := strings.Join([]string{title, "== processor, cumulative", cpu, "== processor, by function", flat,
		"== allocations, objects", objects, "== allocations, bytes", bytes}, "\n")
	if dir == "" {
		_, err := io.WriteString(l.out, text)
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, kind+"-"+mode+".txt")
	fmt.Fprintf(l.out, "%s → %s\n", title, path)
	return os.WriteFile(path, []byte(text), 0o644)
}

func (l *lab) profiled(ctx context.Context, kind, mode, raw string) (r Run, err error) {
	st, err := l.newStore(ctx, kind)
	if err != nil {
		return Run{}, err
	}
	defer func() { err = errors.Join(err, st.remove(ctx)) }()
	env := []string{"RELAIS_TEST_PROFILE=" + raw}
	if mode == modeHeld {
		env = append(env, held)
	}
	s, err := l.begin(ctx, st, operator.Null, texting.NewCrowd(0, l.people), l.people, env...)
	if err != nil {
		return Run{}, err
	}
	defer s.end()
	if err := s.meet(ctx, mode == modeDelivered); err != nil {
		return Run{}, err
	}
	return s.closed(ctx, loaded, mode == modeDelivered)
}

// entries is how long each list is.
const entries = 40

// top has the profile's largest entries written out, cumulative unless the
// first argument is -flat.
func top(ctx context.Context, args ...string) (string, error) {
	command := []string{"tool", "pprof", "-top", fmt.Sprintf("-nodecount=%d", entries)}
	if args[0] == "-flat" {
		args = args[1:]
	} else {
		command = append(command, "-cum")
	}
	out, err := exec.CommandContext(ctx, "go", append(command, args...)...).Output()
	if err != nil {
		return "", fmt.Errorf("go tool pprof: %w", err)
	}
	return withoutPaths(string(out)), nil
}

// withoutPaths drops the lines that tell where and when the profile was taken.
func withoutPaths(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		switch name, _, _ := strings.Cut(line, ":"); name {
		case "File", "Build ID", "Time":
		default:
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
