package handoff_test

import (
	"strings"
	"testing"
	"time"

	"relais/handoff"
)

func doubs(t *testing.T) *handoff.Territory {
	t.Helper()
	territory, err := handoff.Parse(handoff.Doubs)
	if err != nil {
		t.Fatal(err)
	}
	return territory
}

func TestRoute(t *testing.T) {
	d := doubs(t)
	d.Teams = append(d.Teams, handoff.Team{ID: "logement", Organisation: "departement", Reasons: []string{"urgent_housing"}})
	d.Teams[0].Communes = []string{"25056"}
	d.Teams[1], d.Teams[2] = d.Teams[2], d.Teams[1] // the particular before the general
	for _, c := range []struct {
		name    string
		request handoff.Request
		want    string
	}{
		{"nothing known", handoff.Request{Reason: "asked"}, "accueil"},
		{"who follows comes first", handoff.Request{Reason: "asked", Commune: "25056", FollowedBy: []string{"mission_locale"}}, "mission-locale-besancon"},
		{"not in its communes", handoff.Request{Reason: "asked", Commune: "25388", FollowedBy: []string{"mission_locale"}}, "accueil"},
		{"who takes that reason", handoff.Request{Reason: "urgent_housing", Commune: "25056"}, "logement"},
		{"an appointment's organisation", handoff.Request{Reason: "appointment_move", Organisation: "mission-locale", Commune: "25056"}, "mission-locale-besancon"},
		{"an organisation without a team", handoff.Request{Organisation: "france-travail"}, "accueil"},
		{"the team itself", handoff.Request{Team: "logement", Reason: "asked"}, "logement"},
	} {
		if got := d.Route(c.request).ID; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPromiseOf(t *testing.T) {
	d := doubs(t)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, d.Zone) }
	team := d.Team("accueil") // 3 h of open time, 30 min when urgent
	for _, c := range []struct {
		name   string
		now    time.Time
		urgent bool
		want   time.Time
		open   bool
	}{
		{"Monday morning", at(23, 9, 0), false, at(23, 12, 0), true},
		{"across the lunch break, rounded up", at(23, 10, 10), false, at(23, 15, 0), true},
		{"urgent", at(23, 10, 0), true, at(23, 10, 30), true},
		{"Friday evening goes to Monday", at(27, 18, 0), false, at(30, 11, 30), false},
		{"at night", at(23, 23, 0), true, at(24, 9, 0), false},
	} {
		p, ok := d.PromiseOf(team, c.now, c.urgent)
		if !ok || !p.Deadline.Equal(c.want) || p.Open != c.open {
			t.Errorf("%s: before %s, open %v (%v), want %s, %v", c.name, p.Deadline.In(d.Zone), p.Open, ok, c.want, c.open)
		}
	}
	if _, ok := d.PromiseOf(&handoff.Team{Promise: time.Hour}, at(23, 9, 0), false); ok {
		t.Error("a team that never opens promised something")
	}
}

func TestParseTellsEveryFault(t *testing.T) {
	_, err := handoff.Parse([]byte(strings.NewReplacer(
		"zone: Europe/Paris", "zone: Europe/Pairs",
		"fallback: accueil", "fallback: nobody",
		"organisation: mission-locale\n", "organisation: mission\n",
		`wed: ["09:00-12:00", "13:30-17:00"]`, `wed: ["12:00-09:00"]`,
		"service: Doubs Emploi", `service: ""`,
	).Replace(string(handoff.Doubs))))
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{"Europe/Pairs", `fallback "nobody"`, `no organisation "mission"`, "12:00-09:00", "service is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%s", want, err)
		}
	}
	if _, err := handoff.Parse([]byte("colour: blue")); err == nil {
		t.Error("an unknown name was taken")
	}
}
