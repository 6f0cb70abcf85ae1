package handoff

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"relais/bot/appointments"
	"relais/bot/calendar"
)

// Doubs is the territory of the demonstration, as a document for Parse.
//
//go:embed doubs.yaml
var Doubs []byte

// documentLimit bounds a territory's document, in bytes.
const documentLimit = 256 << 10

type document struct {
	Service       string        `yaml:"service"`
	Territory     string        `yaml:"territory"`
	Zone          string        `yaml:"zone"`
	Languages     []string      `yaml:"languages"`
	Tel           string        `yaml:"tel"`
	URL           string        `yaml:"url"`
	DayPlace      string        `yaml:"day_place"`
	FoodPlace     string        `yaml:"food_place"`
	Fallback      string        `yaml:"fallback"`
	Claim         time.Duration `yaml:"claim"`
	Alert         time.Duration `yaml:"alert"`
	Reminders     reminders     `yaml:"reminders"`
	Organisations []struct {
		ID        string `yaml:"id"`
		Name      string `yaml:"name"`
		Tel       string `yaml:"tel"`
		Sensitive bool   `yaml:"sensitive"`
	} `yaml:"organisations"`
	Teams []teamDocument `yaml:"teams"`
}

type reminders struct {
	DaysBefore []int         `yaml:"days_before"`
	At         string        `yaml:"at"`
	MinGap     time.Duration `yaml:"min_gap"`
	MinNotice  time.Duration `yaml:"min_notice"`
	From       string        `yaml:"from"`
	To         string        `yaml:"to"`
}

type teamDocument struct {
	ID           string              `yaml:"id"`
	Organisation string              `yaml:"organisation"`
	Name         string              `yaml:"name"`
	Tel          string              `yaml:"tel"`
	Hours        map[string][]string `yaml:"hours"`
	Closures     []string            `yaml:"closures"`
	Promise      time.Duration       `yaml:"promise"`
	Urgent       time.Duration       `yaml:"urgent"`
	Reasons      []string            `yaml:"reasons"`
	Communes     []string            `yaml:"communes"`
	FollowedBy   []string            `yaml:"followed_by"`
}

// Parse reads a territory's document. Its error lists everything that is wrong
// with it, one fault a line.
func Parse(data []byte) (*Territory, error) {
	if len(data) > documentLimit {
		return nil, fmt.Errorf("territory: over %d bytes", documentLimit)
	}
	var d document
	if err := yaml.UnmarshalWithOptions(data, &d, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("territory: %w", err)
	}
	return d.territory()
}

func (d document) territory() (*Territory, error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("territory: "+format, args...)) }

	zone, err := time.LoadLocation(d.Zone)
	if err != nil || d.Zone == "" {
		fault("zone %q is not a time zone", d.Zone)
		zone = time.UTC
	}
	for name, value := range map[string]string{
		"service": d.Service, "territory": d.Territory, "tel": d.Tel, "url": d.URL, "day_place": d.DayPlace, "food_place": d.FoodPlace,
	} {
		if strings.TrimSpace(value) == "" {
			fault("%s is missing: texts name it", name)
		}
	}
	if len(d.Languages) == 0 {
		fault("languages is empty")
	}
	t := &Territory{
		Service: d.Service, Name: d.Territory, Zone: zone, Tel: d.Tel, URL: d.URL, DayPlace: d.DayPlace,
		Food: d.FoodPlace, Languages: d.Languages, Fallback: d.Fallback,
		Claim: orDefault(d.Claim, 30*time.Minute), Alert: orDefault(d.Alert, 5*time.Minute),
	}
	t.Reminders, err = d.Reminders.rules(zone)
	if err != nil {
		fault("reminders: %w", err)
	}
	t.Quiet = t.Reminders.Window
	for _, o := range d.Organisations {
		if o.ID == "" || o.Name == "" {
			fault("an organisation needs an id and a name")
		}
		if t.Organisation(o.ID) != nil {
			fault("organisation %q stands twice", o.ID)
		}
		t.Organisations = append(t.Organisations, Organisation(o))
	}
	for _, doc := range d.Teams {
		team, err := doc.team(d.Tel, zone)
		if err != nil {
			fault("team %q: %w", doc.ID, err)
		}
		if t.Organisation(team.Organisation) == nil {
			fault("team %q: no organisation %q", team.ID, team.Organisation)
		}
		if t.Team(team.ID) != nil {
			fault("team %q stands twice", team.ID)
		}
		t.Teams = append(t.Teams, team)
	}
	if t.Team(t.Fallback) == nil {
		fault("fallback %q is not a team: somebody must take what no other team does", t.Fallback)
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return t, nil
}

func (d reminders) rules(zone *time.Location) (appointments.Rules, error) {
	r := appointments.Rules{DaysBefore: d.DaysBefore, MinGap: d.MinGap, MinNotice: d.MinNotice, Window: calendar.Window{Zone: zone}}
	for _, c := range []struct {
		text string
		into *calendar.Clock
	}{{d.At, &r.At}, {d.From, &r.Window.From}, {d.To, &r.Window.To}} {
		if c.text == "" {
			continue
		}
		clock, err := calendar.ParseClock(c.text)
		if err != nil {
			return r, err
		}
		*c.into = clock
	}
	return r, r.Check()
}

func (d teamDocument) team(tel string, zone *time.Location) (Team, error) {
	team := Team{
		ID: d.ID, Organisation: d.Organisation, Name: d.Name, Tel: d.Tel,
		Promise: orDefault(d.Promise, 4*time.Hour), Urgent: orDefault(d.Urgent, time.Hour),
		Reasons: d.Reasons, Communes: d.Communes, FollowedBy: d.FollowedBy,
	}
	if team.Tel == "" {
		team.Tel = tel
	}
	if d.ID == "" || d.Name == "" {
		return team, errors.New("a team needs an id and a name")
	}
	hours, err := calendar.ParseHours(d.Hours, d.Closures, zone)
	team.Hours = hours
	return team, err
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
