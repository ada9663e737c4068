package ingest

import (
	"bytes"

	"chalkline/sei"
	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// publisher turns what one encoder sends into units of its source. It belongs to the
// goroutine of its connection.
type publisher struct {
	publication *media.Publication
	clock       media.Clock
	out         *output
	metrics     *metrics
	stall       *stall

	line     timeline
	pace     pace
	stamps   stamps
	pictures pictures
	config   []byte // of the sound

	video, audio bool // the tracks that it announced
	waiting      bool // pictures are left out up to the next key frame
	anew         bool // the next unit is a discontinuity
	renewed      bool // and the next picture, whatever sound comes before it
}

// newPublisher returns the publisher of a publication whose container's times wrap
// after so many bits.
func newPublisher(p *media.Publication, c media.Clock, out *output, m *metrics, bits uint) *publisher {
	return &publisher{
		publication: p, clock: c, out: out, metrics: m, stall: watchStall(p),
		line: timeline{bits: bits}, stamps: stamps{publication: p}, waiting: true, anew: true,
	}
}

// close ends the publication.
func (p *publisher) close() {
	p.stall.end()
	p.out.leave(p)
	p.publication.Close()
}

// picture publishes an access unit: dts in 1/90 000 s, which wraps, and how long
// after it the picture is to be shown.
func (p *publisher) picture(dts, composition int64, u accessUnit) {
	p.stall.came()
	arrival := p.clock.Now()
	dts, ok := p.place(videoTrack, arrival, dts)
	if !ok || u.data == nil {
		return
	}
	pts := dts + composition
	found, _ := sei.Read(sei.AnnexB, u.data)
	stamp := p.stamps.picture(arrival, micros(pts), found)
	p.renewed = p.renewed || u.changed
	info := p.publication.Source.Info()
	if info.Hidden || p.waiting && !u.key {
		p.waiting = true
		return
	}
	// Players find stamps behind the picture as well.
	data, err := sei.Remove(sei.AnnexB, make([]byte, 0, len(u.data)), u.data)
	if err == nil {
		data, err = sei.Insert(sei.AnnexB, make([]byte, 0, len(data)+stampRoom), data, stamp)
	}
	if err != nil { // no picture after all
		return
	}
	p.anew, p.renewed = p.anew || p.renewed, false
	p.waiting = !p.publish(arrival, stream.Unit{
		Codec: stream.H264, PTS: pts, DTS: dts, Time: stamp.Time, Key: u.key, Data: data,
	})
}

// stampRoom is what a stamp takes in an access unit, in bytes, and a little more.
const stampRoom = 96

// sound publishes a frame of AAC, which it keeps. pts is in 1/90 000 s and wraps.
func (p *publisher) sound(pts int64, config, raw []byte) {
	p.stall.came()
	arrival := p.clock.Now()
	pts, ok := p.place(audioTrack, arrival, pts)
	if !ok || len(raw) == 0 {
		return
	}
	time := p.stamps.sound(arrival, micros(pts))
	if !bytes.Equal(config, p.config) {
		p.anew = p.anew || p.config != nil
		p.config = config
	}
	if p.publication.Source.Info().Muted {
		return
	}
	p.publish(arrival, stream.Unit{
		Codec: stream.AAC, PTS: pts, DTS: pts, Time: time, Key: true, Config: p.config, Data: raw,
	})
}

func (p *publisher) place(track int, arrival, time int64) (at int64, ok bool) {
	at, jumped, ok := p.line.place(track, arrival*9/100, time)
	if jumped {
		p.anew, p.renewed = true, true
		p.stamps.anew()
		p.publication.Jump()
		p.metrics.jumps.Inc()
	}
	return at, ok
}

// tracks tells the room what the encoder announces, before it comes: outputs that
// begin with a picture know whether to wait for its sound.
func (p *publisher) tracks(video, audio bool) {
	if p.video == video && p.audio == audio {
		return
	}
	p.video, p.audio = video, audio
	p.publication.Tracks(video, audio, false, true)
}

// publish lets a unit go out; false: it is left out.
func (p *publisher) publish(arrival int64, u stream.Unit) bool {
	ok, anew := p.pace.takes(arrival*9/100, u.DTS)
	if !ok {
		return false
	}
	if anew && !p.anew {
		p.metrics.jumps.Inc()
	}
	u.Discontinuity = p.anew || anew
	p.anew = false
	p.metrics.bytes.Add(float64(len(u.Data)))
	p.out.publish(p, u)
	return true
}

// micros turns 1/90 000 s into µs.
func micros(t int64) int64 { return t * 100 / 9 }
