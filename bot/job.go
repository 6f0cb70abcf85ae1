package bot

import "time"

// Lane orders what waits: a lower one goes first.
type Lane int8

const (
	LaneCrisis Lane = iota
	LaneReply
	LaneNotice
	LaneBulk
)

// String gives the lane's name in metrics and logs.
func (l Lane) String() string {
	return [...]string{"crisis", "reply", "notice", "bulk"}[min(max(l, LaneCrisis), LaneBulk)]
}

// JobKind says what a job does when it is due.
type JobKind string

const (
	JobDeliver  JobKind = "deliver"  // send the pending lines of a thread, in order
	JobSilence  JobKind = "silence"  // nobody answered a question
	JobReminder JobKind = "reminder" // an appointment comes near
	JobPromise  JobKind = "promise"  // the deadline of a hand-off
	JobLease    JobKind = "lease"    // an adviser's claim runs out
	JobDoubt    JobKind = "doubt"    // a person who may be in danger has not answered
	JobAlert    JobKind = "alert"    // a crisis nobody has acknowledged
	JobErase    JobKind = "erase"    // answers not to be sent have been kept long enough
	JobSurvey   JobKind = "survey"   // asking how a hand-off went
)

// Job is one thing to do later. Its key is unique: scheduling it again moves
// it, and leaves it the more pressing of both lanes. A claimed job carries the token of its lease, and only that token may
// finish it.
type Job struct {
	Key          string
	Kind         JobKind
	Lane         Lane
	Due          time.Time // UTC
	Conversation ID
	Thread       ID
	Subject      string // what it is about, when the key does not say: an appointment's key, a hand-off's id
	Revision     int64  // of that subject when the job was planned; a job about an older one does nothing

	Token     int64     // of the lease; set by Due, or by whoever plans the job together with Lease
	Lease     time.Time // planned with it, a job that is not there yet is born claimed until then, under Token
	Serial    int64     // how many times it was scheduled; finishing leaves a job that was scheduled again meanwhile
	Attempts  int
	Reclaimed bool // the lease before this one died: what it had begun is unknown
}
