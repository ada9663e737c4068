package room_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"chalkline/ot"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/room"
)

func TestREC5ClientsKnowExactlyWhenARecordIsReleased(t *testing.T) {
	simulated(t, func(t *testing.T) {
		f := newRoom(t)
		defer func() { f.stop() }()
		ann, ben := f.join("ann"), f.join("ben")
		for i := range 40 { // clocks that are off, either way
			for k, p := range []*peer{ann, ben} {
				p.n[2]++
				f.room.Post(room.Submit{Peer: p, Batch: &chalklinev1.Submit{
					Handle: 2, N: p.n[2], CapturedAtUs: time.Now().UnixMicro() + int64((i*37+k*91)%400-300)*999,
					Ops: ot.AppendOps(nil, []ot.Op{{Kind: ot.Clear}}),
				}})
			}
			if i%10 == 9 {
				f.join("cat", as(roomNow()-200_000))
			}
			later(41 * time.Millisecond)
		}
		settle()
		f.restart()
		late := f.join("late")
		var releases []int64
		err := f.log.Read(t.Context(), roomID, boardName, 1, func(r replay.Record) bool {
			releases = append(releases, r.ReleaseAt)
			if n := len(releases); n > 1 && releases[n-2] > r.ReleaseAt || r.ReleaseAt%1000 != 0 {
				t.Errorf("revision %d is released at %d", r.Revision, r.ReleaseAt)
			}
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range ben.board().stood[1:] {
			if s.release != releases[s.revision-1] {
				t.Errorf("revision %d: released at %d here, %d in the log", s.revision, s.release, releases[s.revision-1])
			}
		}
		if r := late.board().release; r != releases[len(releases)-1] {
			t.Errorf("the snapshot says %d, the log %d", r, releases[len(releases)-1])
		}
	})
}

func TestALN4WhatClientsSayTheyReceivedIsMeasured(t *testing.T) {
	simulated(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		f := newRoom(t, func(c *room.Config) { c.Metrics = room.NewMetrics(registry) })
		defer f.stop()
		ann := f.join("ann")
		for c := range uint32(20) {
			ann.draw(c+1, 1, true)
		}
		received := []*chalklinev1.Received{{Handle: 2, Revision: 13}, {Handle: 2, Revision: 1 << 63}, {Handle: 77, Revision: 1}}
		f.room.Post(room.HeartTick{Peer: ann, Received: received})
		f.room.Post(room.HeartTick{Peer: ann, Received: make([]*chalklinev1.Received, 100_000)})
		settle()
		measured := familyOf(t, registry, "chalkline_room_behind_records").GetMetric()[0].GetHistogram()
		if n, sum := measured.GetSampleCount(), measured.GetSampleSum(); n != 2 || sum != 7 {
			t.Errorf("%d were measured, %v records behind together", n, sum)
		}
	})
}

func TestALN4WhoIsBehindIsNotSlow(t *testing.T) {
	simulated(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		f := newRoom(t, func(c *room.Config) { c.Metrics = room.NewMetrics(registry) })
		ann, ben := f.join("ann"), f.join("ben")
		for c := range uint32(20) {
			ann.draw(c+1, 1, true)
			f.room.Post(room.HeartTick{Peer: ben, MediaDelay: time.Hour})
			later(time.Second)
		}
		if n := len(ben.headers); n != 2 || ben.closed != nil {
			t.Errorf("%d streams for two documents, closed with %v", n, ben.closed)
		}
		if m := ben.board().marker; m.GetRevision() != 20 {
			t.Errorf("marker at revision %d, want that of now", m.GetRevision())
		}
		for _, delay := range []time.Duration{500 * time.Millisecond, 8 * time.Second} {
			f.room.Post(room.HeartTick{Peer: ann, MediaDelay: delay})
			settle()
			if got, want := gauged(t, registry, "chalkline_room_viewers_delayed"), 1+float64(delay/(8*time.Second)); got != want {
				t.Errorf("with one at %v, %v are delayed, want %v", delay, got, want)
			}
		}
		f.room.Post(room.Leave{Peer: ann})
		f.stop() // ben did not leave
		for _, name := range []string{"chalkline_room_viewers_delayed", "chalkline_room_participants"} {
			if got := gauged(t, registry, name); got != 0 {
				t.Errorf("%s is %v after the room has ended", name, got)
			}
		}
	})
}

// gauged returns the value of a gauge.
func gauged(t *testing.T, from prometheus.Gatherer, name string) float64 {
	t.Helper()
	return familyOf(t, from, name).GetMetric()[0].GetGauge().GetValue()
}

func familyOf(t *testing.T, from prometheus.Gatherer, name string) *dto.MetricFamily {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}
