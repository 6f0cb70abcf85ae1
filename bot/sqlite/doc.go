// Package sqlite is the embedded store: one file, nothing to install. It keeps
// the ports of package bot (Store and Desk); the suite in bot/storetest says
// what they promise.
//
// # One writer, several readers
//
// One connection writes, and one goroutine at a time uses it: commits, claims
// of jobs, and everything the registry saves. Each write is one transaction
// begun with BEGIN IMMEDIATE, so that a second process (a command beside the
// server) waits its turn instead of failing half-way. Loads and pages use a
// small pool of connections that cannot write; in WAL mode they see a commit
// as soon as it has returned, and never wait for the writer.
//
// The file is in WAL mode with synchronous=FULL: what Commit acknowledged
// survives a power cut. A group of turns shares one fsync, each turn within a
// savepoint of its own.
//
// Deleted content is overwritten in the file (secure_delete), and an erasure
// empties the write-ahead log too.
package sqlite
