// Package console serves the advisers' web console: who waits, since when and
// why; one page per conversation; and the few things an adviser can do. Every
// one of those is an event that goes through the engine's door like any other,
// so the console decides nothing: it shows what the store says, and tells a
// refusal in plain words.
//
// Pages are rendered here and work without a script. With one, a stream of
// hints says that something changed and the page fetches itself again; the
// rows are the log, the stream only saves the wait.
package console
