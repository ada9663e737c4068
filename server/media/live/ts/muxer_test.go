package ts

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/asticode/go-astits"
)

// unit is what an independent demuxer finds.
type unit struct {
	pid      uint16
	pts, dts int64
	data     string
}

func demux(t *testing.T, b []byte) (units []unit, tables int) {
	t.Helper()
	d := astits.NewDemuxer(context.Background(), bytes.NewReader(b))
	for {
		x, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			return units, tables
		}
		if err != nil {
			t.Fatal(err)
		}
		if x.PMT != nil {
			tables++
		}
		if x.PES == nil {
			continue
		}
		h := x.PES.Header.OptionalHeader
		u := unit{x.PID, h.PTS.Base, h.PTS.Base, string(x.PES.Data)}
		if h.DTS != nil {
			u.dts = h.DTS.Base
		}
		units = append(units, u)
	}
}

func TestUnitsOfEveryLengthComeOutAsTheyWentIn(t *testing.T) {
	var m Muxer
	m.Begin(true)
	b := m.AppendTables(nil)
	var want []unit
	for n := range 800 {
		data := bytes.Repeat([]byte{byte(n)}, n+1)
		pts, dts := int64(n*3000+6000), int64(n*3000)
		if n%3 == 0 {
			pts = dts
		}
		b = m.AppendPicture(b, Picture{PTS: pts, DTS: dts, Key: n%30 == 0, Data: data})
		want = append(want, unit{videoPID, pts, dts, string(data)})
		b = m.AppendSound(b, dts+10, data)
		want = append(want, unit{audioPID, dts + 10, dts + 10, string(data)})
	}
	large := bytes.Repeat([]byte{1}, 100_000)
	b = m.AppendPicture(b, Picture{PTS: 1 << 40, DTS: 1 << 40, Data: large})
	want = append(want, unit{videoPID, 0, 0, string(large)}) // 2⁴⁰ is a multiple of 2³³
	got, tables := demux(t, b)
	if tables != 1 || len(got) != len(want) {
		t.Fatalf("%d tables, %d units of %d", tables, len(got), len(want))
	}
	byPID := func(units []unit, pid uint16) (of []unit) {
		for _, u := range units {
			if u.pid == pid {
				of = append(of, u)
			}
		}
		return of
	}
	for _, pid := range []uint16{videoPID, audioPID} {
		w := byPID(want, pid)
		for i, g := range byPID(got, pid) {
			if g != w[i] {
				t.Fatalf("unit %d of %#x: at %d and %d, %d bytes; want %d and %d, %d bytes",
					i, pid, g.pts, g.dts, len(g.data), w[i].pts, w[i].dts, len(w[i].data))
			}
		}
	}
}

// clocks returns the clocks of a stream in order, and how many are marked.
func clocks(b []byte) (at []int64, marked int) {
	for ; len(b) >= PacketSize; b = b[PacketSize:] {
		if b[3]&0x20 == 0 || b[4] < 7 || b[5]&0x10 == 0 {
			continue
		}
		at = append(at, int64(b[6])<<25|int64(b[7])<<17|int64(b[8])<<9|int64(b[9])<<1|int64(b[10])>>7)
		if b[5]&0x80 != 0 {
			marked++
		}
	}
	return at, marked
}

func TestTheClockComesEveryHundredMillisecondsThoughPicturesAreRare(t *testing.T) {
	for name, m := range map[string]*Muxer{"pictures": {}, "sound alone": {}} {
		t.Run(name, func(t *testing.T) {
			m.Begin(name == "pictures")
			b := m.AppendTables(nil)
			for n := int64(0); n < 500; n++ {
				at := 900_000 + n*1920
				if n%100 == 0 {
					b = m.AppendPicture(b, Picture{PTS: at, DTS: at, Key: true, Data: []byte{1}})
				}
				b = m.AppendSound(b, at, []byte{1, 2, 3})
			}
			at, marked := clocks(b)
			if marked != 0 || len(at) < 100 || at[0] != 900_000-lead {
				t.Fatalf("%d clocks from %d on, %d marked", len(at), at[0], marked)
			}
			for i := 1; i < len(at); i++ {
				if step := at[i] - at[i-1]; step <= 0 || step > 9000 {
					t.Errorf("clock %d goes on by %d", i, step)
				}
			}
			m.Begin(name != "pictures")
			b = m.AppendTables(nil)
			b = m.AppendPicture(b, Picture{PTS: 5, DTS: 5, Key: true, Data: []byte{1}})
			b = m.AppendSound(b, 5, []byte{1})
			if _, marked := clocks(b); marked != 1 {
				t.Errorf("%d clocks of the next programme are marked", marked)
			}
		})
	}
}

func BenchmarkPicture(b *testing.B) {
	var m Muxer
	m.Begin(true)
	data := make([]byte, 12_500) // 3 Mbit/s, 30 a second
	var out []byte
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		out = m.AppendPicture(out[:0], Picture{PTS: n * 3000, DTS: n * 3000, Data: data})
	}
}
