package engine

import (
	"context"
	"fmt"
	"time"

	"relais/bot"
	"relais/bot/recent"
)

// How many conversations are remembered, and for how long after their last turn
// here: long enough for somebody who is answering questions.
const (
	remembered    = 16_384
	rememberedFor = time.Minute
)

// memory is where conversations stood after their last turn here. It saves a
// read of the store, never a check: a turn on a state that is not the latest
// fails at its commit (by the version, or by the generation of the flows, which
// every turn guards), and is run again on what the store says.
//
// Whoever has appointments is not remembered: those may become another
// person's without a turn of this one.
type memory struct {
	homes         *recent.Cache[bot.Address, home]
	conversations *recent.Cache[bot.ID, bot.Conversation]
}

// home is where the texts of an address go.
type home struct{ conversation, thread bot.ID }

func newMemory() memory {
	return memory{
		homes:         recent.New[bot.Address, home](remembered, rememberedFor),
		conversations: recent.New[bot.ID, bot.Conversation](remembered, rememberedFor),
	}
}

// find returns what is remembered. A turn never changes the conversation it is
// given, so all turns may be given the same.
func (m *memory) find(to bot.Ref) (bot.Loaded, bool) {
	at := home{conversation: to.Conversation}
	if at.conversation.IsZero() {
		var ok bool
		if at, ok = m.homes.Get(to.Address); !ok {
			return bot.Loaded{}, false
		}
	}
	c, ok := m.conversations.Get(at.conversation)
	return bot.Loaded{Conversation: c, Thread: at.thread}, ok
}

// keep remembers what a turn has just made durable.
func (m *memory) keep(to bot.Ref, thread bot.ID, next bot.Conversation) {
	if next.Booked > 0 {
		m.conversations.Drop(next.ID)
		return
	}
	next.Version++
	m.conversations.Put(next.ID, next)
	if to.Conversation.IsZero() {
		m.homes.Put(to.Address, home{next.ID, thread})
	}
}

// forget is for what turned out not to be the latest.
func (m *memory) forget(to bot.Ref) {
	if to.Conversation.IsZero() {
		if at, ok := m.homes.Get(to.Address); ok {
			m.conversations.Drop(at.conversation)
		}
		m.homes.Drop(to.Address)
		return
	}
	m.conversations.Drop(to.Conversation)
}

// load returns where a conversation stands, and whether from memory. What a
// turn is remembered with is the newest generation known here.
func (e *Engine) load(ctx context.Context, to bot.Ref) (l bot.Loaded, fromMemory bool, err error) {
	if l, ok := e.memory.find(to); ok {
		if l.Generation, ok = e.Flows.newest(); ok {
			return l, true, nil
		}
	}
	l, err = e.Store.Load(ctx, to)
	if err != nil {
		return l, false, fmt.Errorf("loading a conversation: %w", err)
	}
	return l, false, nil
}
