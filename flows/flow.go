package flows

import (
	"time"

	"relais/flows/understand"
)

// Flow is one compiled dialogue: its states, and the transition table that
// looplab/fsm holds for it. It is immutable and safe for concurrent use.
type Flow struct {
	Name    string
	Hash    string            // content hash of the logic and of its texts, 16 bytes in hexadecimal
	Entries map[string]string // entry name → state; "start" always exists
	States  map[string]*State
	Order   []string         // state names in the order of the file
	Recap   []string         // answers told back in {recap}, in this order
	Private map[string]bool  // answers that {recap} only calls a personal matter
	Texts   map[string]Texts // language → the catalogue of this flow

	langs     []string                            // of Texts, the first one stands in for the others
	labels    map[labelKey]string                 // of saved values, see recap.go
	questions map[questionKey]understand.Question // composed once, see question.go
	machines  *machines                           // reused looplab/fsm machines, see machine.go
}

// State is one step of a flow. A state either asks (Ask is set) and waits, or
// acts at once (Say, Do) and goes on along the first edge of Next that holds.
type State struct {
	Name    string
	Part    string   // name of the group of states that together settle one point
	Say     []string // texts said on entering, by key
	Do      []Action // carried out on entering, after Say
	Ask     string   // text key of the question; empty when the state does not wait
	Kind    understand.Kind
	Save    string // answer key; a leading "_" keeps it inside the dialogue; may hold one {variable}
	Options []Option
	Limit   int // for several choices: at most this many; 0 means all
	Min     int // for numbers
	Max     int
	Skip    string // value stored when the person passes: "declined" unless the flow says otherwise
	Words   bool   // global words are read here (crisis, STOP and START always are)
	Silence *Silence
	Next    []Edge
	End     bool // the flow ends here

	Line, Column int // where the state stands in its file

	ways map[string]string // state to come back to → event, when a correction passes here
}

// Option is one possible answer of a question.
type Option struct {
	Value string
	Codes []string    // nomenclature codes: "ft brsa=true", "dsp natlog=0912", "diag 27", "cdb logement/…"; several candidates are joined by "|"
	If    []Condition // the option is offered only when all hold
	Set   []Assign    // carried out when it is chosen
	To    string      // overrides Next when set
	Back  string      // where to return once the part of To is settled

	event string // when To is set
}

// Edge leads from a state to another. Event is unique in the flow: looplab/fsm
// keeps only the last of two equal ones.
type Edge struct {
	Event  string
	If     []Condition // all must hold
	Unless []Condition // none may hold
	Set    []Assign
	To     string
	Back   string
}

// Condition is one test on one variable. Exactly one of the tests is used.
type Condition struct {
	Var         string
	AnyOf       []string // one of these values is among the variable's
	MoreThan    *int     // the variable has more values than this
	YoungerThan *int     // the variable is a year of birth of somebody under this age
	IsSet       *bool
}

// Assign changes a variable. Exactly one of Values, Add and Drop is used.
type Assign struct {
	Var    string
	Values []string // replaces
	Add    []string
	Drop   []string
}

// Silence says what happens when nobody answers a question. It waits for the
// hours when a text that nobody provoked may be sent.
type Silence struct {
	After time.Duration
	Say   string // said once, the question stays open
	To    string // or the dialogue goes there

	event string // when To is set
}

// ActionKind is the closed set of things a flow asks for.
type ActionKind string

const (
	DoHandOff     ActionKind = "handoff"     // Reason, Urgent
	DoSubmit      ActionKind = "submit"      // the answers are sent to the team
	DoWithhold    ActionKind = "withhold"    // the answers are not sent and go in 7 days
	DoStart       ActionKind = "start"       // Flow (and its Entry) takes the place of this one
	DoCrisis      ActionKind = "crisis"      // Reason is the family: the crisis line of that family and its tail
	DoAppointment ActionKind = "appointment" // Reason: confirm, decline, move, late, wrong_person
	DoErase       ActionKind = "erase"       // the person asks for erasure
	DoCopy        ActionKind = "copy"        // the person asks for a copy of their data
	DoOptOut      ActionKind = "optout"
	DoSet         ActionKind = "set" // Set: the flow does it itself, no outcome holds it
)

// Action is one thing a flow asks for when it enters a state.
type Action struct {
	Kind   ActionKind
	Reason string
	Urgent bool
	Flow   string
	Entry  string
	Set    []Assign
}
