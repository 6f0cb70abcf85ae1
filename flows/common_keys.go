package flows

import "strings"

// CommonKeys are the texts that the product says by itself, in no flow. Each
// language has all of them, and no others.
var CommonKeys = []string{

	// Understanding
	"unclear_1",
	"unclear_2",
	"unclear_3",
	"photo",
	"nir_masked",

	// Moving about
	"skip_ok",
	"pause",
	"outdated",
	"yes",
	"no",
	"back_none",
	"restart_ok",
	"language_set",

	// Hand-off
	"call_asked",
	"queued_open",
	"queued_closed",
	"queued_unknown",
	"accepted",
	"promise_late",
	"requeued",
	"withdrawn",
	"given_back",
	"closed",

	// Appointments
	"my_appointment",
	"no_appointments",
	"place_private",
	"place_unknown",

	// Always available
	"on_call",
	"rdv_moved",
	"rdv_cancelled_by_us",
	"alerted",
	"start_waiting",
	"nothing_yet",
	"deadline_unknown",
	"stop",
	"start",
	"help",

	// What MES DONNÉES counts
	"amount_answers",
	"amount_messages",

	// When something fails on our side
	"flow_fault",

	// When someone is in danger: the line first, then one tail
	"crisis_suicide",
	"crisis_violence",
	"crisis_unsafe",
	"crisis_child",
	"crisis_homeless",
	"crisis_food",
	"crisis_threat",
	"crisis_open",
	"crisis_closed",
}

// crisisFamilies are the dangers that have a line of their own.
func crisisFamilies() []string {
	var out []string
	for _, key := range CommonKeys {
		family, ok := strings.CutPrefix(key, "crisis_")
		if ok && family != "open" && family != "closed" {
			out = append(out, family)
		}
	}
	return out
}
