// Package postgres is the store for several instances or organisations. It
// keeps the ports of package bot (Store, Desk) on a Postgres server; the suite
// in bot/storetest says what they promise.
//
// # A commit
//
// A group of turns is one transaction in one round trip: a pipeline of prepared
// statements over arrays, which the server commits at its end. The first
// statement (judge.go) locks what the turns touch, in the order of ids, so that
// two instances do not wait for each other; it gives each turn its verdict and
// leaves the list of those that hold in a setting of the transaction. Each
// further statement (write.go, lines.go, kept.go, jobs.go, outbox.go) writes one
// table's rows of the turns on that list, and is only sent when there are any.
// Texts have to be sealed before anything is sent, so the store remembers the
// keys of the people who were here lately; for others it asks once per group.
//
// What a lock cannot exclude, a row that does not exist yet, ends in a unique
// violation: the group is then undone and its turns are committed one by one,
// where the second look sees the row. The same way one turn that the database
// refuses, or a deadlock, never sinks its group.
//
// Turns of one group that touch the same conversation, event, address or job
// take effect in their order (waves.go): the statements for the later ones come
// after those for the earlier ones, in the same pipeline.
//
// # Durability
//
// Open refuses a server with fsync or synchronous_commit off: what Commit
// acknowledged survives a power cut. Deleted rows stay in the server's files
// until VACUUM and in its archived log for as long as that is kept; what an
// erasure leaves there is sealed, and so is the person's key.
package postgres
