package simulator

import (
	"strings"
	"sync"
)

// maxOptOuts bounds the table; it is far above what a test or a demonstration
// makes. Beyond it the operator blocks everyone new rather than forget a refusal.
const maxOptOuts = 100_000

const (
	startReply = "Vous recevez à nouveau les SMS de ce numéro. Pour ne plus en recevoir, répondez STOP."
	helpReply  = "Pour ne plus recevoir de SMS de ce numéro, répondez STOP."
)

// optWord is what one of the operator's own words does.
type optWord int

const (
	noWord optWord = iota
	stopWord
	startWord
	helpWord
)

// readOptWord recognises the default words of a long number. The whole message
// must be the word; case does not count. "Stop please" is not one.
//
// Source: the operator's help on default opt-out words (223134027).
func readOptWord(body string) optWord {
	switch strings.ToUpper(strings.TrimSpace(body)) {
	case "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT":
		return stopWord
	case "START", "YES", "UNSTOP":
		return startWord
	case "HELP", "INFO":
		return helpWord
	}
	return noWord
}

// pair is a service number and a phone: whom a refusal is about.
type pair struct{ service, phone string }

// optOuts is the operator's own list of refusals.
type optOuts struct {
	mu      sync.Mutex
	blocked map[pair]bool
}

func newOptOuts() *optOuts { return &optOuts{blocked: make(map[pair]bool)} }

func (t *optOuts) has(p pair) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.blocked[p] || len(t.blocked) >= maxOptOuts
}

// set reports whether anything changed.
func (t *optOuts) set(p pair, blocked bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.blocked[p] == blocked || blocked && len(t.blocked) >= maxOptOuts {
		return false
	}
	if blocked {
		t.blocked[p] = true
	} else {
		delete(t.blocked, p)
	}
	return true
}

// OptedOut says whether the operator refuses to carry the service's messages to
// a phone.
func (o *Operator) OptedOut(phone string) bool {
	return o.optOuts.has(pair{o.config.Number, phone})
}

// obeyOptOutWord changes the table and answers in the operator's own name. A
// word that changes nothing is answered with silence: YES is an ordinary answer
// to someone who never refused.
func (o *Operator) obeyOptOutWord(from, body string) {
	who := pair{o.config.Number, from}
	switch readOptWord(body) {
	case stopWord:
		if o.optOuts.set(who, true) {
			o.say(AutoReply, from, o.config.StopReply)
		}
	case startWord:
		if o.optOuts.set(who, false) {
			o.say(AutoReply, from, startReply)
		}
	case helpWord:
		o.say(AutoReply, from, helpReply)
	}
}
