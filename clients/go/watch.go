package causeway

// Watches that go on where they were cut off.

import (
	"context"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// stream is an answer of many messages, as Connect gives it.
type stream[Message any] interface {
	Receive() bool
	Msg() *Message
	Err() error
	Close() error
}

// lasting has the codes after which the same question may be answered: the connection or the node comes back.
var lasting = []Code{Disconnected, Unreachable, Timeout, Closed, NotStarted, ViewBuilding, ResourceExhausted}

// isLost reports whether a call may have done its work although it failed.
func isLost(err error) bool {
	known, isKnown := err.(*Error)
	return isKnown && slices.Contains([]Code{Disconnected, Unreachable, Timeout}, known.Code)
}

// timer is what a test drives in place of time.
type timer interface {
	Stop() bool
	Reset(time.Duration) bool
}

var afterFunc = func(after time.Duration, run func()) timer { return time.AfterFunc(after, run) }

// follow opens a stream, and opens it anew when it is lost: `open` asks for what comes after the last message. It yields
// what `take` makes of each message, and passes over nil. A take that fails ends it.
func follow[Message, Event any](ctx context.Context, node *Node, open func(context.Context) (stream[Message], error), take func(*Message) (*Event, error)) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		wait := &backoff{}
		for {
			more, err := followOnce(ctx, open, func(message *Message) bool {
				wait.reset()
				event, err := take(message)
				if err != nil {
					yield(nil, err)
					return false
				}
				return event == nil || yield(event, nil)
			})
			if !more {
				return
			}
			refused := node.refused(err)
			if err := wait.pause(ctx, err, refused); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// followOnce reads a stream until it ends. It returns false if the reader wants no more, else the error that ended it. A
// stream that is silent for long is lost.
func followOnce[Message any](ctx context.Context, open func(context.Context) (stream[Message], error), take func(*Message) bool) (more bool, err error) {
	attempt, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := newError(Disconnected, "The node gave no sign of life for %v.", silence)
	timer := afterFunc(silence, func() { cancel(silent) })
	defer timer.Stop()
	messages, err := open(attempt)
	if err == nil {
		for messages.Receive() {
			timer.Stop() // The reader may take its time.
			if !take(messages.Msg()) {
				cancel(nil)
				messages.Close()
				return false, nil
			}
			timer.Reset(silence)
		}
		err = messages.Err()
		messages.Close()
	}
	if context.Cause(attempt) == error(silent) {
		return true, silent
	}
	return true, err
}

// backoff waits longer each time, until something comes.
type backoff struct{ next time.Duration }

func (wait *backoff) reset() { wait.next = 0 }

// grow returns the next wait. It is not quite the same for all: clients that were cut off at once do not come back at once.
func (wait *backoff) grow() time.Duration {
	wait.next = min(max(2*wait.next, minBackoff), maxBackoff)
	return wait.next/2 + rand.N(wait.next/2)
}

// pause waits before another try. It returns the error that ends all tries: one that stays, or the context's. The first
// refusal of a token is none, since the next call handshakes anew.
func (wait *backoff) pause(ctx context.Context, err error, refused bool) error {
	if ctx.Err() != nil {
		return AsError(ctx.Err())
	}
	after := time.Duration(0)
	if known, isKnown := AsError(err).(*Error); isKnown {
		if !slices.Contains(lasting, known.Code) && !(refused && wait.next == 0) {
			return known
		}
		after = known.RetryAfter
	}
	timer := time.NewTimer(max(after, wait.grow()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return AsError(ctx.Err())
	}
}
