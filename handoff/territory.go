package handoff

import (
	"time"

	"relais/bot/appointments"
	"relais/bot/calendar"
)

// Territory is what one deployment serves: names people know, organisations,
// teams, opening hours and rules. It is configuration, read from territory.yaml
// and then kept in the store; one that is in use never changes.
type Territory struct {
	Service  string // the name people see, "Doubs Emploi"
	Name     string // "Département du Doubs"
	Zone     *time.Location
	Tel      string // a person can be reached there in office hours
	URL      string // rights and information page
	DayPlace string // where to go by day without a roof
	Food     string // where to ask for food

	Languages     []string // the first one is the default
	Organisations []Organisation
	Teams         []Team // in the order routing tries them
	Fallback      string // id of the team that takes whatever no other does

	Reminders appointments.Rules
	Quiet     calendar.Window // hours for texts that nobody provoked
	Claim     time.Duration   // how long an adviser may leave a waiting person before the queue takes over
	Alert     time.Duration   // between two alerts of a crisis that nobody acknowledged
}

// Organisation is a body that answers people.
type Organisation struct {
	ID        string
	Name      string
	Tel       string
	Sensitive bool // being followed by it says something about health, justice or family: never named in a text
}

// Team answers conversations within its opening hours.
type Team struct {
	ID           string
	Organisation string
	Name         string
	Tel          string
	Hours        calendar.Hours
	Promise      time.Duration // open time within which a person is answered
	Urgent       time.Duration // the same for an urgent request
	Reasons      []string      // hand-off reasons it takes; empty: all
	Communes     []string      // INSEE codes it serves; empty: all
	FollowedBy   []string      // values of the answer followed_by it is offered first
}

// Team returns the team with that id, nil when there is none.
func (t *Territory) Team(id string) *Team {
	for i := range t.Teams {
		if t.Teams[i].ID == id {
			return &t.Teams[i]
		}
	}
	return nil
}

// Organisation returns the organisation with that id, nil when there is none.
func (t *Territory) Organisation(id string) *Organisation {
	for i := range t.Organisations {
		if t.Organisations[i].ID == id {
			return &t.Organisations[i]
		}
	}
	return nil
}
