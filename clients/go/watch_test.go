package causeway

// Watches of nodes that fall silent, and of slow readers.

import (
	"context"
	"errors"
	"testing"
	"time"
)

// fakeTimer fires when a test says so, if it is running.
type fakeTimer struct {
	running bool
	run     func()
}

func (timer *fakeTimer) Stop() bool               { timer.running = false; return true }
func (timer *fakeTimer) Reset(time.Duration) bool { timer.running = true; return false }

func (timer *fakeTimer) fire() {
	if timer.running {
		timer.run()
	}
}

// silentStream gives one message, and then waits for its context.
type silentStream struct {
	ctx      context.Context
	received int
	waiting  func()
}

func (stream *silentStream) Receive() bool {
	if stream.received++; stream.received == 1 {
		return true
	}
	stream.waiting()
	<-stream.ctx.Done()
	return false
}
func (stream *silentStream) Msg() *int    { return new(int) }
func (stream *silentStream) Err() error   { return stream.ctx.Err() }
func (stream *silentStream) Close() error { return nil }

func TestSilence(t *testing.T) {
	var clock *fakeTimer
	real := afterFunc
	afterFunc = func(_ time.Duration, run func()) timer {
		clock = &fakeTimer{true, run}
		return clock
	}
	defer func() { afterFunc = real }()
	taken := 0
	more, err := followOnce(testContext(t), func(ctx context.Context) (stream[int], error) {
		return &silentStream{ctx: ctx, waiting: func() { clock.fire() }}, nil
	}, func(*int) bool {
		clock.fire() // The reader takes longer than a silence: that is none of the node's.
		taken++
		return true
	})
	if !more || !errors.Is(err, Disconnected) || taken != 1 {
		t.Errorf("a silent node is waited for: %v after %d messages", err, taken)
	}
}

func TestBackoff(t *testing.T) {
	lost, gone := newError(Disconnected, "lost"), newError(UnknownTree, "gone")
	over, cancel := context.WithCancel(context.Background())
	cancel()
	wait := &backoff{}
	if err := wait.pause(over, lost, false); !errors.Is(err, Cancelled) {
		t.Errorf("a caller that has left waits: %v", err)
	}
	if err := wait.pause(context.Background(), gone, false); !errors.Is(err, UnknownTree) {
		t.Errorf("an error that stays is waited for: %v", err)
	}
	if first := wait.grow(); first < minBackoff/2 || first > minBackoff {
		t.Errorf("the first wait is %v", first)
	}
	var last time.Duration
	for range 20 {
		last = wait.grow()
	}
	if last < maxBackoff/2 || last > maxBackoff {
		t.Errorf("the last wait is %v", last)
	}
	if wait.reset(); wait.grow() > minBackoff {
		t.Error("a message does not end the waits")
	}
}
