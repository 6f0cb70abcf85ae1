package twilio

// Kind says what a failure means for the text and for what is done next.
type Kind string

const (
	// Permanent means this text will never reach this number: do not try again.
	Permanent Kind = "permanent"
	// OptedOut means the person told the operator to stop; only their START lifts it.
	OptedOut Kind = "opted_out"
	// Configuration means that the account, the sender, the credentials or the
	// countries allowed must be put right first, by whoever runs the service.
	Configuration Kind = "configuration"
	// Throttled means refused for now: try again after a while, more slowly.
	Throttled Kind = "throttled"
	// NotSent means it certainly did not reach the person, and may be tried again a
	// bounded number of times.
	NotSent Kind = "not_sent"
	// Unknown means it may have left: look for evidence before sending it again.
	Unknown Kind = "unknown"
)

// Failure classifies the ErrorCode of a status callback saying that a message
// failed or was not delivered. Twilio may add codes: one it does not know, 0
// included, is Permanent, so that nothing is repeated by mistake.
func Failure(code int) Kind {
	if kind, known := kindOf(code); known {
		return kind
	}
	return Permanent
}

// kindOf is the table of Twilio's error codes, of the API and of callbacks
// (twilio.com/docs/api/errors).
func kindOf(code int) (kind Kind, known bool) {
	switch code {
	case
		21610: // the recipient replied STOP
		return OptedOut, true
	case
		20003, // authentication
		21408, // region not enabled
		21603, // no sender given
		21606, // sender not ours, or without SMS
		21608, // trial account, recipient not verified
		21612, // this sender cannot reach this country
		21703, // messaging service without a usable sender
		21704, // messaging service empty
		21705, // messaging service unknown
		30002, // account suspended
		30034: // sender not registered
		return Configuration, true
	case
		20429, // too many requests at once: never processed
		21611, // sender's queue full
		30001, // messaging service's queue full
		63018: // channel rate limit
		return Throttled, true
	case
		30003, // handset off or out of reach
		30036, // still queued when its validity ended
		63010, // internal error at Twilio
		63012, // internal error of the channel
		63036: // not reachable by RCS
		return NotSent, true
	case
		20500, // server error
		30008, // no reason given: one more try at most
		30410: // operator did not answer in time
		return Unknown, true
	case
		20404, // no such resource
		21211, // not a number
		21602, // empty body
		21614, // not a mobile number
		21617, // body too long
		21620, // media refused
		21623, // too many media
		30004, // blocked
		30005, // unknown handset
		30006, // landline or unreachable operator
		30007, // filtered
		30450, // pumping protection
		63003, // not a channel recipient
		63005, // content refused
		63013, // policy
		63016, // outside the window: template required
		63020, // business account
		63024, // not a channel recipient
		63032: // recipient in an experiment
		return Permanent, true
	}
	return "", false
}
