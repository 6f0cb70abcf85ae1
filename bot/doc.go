// Package bot is the vocabulary of the product and the one decision at its
// heart. A person has addresses; a conversation has threads, one per address;
// whatever happens to a conversation is an Event; Turn decides, purely, what
// becomes of the conversation and what must follow; a Store makes both durable
// in one commit. Nothing here does I/O, knows the time or draws a number: the
// World carries those in.
//
// Read the files in this order: id, address, line, conversation, event,
// effect, world, turn, and then store for the ports.
package bot
