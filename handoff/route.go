package handoff

import (
	"slices"
	"time"
)

// Request is what routing knows of somebody who asks for a human.
type Request struct {
	Reason       string
	Commune      string   // INSEE code, empty when unknown
	FollowedBy   []string // values of the answer followed_by
	Organisation string   // when the request belongs to one (an appointment's), empty otherwise
	Team         string   // when it belongs to one team
}

// Route names the team that is offered a request: the team it belongs to, else
// the first team that already follows the person, else the first that takes
// that reason in that commune, else the fallback team.
func (t *Territory) Route(r Request) *Team {
	if team := t.Team(r.Team); team != nil {
		return team
	}
	for _, fits := range []func(*Team) bool{
		func(team *Team) bool { return r.Organisation != "" && team.Organisation == r.Organisation },
		func(team *Team) bool { return r.Organisation == "" && intersects(team.FollowedBy, r.FollowedBy) },
		func(team *Team) bool { return r.Organisation == "" && len(team.FollowedBy) == 0 },
	} {
		for i := range t.Teams {
			if team := &t.Teams[i]; fits(team) && takes(team.Reasons, r.Reason) && takes(team.Communes, r.Commune) {
				return team
			}
		}
	}
	return t.Team(t.Fallback)
}

func takes(list []string, value string) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

func intersects(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Promise is when a person is answered at the latest, and whether somebody is
// there now.
type Promise struct {
	Deadline time.Time
	Open     bool
}

// PromiseOf returns what a person may be told at that moment by that team,
// within its own opening hours, rounded up to the next half hour so that it
// reads well and is kept. ok is false when the team never opens: then nothing
// may be promised.
func (t *Territory) PromiseOf(team *Team, now time.Time, urgent bool) (p Promise, ok bool) {
	within := team.Promise
	if urgent {
		within = team.Urgent
	}
	p.Open = team.Hours.IsOpen(now)
	p.Deadline, ok = team.Hours.Add(now, within)
	if !ok {
		return Promise{}, false
	}
	if rounded := p.Deadline.Add(30*time.Minute - 1).Truncate(30 * time.Minute); team.Hours.IsOpen(rounded.Add(-time.Second)) {
		p.Deadline = rounded
	}
	return p, true
}
