// Package postgres is the store for several instances or organisations. It
// keeps the ports of package bot (Store, Desk) on a Postgres server; the suite
// in bot/storetest says what they promise.
//
// # A commit
//
// A group of turns is one transaction of three round trips: lock and read what
// the turns depend on (facts.go), judge each of them here, write those that
// hold (write.go), then COMMIT. Rows are locked in the order of their ids, so
// that two instances do not wait for each other. What a lock cannot exclude, a
// row that does not exist yet, ends in a unique violation: the group is then
// undone and its turns are committed one by one, where the second look sees
// the row. The same way one turn that the database refuses, or a deadlock,
// never sinks its group.
//
// Turns of one group that touch the same conversation, event, address or job
// take effect in their order: the later ones are judged again after the
// earlier ones were written.
//
// # Durability
//
// Open refuses a server with fsync or synchronous_commit off: what Commit
// acknowledged survives a power cut. Deleted rows stay in the server's files
// until VACUUM and in its archived log for as long as that is kept; what an
// erasure leaves there is sealed, and so is the person's key.
package postgres
