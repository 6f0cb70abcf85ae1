// Package walk wanders through every dialogue at random, on the pure turn, and
// holds what must be true wherever somebody gets to: the assistant is never
// stuck and never silent, a human is always within reach, and what is stored
// and said stays within its limits.
package walk
