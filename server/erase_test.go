package server_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"chalkline/bench/client"
	"chalkline/replay"
	"chalkline/replay/disk"
	"chalkline/server"
	"chalkline/server/config"
)

// data is the data directory of a server.
type data struct {
	t *testing.T
	config.Config
}

func (d data) open() *disk.Log {
	d.t.Helper()
	log, err := disk.Open(disk.Config{Dir: filepath.Join(d.Data, "store")})
	if err != nil {
		d.t.Fatal(err)
	}
	return log
}

// keys are those of all rows.
func (d data) keys() (all []string) {
	d.t.Helper()
	log := d.open()
	err := log.Rows(d.t.Context(), func(r disk.Row) bool { all = append(all, r.Key); return true })
	if err := errors.Join(err, log.Close()); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// names is what the operator is told.
func (d data) names() string {
	d.t.Helper()
	var told strings.Builder
	if err := server.PrintNames(d.t.Context(), d.Config, &told); err != nil {
		d.t.Fatal(err)
	}
	return told.String()
}

func (d data) erase(id string) (rooms int, err error) {
	return server.EraseParticipant(d.t.Context(), d.Config, id)
}

func TestID5AParticipantIsErasedFromTheStore(t *testing.T) {
	d := data{t, config.Config{Data: t.TempDir()}}
	log := d.open()
	r := startMedia(t, func(c *server.Config) { c.Log, c.Table = log, log.Table() })
	ann := r.dial(t, client.Config{Token: "ann", Name: "Ann Bell", RoomName: "lesson"})
	r.dial(t, client.Config{Token: "anna", Name: "Anna", Room: ann.RoomID()})
	board, room := openFirst(t, ann), replay.Room(ann.RoomID())
	write(t, board, 2)
	if err := board.WaitSynced(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.streamKey(t, room.String(), "ann")
	for _, row := range []string{"media/offset/ann/camera", "media/switches/ann/camera"} {
		if err := log.Table().Put(t.Context(), room, row, []byte("1")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.erase("ann"); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("beside a server that runs: %v", err)
	}
	_ = ann.Close()
	r.stop()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	ofAnn, ofAnna := room.String()+"\tann\t\"Ann Bell\"\n", room.String()+"\tanna\t\"Anna\"\n"
	if told := d.names(); told != ofAnn+ofAnna {
		t.Errorf("names before: %s", told)
	}
	if keys := d.keys(); len(keys) != 6 {
		t.Errorf("rows before: %q", keys)
	}
	if rooms, err := d.erase("ann"); rooms != 1 || err != nil {
		t.Errorf("erased in %d rooms, %v", rooms, err)
	}
	if told := d.names(); told != ofAnna {
		t.Errorf("names after: %s", told)
	}
	if keys := d.keys(); !slices.Equal(keys, []string{"name", "participant/anna"}) {
		t.Errorf("rows after: %q", keys)
	}
	if _, err := d.erase("ann"); !errors.Is(err, server.ErrNobody) {
		t.Errorf("a second time: %v", err)
	}

	log = d.open()
	r = start(t, log, log.Table(), "127.0.0.1:0")
	ben := openFirst(t, r.dial(t, client.Config{Token: "ben", Name: "Ben", Room: ann.RoomID()}))
	if ben.Hash() != board.Hash() {
		t.Error("what she drew is not there")
	}
	r.stop()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}
