package main

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// exitStatus ends the program with a status when everything was already said.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// verdict is the program's exit status after a command, and what is still to be
// said about it; nil: nothing.
func verdict(err error) (status int, complaint error) {
	if err == nil {
		return 0, nil
	}
	var said exitStatus
	if !errors.As(err, &said) {
		return 1, err
	}
	return int(said), without(err, func(err error) bool { return errors.As(err, new(exitStatus)) })
}

// stoppedError is how a command ends that was told to.
type stoppedError struct {
	say     string // to whoever stopped it
	besides error  // what went wrong besides; nil: nothing
}

func (e *stoppedError) Error() string {
	if e.besides == nil {
		return e.say
	}
	return e.say + "\n" + e.besides.Error()
}

// stopped returns say instead of the errors that only tell that ctx was
// cancelled, and keeps those beside them. Until ctx is, err is returned as it is.
// A connection that is found closed tells it too: the database's driver closes
// the one it copies rows through, and does not always say why.
func stopped(ctx context.Context, err error, say string) error {
	cause := context.Cause(ctx)
	cancelled := func(err error) bool {
		return errors.Is(err, context.Canceled) || errors.Is(err, cause) || errors.Is(err, net.ErrClosed)
	}
	if cause == nil || !cancelled(err) {
		return err
	}
	return &stoppedError{say: say, besides: without(err, cancelled)}
}

// without leaves out of an error what is known, which is asked of an error and
// all that it wraps. Of several errors the others stay; one that wraps another
// stays whole, and nil is left of one that tells nothing else.
func without(err error, known func(error) bool) error {
	if !known(err) {
		return err
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, one := range several.Unwrap() {
			rest = append(rest, without(one, known))
		}
		return errors.Join(rest...)
	}
	if inner := errors.Unwrap(err); inner != nil && without(inner, known) != nil {
		return err
	}
	return nil
}
