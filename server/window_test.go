package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"os"
	"testing"
	"testing/synctest"
)

var update = flag.Bool("update", false, "record anew the window that the page is tested with")

// windowFile is a window that web/test/sync-window.test.ts plays to the page: the
// watcher opens authority, stage and boards in the order in which the page does, so
// that the handles are those of the page. It is a storedWindow in JSON and then all
// messages, of the control stream and of the others, each with its length as a
// varint before it; all in gzip.
const windowFile = "../web/test/testdata/window.gz"

type storedWindow struct {
	Pages    []string          `json:"pages"`
	Hashes   map[string]string `json:"hashes"`   // of the boards by page, hexadecimal
	Messages []int             `json:"messages"` // of every stream, control first
}

// TestTheStoredWindowEndsInItsHashes proves that what the page is tested with is
// what a client of today understands. With -update it is recorded first.
func TestTheStoredWindowEndsInItsHashes(t *testing.T) {
	if *update {
		synctest.Test(t, recordWindow)
	}
	stored, messages := readWindow(t)
	r, want := &recording{}, map[string][16]byte{}
	for i, n := range stored.Messages {
		if len(messages) < n {
			t.Fatalf("stream %d has only %d of %d messages", i, len(messages), n)
		}
		of := messages[:n]
		messages = messages[n:]
		if i == 0 {
			r.control = of
		} else {
			r.streams = append(r.streams, &of)
		}
	}
	for page, hash := range stored.Hashes {
		b, err := hex.DecodeString(hash)
		if err != nil {
			t.Fatal(err)
		}
		want[page] = [16]byte(b)
	}
	if r.messages() < 1_000 || len(want) != 2 {
		t.Fatalf("%d messages, %d boards", r.messages(), len(want))
	}
	synctest.Test(t, func(t *testing.T) {
		for seed := range uint64(4) {
			r.expect(t, seed, stored.Pages, want)
		}
	})
}

func recordWindow(t *testing.T) {
	r, pages, want := recordedWindow(t, 4<<10, 6, 2_000) // some 40 kB
	stored := storedWindow{Pages: pages, Hashes: map[string]string{}, Messages: []int{len(r.control)}}
	messages := r.control
	for _, s := range r.streams {
		if len(*s) > 0 { // else given up before anything arrived
			stored.Messages = append(stored.Messages, len(*s))
			messages = append(messages, *s...)
		}
	}
	for page, hash := range want {
		stored.Hashes[page] = hex.EncodeToString(hash[:])
	}
	head, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range append([][]byte{head}, messages...) {
		if _, err := z.Write(append(binary.AppendUvarint(nil, uint64(len(m))), m...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(windowFile, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readWindow(t *testing.T) (stored storedWindow, messages [][]byte) {
	t.Helper()
	packed, err := os.ReadFile(windowFile)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for len(b) > 0 {
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			t.Fatalf("%s ends within a message", windowFile)
		}
		messages = append(messages, b[n:n+int(length)])
		b = b[n+int(length):]
	}
	if err := json.Unmarshal(messages[0], &stored); err != nil {
		t.Fatal(err)
	}
	return stored, messages[1:]
}
