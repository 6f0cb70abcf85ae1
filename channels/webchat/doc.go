// Package webchat lets people talk with the assistant on a web page: the
// protocol relais.v1 over a websocket or over plain requests, the page element
// that speaks it, and a small public page to show it on.
//
// # Rows are the log
//
// A client says the last sequence number it holds and gets what follows, read
// from the store. What the bus says only means "look again", so that a hint
// lost, repeated or late changes nothing: a returning client misses no message
// and sees none twice.
//
// A session is 128 random bits, signed; the signature makes it ours without a
// row. A hello writes nothing: the conversation is born at the first thing
// said. A token that we did not sign is answered with session_unknown, and the
// connection stays open: the client then says hello without a session, and is
// given a new one.
//
// # Goroutines
//
// An idle socket has one goroutine, its reader, started by the HTTP handler,
// which returns at once so that its buffers are freed. The reader hands what the
// client sends, one frame after the other, to a goroutine that carries it out
// and ends. Another one, the writer, lives only while something waits to be
// written. A client that does
// not take what it is sent is let go: it finds the rest when it comes back.
// [Server.Close] ends them all.
//
// # Decisions
//
//   - A frame that is not a JSON object is unreadable: error bad_frame, then the
//     connection is closed. An object of an unknown type or with a field of the
//     wrong kind is answered with bad_frame, and the connection stays open.
//   - A text longer than 10,000 characters is taken and kept cut, as everywhere;
//     too_large is for frames over 64 KiB, after which the connection is closed.
//   - The ack carries the log's name, since the log only exists once something
//     was said; a client that keeps it need not wait for the next welcome.
//   - When a conversation disappears (it was erased) or begins anew under an
//     open connection, a second welcome says so.
//   - An eleventh connection of a session makes the oldest one leave, with a bye:
//     a phone that changes networks leaves dead connections behind it.
//   - While nothing can be kept, the message that comes first is sent again and
//     again, and those behind it are not, since they would overtake it once the
//     store is back. Each is shown to us once all the same, by a heed: it is read
//     for signs of danger, answered with what to do, and never received.
//   - Typing and seen are accepted and go nowhere yet.
package webchat
