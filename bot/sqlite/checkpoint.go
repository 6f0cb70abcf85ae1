package sqlite

import (
	"database/sql"
	"fmt"
	"net/url"
	"sync"
)

// When the log is copied to the database file. SQLite does so inside the commit
// that makes the log long, for ten milliseconds and more, while everybody else
// waits. Here it is copied beside the writer, who waits only for the last few
// pages, once in a while: a log that is not copied whole never begins anew.
const (
	copyAfter  = 1000  // rows written since the last time: about twice as many pages
	beginAnew  = 16000 // pages in the log (64 MB) after which the writer waits; each wait is mostly two to four milliseconds, ten at times
	copyAtOnce = 64000 // pages after which the writer copies by itself: nobody did for long
)

// checkpointer copies what was committed from the log to the database file, on a
// connection of its own.
type checkpointer struct {
	db     *sql.DB
	writer *writer
	over   chan struct{} // closed when it is to end
	ended  sync.WaitGroup
}

func newCheckpointer(path string, w *writer) (*checkpointer, error) {
	db, err := connect(path, 1, url.Values{"_synchronous": {"FULL"}, "_dqs": {"0"}})
	if err != nil {
		return nil, err
	}
	c := &checkpointer{db: db, writer: w, over: make(chan struct{})}
	c.ended.Go(c.run)
	return c, nil
}

func (c *checkpointer) run() {
	for {
		select {
		case <-c.over:
			return
		case <-c.writer.long:
		}
		// What fails here is tried again with the next rows: the log only grows.
		if pages, err := copyLog(c.db); err == nil && pages >= beginAnew {
			c.rest()
		}
	}
}

// rest copies what was written meanwhile, then what was written during that.
// With all of the log copied and nobody reading from it, the next commit begins
// it anew.
func (c *checkpointer) rest() {
	copyLog(c.db)
	c.writer.turn <- struct{}{}
	defer c.writer.release()
	copyLog(c.db)
}

// copyLog copies as much as can be without waiting for anybody, and returns how
// many pages the log has.
func copyLog(db *sql.DB) (pages int, err error) {
	var busy, copied int
	if err := db.QueryRow(`PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &pages, &copied); err != nil {
		return 0, fmt.Errorf("copy the log: %w", err)
	}
	return pages, nil
}

func (c *checkpointer) close() error {
	close(c.over)
	c.ended.Wait()
	return c.db.Close()
}
