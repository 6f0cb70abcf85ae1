package transcripts

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"relais/bot"
	"relais/bot/appointments"
)

// Pure is a stage without engine or store: the pure turn, and a few maps that
// carry its effects out. Between any two turns a conversation is nothing but
// its stored form.
type Pure struct {
	setting *Setting
	clock   time.Time
	turns   uint64
	people  map[bot.Address]known
	states  map[bot.ID][]byte
	booked  map[bot.ID][]appointments.Appointment
	refused map[bot.Address]bool // SMS, whoever has the address
	agenda  agenda
}

// known is where an address leads.
type known struct{ conversation, thread bot.ID }

var _ Stage = (*Pure)(nil)

// NewPure returns an empty stage at a time.
func NewPure(s *Setting, at time.Time) *Pure {
	return &Pure{
		setting: s, clock: bot.Microseconds(at), people: map[bot.Address]known{}, states: map[bot.ID][]byte{},
		booked: map[bot.ID][]appointments.Appointment{}, refused: map[bot.Address]bool{}, agenda: agenda{},
	}
}

// Now tells the stage's time.
func (p *Pure) Now() time.Time { return p.clock }

// Happen makes an event take effect.
func (p *Pure) Happen(_ context.Context, to bot.Ref, e bot.Event) ([]Beat, error) {
	beat, err := p.turn(to, e, nil)
	if err != nil {
		return nil, err
	}
	more, err := p.due()
	return append([]Beat{beat}, more...), err
}

// MoveTo moves the clock, and does what falls due on the way.
func (p *Pure) MoveTo(_ context.Context, at time.Time) ([]Beat, error) {
	var beats []Beat
	for {
		done, err := p.due()
		if beats = append(beats, done...); err != nil {
			return beats, err
		}
		next := p.agenda.soonest()
		if next.IsZero() || next.After(at) {
			break
		}
		p.clock = next
	}
	p.clock = bot.Microseconds(at)
	return beats, nil
}

// Conversation returns the one behind an address.
func (p *Pure) Conversation(_ context.Context, a bot.Address) (bot.Conversation, error) {
	return p.load(p.people[a].conversation)
}

// Try tells what a turn would make of an event now, and leaves everything as
// it is.
func (p *Pure) Try(to bot.Ref, what bot.What) (bot.Conversation, []bot.Effect, error) {
	c, w, err := p.world(to)
	if err != nil {
		return bot.Conversation{}, nil, err
	}
	next, effects := bot.Turn(p.setting, c, bot.Event{At: p.clock, What: what}, w)
	return next, effects, nil
}

func (p *Pure) load(id bot.ID) (bot.Conversation, error) {
	state, ok := p.states[id]
	if !ok {
		return bot.Conversation{}, bot.ErrNotFound
	}
	return bot.ParseConversation(state)
}

func (p *Pure) due() (beats []Beat, err error) {
	for {
		job, ok := p.agenda.next(p.clock)
		if !ok {
			return beats, nil
		}
		beat, err := p.turn(bot.Ref{Conversation: job.Conversation}, bot.Event{Source: "job", What: bot.Due{Job: job}}, &job)
		if err != nil {
			return beats, err
		}
		beats = append(beats, beat)
	}
}

// turn runs one turn and carries its effects out.
func (p *Pure) turn(to bot.Ref, e bot.Event, job *bot.Job) (Beat, error) {
	c, w, err := p.world(to)
	if err != nil {
		return Beat{}, err
	}
	e.At = p.clock
	next, effects := bot.Turn(p.setting, c, e, w)
	beat := Beat{Due: job}
	if _, refused := effects[0].(bot.Refuse); refused {
		beat.Effects = effects
		return beat, nil
	}
	if w.Fresh != nil {
		p.people[to.Address] = known{next.ID, next.Threads[0].ID}
	}
	if err := p.keep(&next); err != nil {
		return Beat{}, err
	}
	var jobs []bot.Effect
	for _, effect := range effects {
		if isJob(effect) {
			jobs = append(jobs, effect)
			continue
		}
		p.carry(next.ID, effect)
		beat.Effects = append(beat.Effects, effect)
	}
	p.agenda.plan(&beat, job, jobs)
	return beat, nil
}

// isJob tells the effects that belong to the agenda. Deliveries do not: what
// is said here is read at once.
func isJob(effect bot.Effect) bool {
	switch x := effect.(type) {
	case bot.Schedule:
		return x.Job.Kind != bot.JobDeliver
	case bot.Forget:
		return true
	}
	return false
}

// world is what a turn knows besides its conversation.
func (p *Pure) world(to bot.Ref) (bot.Conversation, bot.World, error) {
	w := bot.World{Now: p.clock, Generation: 1, Territory: p.setting.Territory}
	p.turns++
	binary.BigEndian.PutUint64(w.Nonce[:], p.turns)
	id := to.Conversation
	if id.IsZero() {
		who, ok := p.people[to.Address]
		if !ok {
			w.Fresh = &bot.Fresh{Channel: to.Address.Channel, OptedOut: p.refused[to.Address]}
			return bot.Conversation{}, w, nil
		}
		id, w.Thread = who.conversation, who.thread
	}
	c, err := p.load(id)
	w.Booked = slices.Clone(p.booked[id])
	return c, w, err
}

// ErrCodec is returned when a conversation does not survive being stored.
var ErrCodec = errors.New("a conversation is not the same once stored and read back")

func (p *Pure) keep(c *bot.Conversation) error {
	state := bot.AppendConversation(nil, c)
	back, err := bot.ParseConversation(state)
	if err != nil {
		return err
	}
	if !bytes.Equal(state, bot.AppendConversation(nil, &back)) {
		return fmt.Errorf("%w, at %s", ErrCodec, c.Step)
	}
	p.states[c.ID] = state
	return nil
}

func (p *Pure) carry(id bot.ID, effect bot.Effect) {
	switch x := effect.(type) {
	case bot.OptOut:
		p.refused[p.address(x.Thread)] = true
	case bot.OptIn:
		delete(p.refused, p.address(x.Thread))
	case bot.Book:
		p.book(id, x.Appointment)
	}
}

func (p *Pure) address(thread bot.ID) bot.Address {
	for address, who := range p.people {
		if who.thread == thread {
			return address
		}
	}
	return bot.Address{}
}

func (p *Pure) book(id bot.ID, a appointments.Appointment) {
	list := slices.DeleteFunc(slices.Clone(p.booked[id]), func(b appointments.Appointment) bool { return b.Key == a.Key })
	list = append(list, a)
	slices.SortFunc(list, func(a, b appointments.Appointment) int { return a.Start.Compare(b.Start) })
	p.booked[id] = list
}
