package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/protocol"
)

func TestWhoComesWhenTooManyWaitIsSentAway(t *testing.T) {
	gate := newTurnstile(1, 1)
	leave, err := gate.enter(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	overloaded := protocol.NewError(protocol.Overloaded)
	waits, giveUp := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	gate.waiting <- struct{}{} // somebody waits
	if _, err := gate.enter(t.Context(), "ben"); !errors.Is(err, overloaded) {
		t.Errorf("one too many: %v", err)
	}
	<-gate.waiting
	go func() {
		_, err := gate.enter(waits, "ben")
		gone <- err
	}()
	giveUp()
	if err := <-gone; !errors.Is(err, overloaded) {
		t.Errorf("who gives up: %v", err)
	}
	leave()
	if _, err := gate.enter(t.Context(), "ben"); err != nil {
		t.Errorf("after somebody left: %v", err)
	}
}

func TestWhoAsksForMuchHoldsUpOnlyHimself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := newTurnstile(2, 4)
		enter := func(who string) chan error {
			done := make(chan error, 1)
			go func() {
				leave, err := gate.enter(t.Context(), who)
				if done <- err; err == nil {
					time.Sleep(time.Minute)
					leave()
				}
			}()
			synctest.Wait()
			return done
		}
		for range ownWaiting {
			enter("greedy")
		}
		if err := <-enter("greedy"); !errors.Is(err, protocol.NewError(protocol.Overloaded)) {
			t.Fatalf("one too many of one visitor: %v", err)
		}
		if done := enter("ann"); len(done) == 0 || <-done != nil {
			t.Fatal("somebody else does not come in at once")
		}
		time.Sleep((ownWaiting + 1) * time.Minute)
		if synctest.Wait(); len(gate.people) > 0 {
			t.Fatalf("%d visitors are remembered", len(gate.people))
		}
	})
}

func TestWhatWasAskedForLongAgoIsForgottenFirst(t *testing.T) {
	r := newRecent()
	name := func(i int) recentName { return recentName{room: 1, page: fmt.Sprint(i)} }
	one := make([]byte, maxRecentOne)
	for i := range maxRecent / maxRecentOne {
		r.put(name(i), bytes.NewReader(one))
	}
	if _, ok := r.get(name(0)); !ok {
		t.Fatal("forgotten before memory is full")
	}
	content := bytes.NewReader(one)
	r.put(name(-1), content)
	if content.Len() != len(one) {
		t.Error("the content is not at its start any more")
	}
	if _, ok := r.get(name(0)); !ok {
		t.Error("what was asked for last is forgotten")
	}
	if _, ok := r.get(name(1)); ok {
		t.Error("what is oldest is kept")
	}
	r.put(name(-2), bytes.NewReader(make([]byte, maxRecentOne+1)))
	if _, ok := r.get(name(-2)); ok || r.bytes > maxRecent {
		t.Errorf("a large one is kept; %d bytes", r.bytes)
	}
}
