package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Entry is one send that the API accepted: what left the service, seen from
// outside. Retries and faults are visible in it as they happened.
type Entry struct {
	SID            string    `json:"sid"`
	At             time.Time `json:"at"` // UTC
	From           string    `json:"from"`
	To             string    `json:"to"`
	Body           string    `json:"body"`
	Segments       int       `json:"segments"`
	StatusCallback string    `json:"status_callback,omitempty"`
}

// LogValue keeps numbers and texts out of logs.
func (e Entry) LogValue() slog.Value { return slog.GroupValue(slog.String("sid", e.SID)) }

// Ledger gives the accepted sends that are still remembered, in order of
// acceptance. Redacting or deleting a message through the API changes nothing
// here.
func (o *Operator) Ledger() []Entry {
	sends := o.archive.list(func(r *record) bool { return r.Direction == OutboundAPI })
	entries := make([]Entry, len(sends))
	for i, r := range sends {
		entries[len(sends)-1-i] = entryOf(r)
	}
	return entries
}

func entryOf(r record) Entry {
	return Entry{
		SID: r.SID, At: r.Created, From: r.From, To: r.To, Body: r.Body,
		Segments: r.Segments, StatusCallback: r.callback,
	}
}

// ReadLedger reads a ledger file written under Config.LedgerPath, also of a
// process that was killed: a last line without its end is left out, since the
// API had not answered yet. A file that does not exist has no entries.
func ReadLedger(path string) ([]Entry, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	var entries []Entry
	for decoder := json.NewDecoder(bytes.NewReader(whole)); ; {
		var entry Entry
		err := decoder.Decode(&entry)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return entries, fmt.Errorf("read ledger entry %d: %w", len(entries)+1, err)
		}
		entries = append(entries, entry)
	}
}

// ledger appends entries to a file; without a path it does nothing.
type ledger struct {
	path string

	mu   sync.Mutex
	file *os.File // opened by the first entry
}

// append returns once the entry is on the disk.
func (l *ledger) append(e Entry) error {
	if l.path == "" {
		return nil
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode ledger entry: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.open(); err != nil {
		return err
	}
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write ledger entry: %w", err)
	}
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("sync ledger: %w", err)
	}
	return nil
}

// open opens the file once, and drops the half line that a killed process may
// have left at its end.
func (l *ledger) open() error {
	if l.file != nil {
		return nil
	}
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open ledger: %w", err)
	}
	if err := cutTornLine(file); err != nil {
		file.Close()
		return fmt.Errorf("mend ledger: %w", err)
	}
	l.file = file
	return nil
}

func cutTornLine(file *os.File) error {
	data, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	return file.Truncate(int64(bytes.LastIndexByte(data, '\n') + 1))
}

func (l *ledger) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	file := l.file
	l.file = nil
	if err := file.Close(); err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}
