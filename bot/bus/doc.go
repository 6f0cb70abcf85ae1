// Package bus carries between instances what is worth having soon and may be
// lost: hints that a conversation changed, which advisers are here, the pace of
// texts, the limits on abuse. Nothing in it is a fact: a store that is read
// again gives the same answers, a little later.
//
// [Local] does it inside one process, [Redis] for several. While Redis is away,
// killed or frozen, no call waits for it: hints stay in the process, limits
// count in the process, the pace is a share of the whole, and presence is
// unknown.
package bus
