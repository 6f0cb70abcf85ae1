package engine

import (
	"log/slog"
	"strings"
	"time"
)

// outage tells once that the store went away, and once that it is back.
type outage struct{ since time.Time }

// note takes what became of the latest question to the store.
func (o *outage) note(log *slog.Logger, now time.Time, err error) {
	switch {
	case err != nil && o.since.IsZero():
		o.since = now
		log.Error("the store does not answer: due jobs wait", slog.String("error", oneLine(err)))
	case err == nil && !o.since.IsZero():
		log.Info("the store answers again", slog.Duration("away", now.Sub(o.since)))
		o.since = time.Time{}
	}
}

// oneLine is the text of an error that may be several, without line breaks.
func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
