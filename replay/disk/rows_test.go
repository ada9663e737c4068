package disk

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"chalkline/replay"
)

// holding returns a file below dir that has text in it, "" if none has.
func holding(t *testing.T, dir, text string) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestID5WhatIsDeletedAndShreddedIsInNoFile(t *testing.T) {
	cfg := small(vfs.Default, t.TempDir())
	name := rand.Text() // stands in a compressed block as it is
	for _, sorted := range []bool{false, true} {
		l := mustOpen(t, cfg)
		for room := range replay.Room(3) {
			if err := l.Table().Put(t.Context(), room+1, "participant/ann", []byte(name)); err != nil {
				t.Fatal(err)
			}
		}
		if sorted {
			if err := l.db.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		mustClose(t, l)
		if holding(t, cfg.Dir, name) == "" {
			t.Fatal("the name is in no file before")
		}
		l = mustOpen(t, cfg)
		var rows []Row
		if err := l.Rows(t.Context(), func(r Row) bool {
			if string(r.Value) != name {
				t.Errorf("row %s of room %v is %q", r.Key, r.Room, r.Value)
			}
			rows = append(rows, r)
			return true
		}); err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			if r.Room != replay.Room(i+1) || r.Key != "participant/ann" {
				t.Errorf("row %d is %s of room %v", i, r.Key, r.Room)
			}
			if err := l.Table().Delete(t.Context(), r.Room, r.Key); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Shred(t.Context()); err != nil || len(rows) != 3 {
			t.Fatalf("%d rows, Shred() = %v", len(rows), err)
		}
		mustClose(t, l)
		if file := holding(t, cfg.Dir, name); file != "" {
			t.Errorf("sorted before: %v: the name is in %s", sorted, file)
		}
	}
}
