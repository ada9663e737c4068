// Package replaytest is the contract of replay.Log and replay.Table as tests
// that every implementation runs: the store's own damage and power loss aside,
// what a caller may rely on is here.
package replaytest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"chalkline/replay"
)

// Store is what an implementation offers.
type Store interface {
	replay.Log
	Table() replay.Table
}

// Opener is one store, which starts empty and may be closed and opened again.
type Opener interface {
	// Open opens the store with what it held when it was last closed.
	Open(t *testing.T) Store

	// DamageSnapshot changes stored bytes of a snapshot; the store is closed.
	DamageSnapshot(t *testing.T, room replay.Room, document replay.Document, revision uint64)
}

// Run runs the contract, each test on a store of its own.
func Run(t *testing.T, opener func(t *testing.T) Opener) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, f *fixture)
	}{
		{"RecordsReadBackInTheOrderAppendedWithoutGaps", order},
		{"ReadBeginsWhereItIsToldAndStopsWhenItIsTold", readPart},
		{"EveryDocumentHasRevisionsOfItsOwn", documents},
		{"RoomsDoNotSeeEachOther", rooms},
		{"AnAppendStandsOnlyIfEveryExpectationHolds", expectations},
		{"AConflictSaysWhereTheDocumentStands", conflicts},
		{"AnAppendWithoutEntriesChecksOnly", checkOnly},
		{"SYN1ABatchThatIsDoneIsRefused", duplicates},
		{"ADuplicateTakesTheWholeAppendWithIt", duplicateAtomic},
		{"TheServersOwnEntriesAreNotChecked", serverEntries},
		{"TheChainDigestStandsForAllBefore", digests},
		{"SequencedAtNeverFalls", sequenced},
		{"REC5ReleaseFollowsTheRule", release},
		{"RevisionAtFindsTheLastReleased", revisionAt},
		{"TheLatestSnapshotAtOrBeforeIsFound", snapshots},
		{"OfASnapshotPutAgainTheLaterStands", snapshotAgain},
		{"ADamagedSnapshotIsPassedOver", damagedSnapshot},
		{"ASnapshotAheadOfTheLogIsRefused", snapshotAhead},
		{"ARoomIsCreatedOnce", create},
		{"ARoomThatIsNotThereIsSaidNotToBe", noRoom},
		{"WhatIsOverALimitIsRefused", limits},
		{"WhatIsAtTheLimitIsTaken", atLimits},
		{"AClosedStoreSaysSo", closed},
		{"ACancelledCallDoesNothing", cancelled},
		{"EverythingIsThereAfterReopening", reopen},
		{"TheCallersBytesMayChangeAfterwards", aliasing},
		{"ReadSeesTheLogAsItWasAndMayCallIt", reentrant},
		{"AppendsFromManyGoroutinesTakeOneOrder", concurrent},
		{"OneOfManyConditionalAppendsWins", race},
		{"TheTableFindsListsReplacesAndErases", table},
		{"TheTableOutlivesReopening", tableReopen},
		{"TheTableHasLimits", tableLimits},
		{"ManyRoomsComeAndGo", manyRooms},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{t: t, opener: opener(t)}
			f.open()
			defer f.close()
			test.run(t, f)
		})
	}
}

const (
	room  replay.Room     = 7
	board replay.Document = "board::p1"
	stage replay.Document = "stage"
)

// fixture is a store under test with short calls that must succeed.
type fixture struct {
	t      *testing.T
	opener Opener
	store  Store
	isOpen bool
}

func (f *fixture) open() {
	f.t.Helper()
	f.store = f.opener.Open(f.t)
	f.isOpen = true
}

func (f *fixture) close() {
	f.t.Helper()
	if !f.isOpen {
		return
	}
	f.isOpen = false
	if err := f.store.Close(); err != nil {
		f.t.Errorf("Close() = %v", err)
	}
}

func (f *fixture) reopen() {
	f.t.Helper()
	f.close()
	f.open()
}

func (f *fixture) create(rooms ...replay.Room) {
	f.t.Helper()
	for _, r := range rooms {
		if err := f.store.Create(f.ctx(), r); err != nil {
			f.t.Fatalf("Create(%d) = %v", r, err)
		}
	}
}

func (f *fixture) ctx() context.Context { return f.t.Context() }

func (f *fixture) append(now int64, entries ...replay.Entry) []replay.Record {
	f.t.Helper()
	records, err := f.store.Append(f.ctx(), room, now, nil, entries)
	if err != nil {
		f.t.Fatalf("Append(%v) = %v", entries, err)
	}
	return records
}

func (f *fixture) state() replay.State {
	f.t.Helper()
	s, err := f.store.State(f.ctx(), room)
	if err != nil {
		f.t.Fatalf("State() = %v", err)
	}
	return s
}

func (f *fixture) read(document replay.Document, from uint64) []replay.Record {
	f.t.Helper()
	return Read(f.t, f.store, room, document, from)
}

// Read returns the records of a document from revision from on, in their own memory.
func Read(t testing.TB, log replay.Log, room replay.Room, document replay.Document, from uint64) []replay.Record {
	t.Helper()
	var records []replay.Record
	err := log.Read(context.Background(), room, document, from, func(r replay.Record) bool {
		r.Payload = slices.Clone(r.Payload)
		records = append(records, r)
		return true
	})
	if err != nil {
		t.Fatalf("Read(%q, %d) = %v", document, from, err)
	}
	return records
}

// entry is one of a replica on the board.
func entry(replica uint32, n uint64, payload string) replay.Entry {
	return replay.Entry{Document: board, Replica: replica, N: n, CapturedAt: int64(n), Payload: []byte(payload)}
}

// on is an entry of the server's on a document.
func on(document replay.Document, payload string) replay.Entry {
	return replay.Entry{Document: document, Payload: []byte(payload)}
}

func payloads(records []replay.Record) string {
	var b bytes.Buffer
	for _, r := range records {
		fmt.Fprintf(&b, "%d%s ", r.Revision, r.Payload)
	}
	return b.String()
}

func wantPayloads(t *testing.T, records []replay.Record, want string) {
	t.Helper()
	if got := payloads(records); got != want {
		t.Errorf("records %q, want %q", got, want)
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}

func wantSame(t *testing.T, got, want []replay.Record) {
	t.Helper()
	if !slices.EqualFunc(got, want, sameRecord) {
		t.Errorf("records\n%+v, want\n%+v", got, want)
	}
}

func sameRecord(a, b replay.Record) bool {
	same := bytes.Equal(a.Payload, b.Payload)
	a.Payload, b.Payload = nil, nil
	return same && fmt.Sprint(a) == fmt.Sprint(b)
}

func wantState(t *testing.T, got, want replay.State) {
	t.Helper()
	same := got.Epoch == want.Epoch && maps.Equal(got.Heads, want.Heads) &&
		maps.EqualFunc(got.Batches, want.Batches, maps.Equal[map[uint32]uint64, map[uint32]uint64])
	if !same {
		t.Errorf("state\n%+v, want\n%+v", got, want)
	}
}
