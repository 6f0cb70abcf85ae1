package flows

import "time"

// Position is where a conversation stands in a flow. It is a plain value: the
// conversation keeps it, the flow moves it.
type Position struct {
	State  string
	Vars   Vars
	Trail  []Step // questions asked so far, the present one last
	Back   string // where to return once the present part is settled
	Misses int    // answers in a row that were not understood
}

// Step is one question asked, and how many assignments were known then.
type Step struct {
	State string
	Known int
	Back  string
}

// Facts are what a flow may test besides its own variables.
type Facts struct {
	Now  time.Time         // in the territory's zone
	Vars map[string]string // channel, lang, team_open, …: see FactNames
}

// Outcome is what one move of a flow asks for, in order. An unended one that
// asks nothing leaves the open question as it is.
type Outcome struct {
	Moves []Move
	Ended bool
}

// Move is one thing that follows from a step. Exactly one field is used.
type Move struct {
	Say    string  // a text by key
	Ask    string  // name of the state whose question is now put
	Do     *Action // an action
	Record *Record // an answer to keep
}

// Record is an answer to keep: Values are option values, dates, numbers or
// commune codes, or one of "declined", "unknown", "not_named".
type Record struct {
	Key    string
	Values []string
	Codes  []string
}
