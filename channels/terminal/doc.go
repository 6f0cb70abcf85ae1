// Package terminal is the channel for whoever writes a dialogue: a chat over
// plain input and output, by the rules of SMS, with a clock that stands still
// until it is moved.
//
//	> Bonjour
//	< Bonjour, ici Doubs Emploi, assistant automatique…
//	@ 2026-03-03 09:00
//
// A line is one message, a line that begins with "@" moves the clock and does
// what falls due on the way. What is printed reads like a golden transcript,
// and can be kept as one.
package terminal
