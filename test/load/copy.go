package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// copy makes another store with the same content, so that every run on a filled
// one begins alike. Nothing may have the first one open. Remove it.
func (s *store) copy(ctx context.Context) (*store, error) {
	if s.kind == onPostgres {
		at, err := s.cluster.Copy(ctx, s.at)
		if err != nil {
			return nil, err
		}
		return &store{kind: s.kind, dsn: at.String(), cluster: s.cluster, at: at}, nil
	}
	dir, err := os.MkdirTemp("", "relais-load-sqlite")
	if err != nil {
		return nil, fmt.Errorf("copy a store: %w", err)
	}
	c := &store{kind: s.kind, dsn: "sqlite:" + filepath.Join(dir, "relais.db"), dir: dir}
	files, err := filepath.Glob(filepath.Join(s.dir, "relais.db*"))
	if err != nil {
		return nil, fmt.Errorf("copy a store: %w", err)
	}
	for _, path := range files {
		if err := copyFile(filepath.Join(dir, filepath.Base(path)), path); err != nil {
			return nil, errors.Join(fmt.Errorf("copy a store: %w", err), os.RemoveAll(dir))
		}
	}
	return c, nil
}

// copyFile copies to the disk, so that no run pays for writing it out.
func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		return errors.Join(err, target.Close())
	}
	return errors.Join(target.Sync(), target.Close())
}
