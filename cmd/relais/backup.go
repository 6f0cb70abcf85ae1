package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"relais/bot/sqlite"
)

type backupCommand struct {
	File string `arg:"" help:"Where to write the copy; it must not exist yet."`
}

// Run copies the SQLite store to a file while the server goes on. The copy is
// on the disk when it returns, under its name only once it is whole.
func (c backupCommand) Run(p *program) (err error) {
	if !p.config.embedded() {
		return errors.New("backup is for a store in a file; for Postgres use pg_dump, as the README says")
	}
	if _, err := os.Stat(c.File); err == nil {
		return fmt.Errorf("%s exists already", c.File)
	}
	if dir := filepath.Dir(c.File); !isDirectory(dir) {
		return fmt.Errorf("there is no directory %s to write the copy to", dir)
	}
	if _, err := os.Stat(p.config.file()); err != nil {
		return fmt.Errorf("nothing to copy: %w", err)
	}
	keys, err := keyring(p.ctx, p.config)
	if err != nil {
		return err
	}
	// As it is: a backup is often made before a new version is let in.
	s, err := sqlite.Open(p.ctx, sqlite.Config{Path: p.config.file(), Keys: keys, NoMigrate: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	began := time.Now()
	size, err := c.write(p, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s: %.1f MB in %s\n", c.File, float64(size)/1e6, time.Since(began).Round(time.Millisecond))
	if p.config.Secret == "" {
		fmt.Fprintf(p.out, "it opens only with the key in %s: keep a copy of that too, elsewhere\n", filepath.Join(p.config.dataDir(), "secret"))
	}
	return nil
}

// write makes the copy beside its final name, then gives it that name.
func (c backupCommand) write(p *program, s *sqlite.Store) (size int64, err error) {
	part := c.File + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	if err := s.Backup(p.ctx, part); err != nil {
		return 0, err
	}
	info, err := os.Stat(part)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(syncFile(part), os.Rename(part, c.File), syncFile(filepath.Dir(c.File))); err != nil {
		return 0, fmt.Errorf("write %s to the disk: %w", c.File, err)
	}
	return info.Size(), nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// syncFile waits until a file, or the names in a directory, are on the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
