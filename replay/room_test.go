package replay_test

import (
	"log/slog"
	"strings"
	"testing"

	"chalkline/replay"
)

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	for code, want := range map[string]replay.Room{
		"00000-00001": 1, "0000000001": 1, "OOOOO-OOOOI": 1, "00000-0000l": 1, "zzzzz-zzzzz": 1<<replay.RoomBits - 1, "0000000010": 32,
	} {
		if got, ok := replay.ParseRoom(code); !ok || got != want {
			t.Errorf("%s: %d, %v, want %d", code, got, ok, want)
		}
	}
	for _, code := range []string{"", "00000-00000", "0000000001x", "000000001", "00000_0000", "0000000000000000001", "UUUUU-UUUUU", "黑板"} {
		if got, ok := replay.ParseRoom(code); ok {
			t.Errorf("%q is room %d", code, got)
		}
	}
}

func TestLogsNameRoomsAsLinksDo(t *testing.T) {
	for _, id := range []replay.Room{1, 31, 1 << 25, 1_692_398_069_069, 1<<replay.RoomBits - 1} {
		if got, ok := replay.ParseRoom(id.String()); !ok || got != id {
			t.Errorf("%s is room %d, want %d", id, got, id)
		}
	}
	if got := replay.Room(1<<replay.RoomBits + 31).String(); got != "00000-0000Z" {
		t.Errorf("beyond its bits: %s", got)
	}
	const code = "01H85-CJ9AD" // as in web/src/ui/code.test.ts
	var text, json strings.Builder
	slog.New(slog.NewTextHandler(&text, nil)).Info("x", "room", replay.Room(1_692_398_069_069))
	slog.New(slog.NewJSONHandler(&json, nil)).Info("x", "room", replay.Room(1_692_398_069_069))
	if !strings.Contains(text.String(), "room="+code) || !strings.Contains(json.String(), `"room":"`+code+`"`) {
		t.Errorf("logged %s and %s", text.String(), json.String())
	}
}

func FuzzParseRoom(f *testing.F) {
	f.Add("00000-00001")
	f.Fuzz(func(t *testing.T, code string) {
		if id, ok := replay.ParseRoom(code); ok && (id < 1 || id >= 1<<replay.RoomBits) {
			t.Fatalf("%q is room %d", code, id)
		}
	})
}
