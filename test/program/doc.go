// Package program runs the real relais for tests: it builds the binary, starts
// servers and commands, ends them kindly or not, and lets people text them
// through a stand-in operator. It looks from outside: what a server wrote on
// its standard error, what a command printed, what arrived on a phone.
package program
