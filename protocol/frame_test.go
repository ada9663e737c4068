package protocol

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	chalklinev1 "chalkline/protocol/chalkline/v1"
)

func TestFramesReadBackInOrder(t *testing.T) {
	var b []byte
	for _, m := range [][]byte{{}, {1}, bytes.Repeat([]byte{7}, 300)} {
		b = AppendFrame(b, m)
	}
	r := bufio.NewReader(bytes.NewReader(b))
	for _, want := range []int{0, 1, 300} {
		got, err := ReadFrame(r, nil, 300)
		if err != nil || len(got) != want {
			t.Fatalf("%d bytes, %v; want %d", len(got), err, want)
		}
	}
	if _, err := ReadFrame(r, nil, 300); !errors.Is(err, io.EOF) {
		t.Fatalf("at the end: %v", err)
	}
}

func TestBadFramesAreErrors(t *testing.T) {
	for name, c := range map[string]struct {
		src  []byte
		want error
	}{
		"over the limit":  {[]byte{101}, ErrFrame},
		"endless varint":  {[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x01}, ErrFrame},
		"padded varint":   {[]byte{0x81, 0x00, 9}, ErrFrame},
		"cut length":      {[]byte{0x80}, io.ErrUnexpectedEOF},
		"cut message":     {[]byte{5, 1, 2}, io.ErrUnexpectedEOF},
		"length and stop": {[]byte{5}, io.ErrUnexpectedEOF},
	} {
		if _, err := ReadFrame(bytes.NewReader(c.src), nil, 100); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestMessagesAreFramed(t *testing.T) {
	b, err := AppendMessage(nil, &chalklinev1.ClientMessage{Message: &chalklinev1.ClientMessage_Ping{Ping: &chalklinev1.Ping{ClientTimeUs: 5}}})
	if err != nil {
		t.Fatal(err)
	}
	if int(b[0]) != len(b)-1 {
		t.Fatalf("length byte %d of %d bytes", b[0], len(b))
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, src []byte) {
		r := bytes.NewReader(src)
		for {
			m, err := ReadFrame(r, nil, 64)
			if err != nil {
				return
			}
			if len(m) > 64 {
				t.Fatalf("message of %d bytes", len(m))
			}
		}
	})
}

func TestEveryCodeHasANameAndARetryRule(t *testing.T) {
	for c := range codeNames {
		want := map[Code]Retry{1: RetryNow, 2: RetryBackOff, 3: RetryNever}[c/1000]
		if c.Retry() != want {
			t.Errorf("%v: retry %v, want %v", c, c.Retry(), want)
		}
	}
	if !errors.Is(NewError(TooLarge, "limit", "x"), NewError(TooLarge)) {
		t.Error("errors with the same code differ")
	}
}

// TestEverybodyInARoomFitsOneMessage has as many in a room as there may be, each
// with the longest names, and a replica that wrote on every page.
func TestEverybodyInARoomFitsOneMessage(t *testing.T) {
	board := "board::" + strings.Repeat("p", MaxPageID)
	m := &chalklinev1.JoinRoomResult{Name: strings.Repeat("n", MaxRoomName)}
	for range MaxPresent {
		m.Present = append(m.Present, &chalklinev1.Presence{
			Replica: 1<<32 - 1, Participant: strings.Repeat("i", MaxParticipant), DisplayName: strings.Repeat("d", MaxDisplayName),
			Role: "assistant", Board: board,
		})
	}
	for range MaxPages {
		m.Last = append(m.Last, &chalklinev1.LastBatch{Document: board, N: 1 << 40})
	}
	framed, err := AppendMessage(nil, &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_JoinRoomResult{JoinRoomResult: m}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFrame(bufio.NewReader(bytes.NewReader(framed)), nil, MaxServerMessage*19/20); err != nil { // sources come as well
		t.Fatal(err)
	}
}
