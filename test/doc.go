// Package test holds what is true of the whole product rather than of one
// package: its layout, its stories, what it survives and how fast it is.
package test
