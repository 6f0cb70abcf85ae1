package main

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"relais/handoff"
)

// atNoon is the demonstration's territory moved to the time zone where it is
// about noon, so that reminders may leave at whatever time the benchmark runs.
// It tells whether they may: never on a Sunday or a public holiday.
func atNoon(now time.Time) (document []byte, open bool, err error) {
	hours := 12 - now.UTC().Hour()
	zone := fmt.Sprintf("Etc/GMT%+d", -hours) // the sign is the other way round in these names
	if hours == 0 {
		zone = "Etc/GMT"
	}
	const paris = "zone: Europe/Paris"
	if !bytes.Contains(handoff.Doubs, []byte(paris)) {
		return nil, false, errors.New("the demonstration's territory is not where it was")
	}
	document = bytes.Replace(handoff.Doubs, []byte(paris), []byte("zone: "+zone), 1)
	territory, err := handoff.Parse(document)
	if err != nil {
		return nil, false, err
	}
	return document, territory.Quiet.Allowed(now), nil
}
