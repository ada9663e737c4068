package server

import (
	"fmt"
	"testing"
	"time"
)

func TestOnlyFailuresCountAndAWindowForgetsThem(t *testing.T) {
	a := newAttempts(3, time.Minute)
	now := time.Unix(1000, 0)
	const one, other = "192.0.2.1", "192.0.2.2"
	for i := range 3 {
		if !a.allowed(one, now) {
			t.Fatalf("refused after %d failures", i)
		}
		a.note(one, now)
	}
	if a.allowed(one, now) {
		t.Fatal("allowed after as many failures as there may be")
	}
	if !a.allowed(other, now) {
		t.Fatal("another address is refused")
	}
	if a.allowed(one, now.Add(time.Minute-1)) {
		t.Fatal("allowed within the window")
	}
	if !a.allowed(one, now.Add(time.Minute)) {
		t.Fatal("refused in the next window")
	}
	if n := len(a.count); n != 0 {
		t.Fatalf("%d addresses are remembered in the next window", n)
	}
}

func TestWhoGuessesIsInNobodyElsesWayUntilAnAddressGuessesTooMuch(t *testing.T) {
	g, now := newTries(guessesPerMinute, addressGuessesPerMinute), time.Unix(1000, 0)
	from := func(port int) string { return fmt.Sprint("192.0.2.1:", port) } // another one every time
	for i := range guessesPerMinute {
		g.note("school:ann", from(i), now)
	}
	if g.allowed("school:ann", "192.0.2.2:1", now) {
		t.Error("who guessed may go on from elsewhere")
	}
	if !g.allowed("school:ben", from(1000), now) {
		t.Error("another participant at the same address is refused")
	}
	for i := range addressGuessesPerMinute - guessesPerMinute {
		g.note(fmt.Sprint("guest-", i), from(i), now)
	}
	if g.allowed("school:ben", from(1000), now) {
		t.Error("an address may go on with one guest after another")
	}
	if !g.allowed("school:ben", "192.0.2.2:1", now) {
		t.Error("another address is refused")
	}
	if !g.allowed("school:ann", from(1), now.Add(time.Minute)) {
		t.Error("refused in the next window")
	}
}

func TestASchoolMayJoinFromAnAddressInAMinuteButNotForEver(t *testing.T) {
	replicas, now := newTries(replicasPerMinute, addressReplicasPerMinute), time.Unix(1000, 0)
	for i := range addressReplicasPerMinute {
		if !replicas.take(fmt.Sprint("guest-", i%1000), "192.0.2.1:1", now) {
			t.Fatalf("refused after %d replicas of 1000 participants", i)
		}
	}
	if replicas.take("guest-1000", "192.0.2.1:1", now) {
		t.Error("an address may go on with one guest after another")
	}
}

func TestAnAddressIsThatOfACustomer(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1:443":              "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:443": "2001:db8:1:2::",
		"[2001:db8:1:2:ffff::1]:9":   "2001:db8:1:2::",
		"[::ffff:192.0.2.1]:443":     "::ffff:192.0.2.1",
		"pipe":                       "pipe",
		"[fe80::1%eth0]:443":         "fe80::1%eth0",
		"board.example:443":          "board.example",
		"":                           "",
	} {
		if got := host(address); got != want {
			t.Errorf("host(%q) = %q, want %q", address, got, want)
		}
	}
}
