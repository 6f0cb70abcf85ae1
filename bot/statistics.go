package bot

import "time"

// Statistics is how much waits in a store: for whoever watches over the
// service, never about anybody.
type Statistics struct {
	Lanes  [LaneBulk + 1]Backlog // of jobs, by lane
	Queues []Queued              // of teams that somebody waits for, by organisation and team
}

// BacklogLimit is how far the due jobs of one lane are counted: beyond, the
// age of the oldest tells more than their number.
const BacklogLimit = 100_000

// Backlog is what is due in one lane and not done, whoever has it.
type Backlog struct {
	Due    int       // at most BacklogLimit
	Oldest time.Time // when the first of them was due, UTC; zero: none
}

// Queued is who waits for one team.
type Queued struct {
	Organisation, Team string
	Conversations      int
	Oldest             time.Time // when the first of them was handed over, UTC
}
