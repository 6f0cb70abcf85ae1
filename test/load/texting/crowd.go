package texting

import (
	"strconv"
	"sync/atomic"
)

// FirstPhone is the number of person 0. The first ten thousand lie in the range
// that is kept for fiction in France (06 39 98 xx xx): nobody answers there, so
// only those may text a service that has a real operator behind it.
const FirstPhone = 33639980000

// Fictional is how many people have numbers that belong to nobody.
const Fictional = 10_000

// Phone is the number of a person, E.164.
func Phone(person int) string { return "+" + strconv.Itoa(FirstPhone+person) }

// opening is what somebody new says; answers walk them through the
// questionnaire. Every one of them moves the dialogue, so that the guard against
// loops never silences anybody.
//
// Some answers cost twice what others do. So people begin again after different
// numbers of them, and are soon spread over the dialogue as in life: in step,
// thousands would give the same dear answer in the same second, and that second
// would be all of the 99th percentile.
var (
	opening = []string{"Bonjour", "oui"}
	answers = []string{"5", "besançon", "1990", "1", "1", "2", "5", "5", "1", "5"}
	laps    = []int{4, 6, 8, len(answers)} // answers before somebody begins again, in turn
)

const restart = "RECOMMENCER"

// Crowd are people who text, each somewhere in the dialogue. A person is used
// by one connection at a time.
type Crowd struct {
	first  int
	phones []string
	steps  []atomic.Int32 // texts so far
}

// NewCrowd gives people first to first+count-1.
func NewCrowd(first, count int) *Crowd {
	c := &Crowd{first: first, phones: make([]string, count), steps: make([]atomic.Int32, count)}
	for i := range c.phones {
		c.phones[i] = Phone(first + i)
	}
	return c
}

// Size is how many they are.
func (c *Crowd) Size() int { return len(c.phones) }

// Texts is how many texts they have begun so far.
func (c *Crowd) Texts() (n int) {
	for i := range c.steps {
		n += int(c.steps[i].Load())
	}
	return n
}

// Again returns the same people at the same place in the dialogue, for another
// run on a copy of the same store.
func (c *Crowd) Again() *Crowd {
	again := NewCrowd(c.first, len(c.phones))
	for i := range c.steps {
		again.steps[i].Store(c.steps[i].Load())
	}
	return again
}

// Within returns the part of the crowd from one index to another, as people who
// keep their place in the dialogue.
func (c *Crowd) Within(from, to int) *Crowd {
	return &Crowd{first: c.first + from, phones: c.phones[from:to], steps: c.steps[from:to]}
}

// next is what a person says now.
func (c *Crowd) next(i int) string {
	step := int(c.steps[i].Add(1)) - 1
	if step < len(opening) {
		return opening[step]
	}
	lap := laps[i%len(laps)]
	at := (step - len(opening)) % (lap + 1)
	if at == lap {
		return restart
	}
	return answers[at]
}
