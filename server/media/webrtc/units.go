package webrtc

import (
	"bytes"
	"sync"
	"sync/atomic"

	"github.com/pion/rtp/codecs"

	"chalkline/sei"
	"chalkline/server/media/stream"
)

// maxUnit bounds an access unit, in bytes.
const maxUnit = 4 << 20

// keyEvery is how far apart key frames may be while the Hub is wanted, µs: browsers
// send them on request only, and live streams are cut at them.
const keyEvery = 2_000_000

// units puts a layer's packets together for its source's Hub, while that is wanted
// and the layer is the one that it gets. It belongs to the goroutine of the layer's
// track.
type units struct {
	hub    *stream.Hub
	layer  *layer
	line   timeline
	wanted bool

	// Of video.
	packets  codecs.H264Packet
	unit     []byte
	payload  int // of the unit's packets, in bytes
	rtp      uint32
	time     int64
	begun    bool   // a unit is coming in
	broken   bool   // of which packets are missing
	waiting  bool   // for a key frame
	keyed    int64  // time of the last key frame
	counting bool   // next is known
	next     uint16 // sequence number
	sps, pps []byte // as NAL units
}

func newUnits(hub *stream.Hub, l *layer) *units {
	rate := int64(audioRate)
	if l.video {
		rate = videoRate
	}
	return &units{hub: hub, layer: l, line: timeline{rate: rate}}
}

// push takes packets in order.
func (u *units) push(batch []*packet) {
	wanted := u.hub.Wanted() && !u.layer.off.Load() && u.layer.feed.live(u.layer)
	if wanted && !u.wanted {
		u.begun, u.counting, u.waiting = false, false, true
		u.layer.askKey()
	}
	u.wanted = wanted
	if !wanted {
		return
	}
	for _, p := range batch {
		switch {
		case p.time == 0: // too late
		case u.layer.video:
			u.picture(p)
		default:
			u.sound(p)
		}
	}
}

func (u *units) sound(p *packet) {
	pts, jumped := u.line.take(p.rtp.Timestamp, p.time)
	u.hub.Publish(stream.Unit{
		Codec: stream.Opus, PTS: pts, DTS: pts, Time: p.time, Key: true, Discontinuity: jumped,
		Data: bytes.Clone(p.rtp.Payload),
	})
}

func (u *units) picture(p *packet) {
	gap := u.counting && p.rtp.SequenceNumber != u.next
	if u.begun && p.rtp.Timestamp != u.rtp {
		u.broken = u.broken || gap
		u.end()
	}
	if !u.begun {
		u.begun, u.counting, u.broken = true, true, false
		u.unit, u.payload, u.rtp, u.packets = nil, 0, p.rtp.Timestamp, codecs.H264Packet{}
	}
	u.broken = u.broken || gap
	u.next, u.time = p.rtp.SequenceNumber+1, p.time
	if u.payload += len(p.rtp.Payload); u.payload > maxUnit { // pion keeps fragments until the last one comes
		u.broken, u.unit, u.packets = true, nil, codecs.H264Packet{}
		return
	}
	nals, err := u.packets.Unmarshal(p.rtp.Payload)
	if err != nil || len(u.unit)+len(nals) > maxUnit {
		u.broken = true
		return
	}
	u.unit = append(u.unit, nals...)
	if p.rtp.Marker {
		u.end()
	}
}

// end publishes the unit that came in. One that is broken is left out, and all
// after it up to the next key frame.
func (u *units) end() {
	u.begun = false
	key, err := u.look()
	if u.broken || err != nil || len(u.unit) == 0 {
		u.waiting = true
		u.layer.askKey()
		return
	}
	if u.waiting && !key {
		return
	}
	u.waiting = false
	if key {
		u.keyed = u.time
	} else if u.time-u.keyed >= keyEvery {
		u.layer.askKey()
	}
	pts, jumped := u.line.take(u.rtp, u.time)
	unit := stream.Unit{Codec: stream.H264, PTS: pts, DTS: pts, Time: u.time, Key: key, Discontinuity: jumped, Data: u.unit}
	if f := u.layer.feed; !f.air.publish(u.hub, u.layer, f.picked(u.layer), unit) {
		u.waiting = true
		u.layer.askKey()
	}
}

// air is the picture that a source's Hub gets: of one layer, until another takes over
// with a key frame.
type air struct {
	layer atomic.Pointer[layer] // changes with mu held

	mu  sync.Mutex // held while the Hub takes a unit
	pts int64      // of the unit before
}

// has takes no lock: it is asked with the feed's held, which a Hub that tells of its
// readers waits for.
func (a *air) has(l *layer) bool { return a.layer.Load() == l }

// publish publishes a unit, after the one before also where a layer takes over that
// is behind. It says whether the layer is on the air: a picked one is from a key
// frame on.
func (a *air) publish(hub *stream.Hub, l *layer, picked bool, u stream.Unit) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.has(l) {
		if !picked || !u.Key {
			return false
		}
		a.layer.Store(l)
		u.Discontinuity = true
	}
	if behind := a.pts - u.PTS; behind >= 0 && behind < timelineJump {
		u.PTS, u.DTS = a.pts+1, a.pts+1
	}
	a.pts = u.PTS
	hub.Publish(u)
	return true
}

// look finds out whether the unit is a key frame, which gets the parameter sets
// that it lacks.
func (u *units) look() (isKey bool, err error) {
	hasSPS, hasPPS := false, false
	for n, err := range sei.AnnexB.Units(u.unit) {
		if err != nil {
			return false, err
		}
		switch sei.TypeOf(n.NAL) {
		case sei.TypeSPS:
			hasSPS, u.sps = true, bytes.Clone(n.NAL)
		case sei.TypePPS:
			hasPPS, u.pps = true, bytes.Clone(n.NAL)
		case sei.TypeIDR:
			isKey = true
		}
	}
	if isKey && (!hasSPS || !hasPPS) && u.sps != nil && u.pps != nil {
		whole := make([]byte, 0, len(u.unit)+len(u.sps)+len(u.pps)+8)
		for _, set := range [][]byte{u.sps, u.pps} {
			whole = append(append(whole, 0, 0, 0, 1), set...)
		}
		u.unit = append(whole, u.unit...)
	}
	return isKey, nil
}
