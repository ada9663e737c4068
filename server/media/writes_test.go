package media

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chalkline/replay"
	"chalkline/replay/memory"
	"chalkline/server/classroom"
)

// counted is a table that counts what is written, and fails where it is told to: what it
// was to write it may have.
type counted struct {
	replay.Table
	writes int
	fails  bool
}

func (c *counted) Put(ctx context.Context, room replay.Room, key string, value []byte) error {
	return c.count(c.Table.Put(ctx, room, key, value))
}

func (c *counted) Delete(ctx context.Context, room replay.Room, key string) error {
	return c.count(c.Table.Delete(ctx, room, key))
}

func (c *counted) count(err error) error {
	if c.writes++; c.fails {
		return replay.ErrFailed
	}
	return err
}

// put answers a PUT of what is set of a source.
func put(t *testing.T, r *Registry, who, path, body string) int {
	mux := http.NewServeMux()
	r.Register(mux)
	q := httptest.NewRequestWithContext(t.Context(), http.MethodPut, "/api/rooms/X/sources/"+path, strings.NewReader(body))
	q.Header.Set("Authorization", who)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, q)
	return w.Code
}

func TestNothingIsWrittenWhereNothingChanges(t *testing.T) {
	table := &counted{Table: memory.New().Table()}
	ann := visitor(classroom.Teacher, "ann")
	var r *Registry
	restart := func() {
		r = NewRegistry(Config{Rooms: &rooms{}, Table: table})
		publish(t, r, ann, Stream)
	}
	restart()
	for i, c := range []struct {
		path, body string
		fails      bool
		writes     int
	}{
		{"1/switches", `{}`, false, 0},
		{"1/switches", `{"muted":false,"hidden":false}`, false, 0},
		{"1/switches", `{"muted":true}`, false, 1},
		{"1/switches", `{"muted":true,"hidden":false}`, false, 0},
		{"restart", "", false, 0},
		{"1/switches", `{"muted":true}`, false, 0},
		{"1/switches", `{"muted":false}`, true, 1},
		{"1/switches", `{"muted":false}`, false, 1}, // nobody knows whether it is remembered
		{"1/switches", `{"muted":false}`, false, 0},
		{"1/offset", `{"offset_us":0}`, false, 1}, // it is calibrated from now on
		{"1/offset", `{"offset_us":0}`, false, 0},
		{"1/offset", `{"offset_us":5}`, true, 1},
		{"1/offset", `{"offset_us":0}`, false, 1},
		{"restart", "", false, 0},
		{"1/offset", `{"offset_us":0}`, false, 0},
	} {
		if c.path == "restart" {
			restart()
			continue
		}
		table.writes, table.fails = 0, c.fails
		if status := put(t, r, "teacher:ann", c.path, c.body); (status == http.StatusNoContent) == c.fails || table.writes != c.writes {
			t.Errorf("%d: %s %s: %d, %d writes, want %d", i, c.path, c.body, status, table.writes, c.writes)
		}
	}
}

func TestAParticipantSetsSwitchesAndOffsetsOnlySoOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := &counted{Table: memory.New().Table()}
		r := NewRegistry(Config{Rooms: &rooms{}, Table: table})
		publish(t, r, visitor(classroom.Teacher, "ann"), Stream)
		for i := range settingsPerWindow {
			path, body := "1/switches", fmt.Sprintf(`{"muted":%t}`, i%4 == 0)
			if i%2 == 1 {
				path, body = "1/offset", fmt.Sprintf(`{"offset_us":%d}`, i)
			}
			if status := put(t, r, "teacher:ann", path, body); status != http.StatusNoContent {
				t.Fatalf("%d: %d", i, status)
			}
		}
		written := table.writes
		for path, body := range map[string]string{"1/switches": `{"hidden":true}`, "1/offset": `{"offset_us":0}`} {
			if status := put(t, r, "teacher:ann", path, body); status != http.StatusServiceUnavailable || table.writes != written {
				t.Errorf("%s: one more is answered %d, %d writes", path, status, table.writes-written)
			}
		}
		if status := put(t, r, "teacher:tom", "1/switches", `{"hidden":true}`); status != http.StatusNoContent {
			t.Errorf("another: %d", status)
		}
		time.Sleep(settingsWindow)
		if status := put(t, r, "teacher:ann", "1/switches", `{"hidden":false}`); status != http.StatusNoContent {
			t.Errorf("in the next window: %d", status)
		}
	})
}
