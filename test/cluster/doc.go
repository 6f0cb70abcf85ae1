// Package cluster runs two real instances on one Postgres and one Redis behind
// the proxy, all of them started from the files of deploy, and hurts them while
// people text and chat: kill -9, a long pause, a crash of the database, Redis
// flushed, killed or frozen, a new version rolled out. It looks from outside, at
// what phones and browsers received.
package cluster
