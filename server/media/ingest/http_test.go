package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"chalkline/protocol"
	"chalkline/server/classroom"
)

func (s *school) post(t *testing.T, role classroom.Role) (status int, body map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.http.URL+"/api/rooms/X/stream-key", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Role", string(role))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, body
}

func TestMED9AStreamKeyIsGivenAndTheOneBeforeEnds(t *testing.T) {
	table := newTable(t)
	s := open(t, table)
	status, first := s.post(t, classroom.Teacher)
	key, _ := first["key"].(string)
	if status != http.StatusOK || first["rtmp"] != "rtmp://"+s.rtmp+"/live" || first["http"] != s.http.URL+"/ingest/"+key {
		t.Fatalf("%d, %v", status, first)
	}
	again := open(t, table) // the server restarts
	for _, form := range []string{key, strings.ToUpper(key)} {
		if v, err := again.keys.check(t.Context(), form, 1); err != nil || v.ID != "ann" || v.Role != classroom.Teacher || v.Room != testRoom {
			t.Errorf("%s is of %+v, %v", form, v, err)
		}
	}
	again.post(t, classroom.Teacher)
	if _, err := again.keys.check(t.Context(), key, 1); !errors.Is(err, errKey) {
		t.Errorf("the older key: %v", err)
	}
}

func TestMED9AParticipantIsGivenStreamKeysOnlySoOften(t *testing.T) {
	s := open(t, newTable(t))
	var last string
	for i := range keysPerWindow {
		status, body := s.post(t, classroom.Teacher)
		if status != http.StatusOK {
			t.Fatalf("%d: %d, %v", i, status, body)
		}
		last, _ = body["key"].(string)
	}
	if status, body := s.post(t, classroom.Teacher); status != http.StatusServiceUnavailable {
		t.Errorf("one more: %d, %v", status, body)
	}
	if v, err := s.keys.check(t.Context(), last, 1); err != nil || v.ID != "ann" {
		t.Errorf("the last key that was given is of %+v, %v", v, err)
	}
}

func TestMED3ObserversGetNoStreamKey(t *testing.T) {
	s := open(t, newTable(t))
	if status, body := s.post(t, classroom.Observer); status != http.StatusForbidden {
		t.Errorf("%d, %v", status, body)
	}
}

func TestMED9OnlySoManyWrongKeysAreTriedAndRightOnesAreTakenAllTheSame(t *testing.T) {
	s := open(t, newTable(t))
	right := s.key(t)
	wrong := "0" + right[1:len(right)-1] + "0"
	if wrong == right {
		wrong = right[:len(right)-4] + "0000"
	}
	want := []int{401, 401, 401, 503, 204, 503}
	for i, key := range []string{wrong, "x", "", wrong, right, wrong} {
		if key == "" {
			key = strings.Repeat("0", 500)
		}
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPut, s.http.URL+"/ingest/"+key, strings.NewReader("x"))
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want[i] {
			t.Errorf("try %d is answered %d, want %d", i, answer.StatusCode, want[i])
		}
	}
}

// slow is a body that gives a byte and then nothing until its deadline.
type slow struct {
	given    bool
	deadline chan time.Time
}

func (s *slow) Read(b []byte) (int, error) {
	if !s.given {
		s.given = true
		b[0] = syncByte
		return 1, nil
	}
	timer := time.NewTimer(time.Hour)
	for {
		select {
		case d := <-s.deadline:
			timer.Reset(time.Until(d))
		case <-timer.C:
			return 0, errors.New("deadline")
		}
	}
}

func TestABodyThatStopsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{deadline: make(chan time.Time, 8)}
		b := &patient{body: s, deadline: func(d time.Time) error { s.deadline <- d; return nil }}
		start := time.Now()
		_, err := io.Copy(io.Discard, b)
		if took := time.Since(start); err == nil || took != idleTime {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// broken is a body that fails behind what it has.
func broken(has []byte, why error) io.Reader {
	return io.MultiReader(bytes.NewReader(has), iotest.ErrReader(why))
}

func TestTheReasonOfAnEndStandsWhereverInAPacketItComes(t *testing.T) {
	b := transportStream(t)[:20*packetSize]
	for _, why := range []error{protocol.NewError(protocol.TakenOver), protocol.NewError(protocol.GoingAway), os.ErrDeadlineExceeded} {
		for _, of := range []int{0, 1, packetSize / 2, packetSize - 1} {
			if err := newDemuxer(broken(b[:19*packetSize+of], why), hear(t, wrapBits).publisher).run(); !errors.Is(err, why) {
				t.Errorf("%d bytes into a packet: %v, want %v", of, err, why)
			}
		}
	}
	if err := newDemuxer(bytes.NewReader(b[:len(b)-1]), hear(t, wrapBits).publisher).run(); err != nil {
		t.Errorf("an encoder that goes within a packet: %v", err)
	}
}

func TestMED4ABodyEndsWhenAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{deadline: make(chan time.Time, 8)}
		b := &patient{body: s, deadline: func(d time.Time) error { s.deadline <- d; return nil }}
		taken := errors.New("taken over")
		go b.end(taken)
		start := time.Now()
		if _, err := io.Copy(io.Discard, b); !errors.Is(err, taken) || time.Since(start) > 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, taken) {
			t.Errorf("read again: %v", err)
		}
	})
}
