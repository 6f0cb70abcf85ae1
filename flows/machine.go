package flows

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/looplab/fsm"
)

// machines holds the transition table of a flow and reuses the looplab/fsm
// machines made from it: a fresh one costs ten times what a move does. They
// have no callbacks and no metadata, so nothing of a conversation stays in
// them.
type machines struct {
	table []fsm.EventDesc
	pool  sync.Pool
}

func newMachines(start string, table []fsm.EventDesc) *machines {
	m := &machines{table: table}
	m.pool.New = func() any { return fsm.NewFSM(start, table, nil) }
	return m
}

// fire gives the state that an event leads to. Guards are judged before, so
// exactly one event is ever tried. The context is never cancelled: a machine
// would stay stuck in the middle of its transition.
func (m *machines) fire(from, event string) (to string, err error) {
	machine := m.pool.Get().(*fsm.FSM)
	machine.SetState(from)
	err = machine.Event(context.Background(), event)
	if _, same := errors.AsType[fsm.NoTransitionError](err); same {
		err = nil // a state may lead to itself
	}
	if _, stuck := errors.AsType[fsm.InTransitionError](err); stuck {
		return "", fmt.Errorf("leaving %s: %w", from, err) // this machine is lost: it does not go back
	}
	to = machine.Current()
	m.pool.Put(machine) // not reached after a panic
	if err != nil {
		return "", fmt.Errorf("leaving %s: %w", from, err)
	}
	return to, nil
}
