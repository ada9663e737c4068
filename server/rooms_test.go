package server

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
	"chalkline/server/room"
)

// guest is a peer that listens to nothing.
type guest struct{ name string }

func (*guest) Control([]byte)                                    {}
func (*guest) Document(room.Stream, [][]byte, uint64, bool) bool { return true }
func (*guest) CloseDocument(uint32)                              {}
func (*guest) Datagram([]byte)                                   {}
func (*guest) Close(*protocol.Error)                             {}

// enter joins a room and waits until the peer is in.
func (g *guest) enter(r *room.Room) {
	r.Post(room.Join{
		Peer: g, Who: classroom.Participant{ID: g.name, Role: classroom.Teacher}, Name: g.name, Key: make([]byte, 16),
		Open: []*chalklinev1.OpenDocument{{Handle: 1, Document: classroom.AuthorityDocument}},
	})
	synctest.Wait()
}

func TestALN5RoomsTogetherReadAsManyDocumentsAsOfATimeAsThereAreProcessors(t *testing.T) {
	if n := cap(newRooms(t.Context(), room.Config{}, 1).config.Builds); n != runtime.GOMAXPROCS(0) {
		t.Fatalf("%d at once", n)
	}
}

func TestARoomThatNobodyIsInGivesItsPlaceToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := memory.New()
		rooms := newRooms(t.Context(), room.Config{Log: log, Table: log.Table(), Logger: slog.New(slog.DiscardHandler)}, 3)
		defer rooms.stop()
		var ids []replay.Room
		get := func(i int) (*room.Room, error) {
			for len(ids) <= i {
				id, err := rooms.create(t.Context(), fmt.Sprint("Lesson ", i))
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			defer synctest.Wait()
			return rooms.get(t.Context(), ids[i])
		}
		open := func(i int) *room.Room {
			t.Helper()
			found, err := get(i)
			if err != nil {
				t.Fatalf("room %d: %v", i, err)
			}
			return found
		}
		ann, ben := &guest{"ann"}, &guest{"ben"}
		taught, left, newer := open(0), open(1), open(2)
		ann.enter(taught)
		ben.enter(left)
		added, err := proto.Marshal(&chalklinev1.AuthorityEvent{Event: &chalklinev1.AuthorityEvent_PageAdded{PageAdded: &chalklinev1.PageAdded{Page: "added"}}})
		if err != nil {
			t.Fatal(err)
		}
		left.Post(room.Submit{Peer: ben, Batch: &chalklinev1.Submit{Handle: 1, N: 1, Ops: added}})
		left.Post(room.Leave{Peer: ben})
		time.Sleep(time.Second)
		if _, err := get(3); !errors.Is(err, protocol.NewError(protocol.Full)) {
			t.Fatalf("whoever was let in a second ago may not have joined yet: %v, want FULL", err)
		}
		time.Sleep(time.Minute)
		(&guest{"cat"}).enter(newer)
		open(3)
		if err := left.Wait(); !errors.Is(err, room.ErrStopped) || rooms.runs(ids[0]) != taught || rooms.runs(ids[2]) != newer {
			t.Fatalf("the room without anybody ended with %v, want %v; the others run: %v", err, room.ErrStopped, rooms.running)
		}
		time.Sleep(time.Minute)
		pages, _, err := open(1).Pages(t.Context()) // in place of 3
		if err != nil || !slices.Contains(pages, "added") {
			t.Errorf("it comes back with pages %v, %v", pages, err)
		}
		if rooms.runs(ids[3]) != nil || len(rooms.running) != 3 {
			t.Errorf("%d run, %v of them", len(rooms.running), rooms.runs(ids[3]))
		}
	})
}
