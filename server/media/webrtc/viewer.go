package webrtc

import (
	"fmt"
	"sync"
	"time"

	"github.com/pion/rtcp"
	pion "github.com/pion/webrtc/v4"

	"chalkline/server/media"
)

// viewerTick is how often a viewer's network is judged; reports go out at every
// other one.
const viewerTick = 500 * time.Millisecond

// viewer is one WHEP session. It stays when its source's publisher goes.
type viewer struct {
	*session
	feed         *feed
	clock        media.Clock
	video, audio *sender   // nil: it has not asked for it
	resend       *resender // of video
	estimate     estimate
	ready        chan struct{}

	mu      sync.Mutex
	started bool // the connection is there
	queue   []queued
	spare   []queued // memory of a queue that was written
	bytes   int
	wish    quality
	chooser chooser
	choice  bool // there is one of qualities, and it is ours

	measured bool // owned by run: packets are numbered for feedback
}

// wants returns the quality that it is to have.
func (v *viewer) wants() quality {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.wish != qualityAuto {
		return v.wish
	}
	return v.chooser.quality()
}

// choose sets which quality it asks for.
func (v *viewer) choose(q quality) {
	v.mu.Lock()
	v.wish = q
	v.mu.Unlock()
	v.feed.reassign(v)
}

// assign says which layers it gets, and whether the source has several qualities. A
// change takes place at a key frame.
func (v *viewer) assign(video, audio *layer, qualities bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.choice = qualities && v.wish == qualityAuto
	v.video.assign(video)
	v.audio.assign(audio)
}

func (s *sender) assign(l *layer) {
	switch {
	case s == nil:
	case l == s.active:
		s.next, s.held = nil, nil
	case l == nil:
		s.active, s.next, s.held = nil, nil, nil
	case l != s.next:
		s.next, s.held = l, nil
		s.askKey()
	}
}

// askKey asks the layer that its viewer waits for, or has, for a key frame.
func (s *sender) askKey() {
	switch {
	case !s.viewer.started:
	case s.next != nil:
		s.next.askKey()
	case s.active != nil:
		s.active.askKey()
	}
}

// start lets packets through when the connection is there.
func (v *viewer) start() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.started = true
	if v.video != nil {
		v.video.askKey()
	}
}

// run writes until the session ends.
func (v *viewer) run() {
	ticker := time.NewTicker(viewerTick)
	defer ticker.Stop()
	var again <-chan time.Time
	if v.resend != nil {
		again = v.resend.due.C
	}
	for even := false; ; {
		select {
		case <-v.ready:
			v.write()
		case <-again:
			v.server.metrics.again.WithLabelValues("loss").Add(float64(v.resend.repeat()))
		case now := <-ticker.C:
			if even = !even; even {
				v.report()
			}
			v.judge(now)
		case <-v.done:
			return
		}
	}
}

func (v *viewer) write() {
	v.mu.Lock()
	batch := v.queue
	v.queue, v.spare, v.bytes = v.spare[:0], nil, 0
	v.measured = v.choice
	var asked []uint16
	if r := v.resend; r != nil {
		asked, r.asked = r.asked, nil
		v.measured = v.choice || r.lossy
	}
	v.mu.Unlock()
	now, packets, bytes := time.Now(), 0, 0
	if len(asked) > 0 {
		v.server.metrics.again.WithLabelValues("asked").Add(float64(v.resend.answer(asked, now)))
	}
	for _, q := range batch {
		if n := q.sender.write(q.packet, q.fresh, now); n > 0 {
			packets++
			bytes += n
		}
	}
	v.server.metrics.sent(packets, bytes)
	clear(batch)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.spare = batch[:0]
	for _, s := range []*sender{v.video, v.audio} {
		if s != nil {
			s.shown = s.newest
		}
	}
}

func (v *viewer) report() {
	var reports []rtcp.Packet
	for _, s := range []*sender{v.video, v.audio} {
		if s == nil {
			continue
		}
		if r := s.report(v.clock.Now()); r != nil {
			reports = append(reports, r)
		}
	}
	if len(reports) > 0 {
		_ = v.pc.WriteRTCP(reports) // the session ends by itself
	}
}

// judge changes the quality if the network asks for it.
func (v *viewer) judge(now time.Time) {
	state := v.estimate.take()
	if state.known {
		v.server.metrics.viewerLoss.Observe(state.loss)
	}
	v.mu.Lock()
	if v.choice && v.chooser.judge(now, state) && v.video != nil {
		v.video.askKey()
	}
	if v.resend != nil {
		v.resend.judge(state)
	}
	v.mu.Unlock()
	v.feed.reassign(v)
}

// listen reads what the viewer's receiver reports of one track.
func (v *viewer) listen(s *sender, from *pion.RTPSender) {
	for {
		packets, _, err := from.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				v.mu.Lock()
				s.askKey()
				v.mu.Unlock()
			case *rtcp.TransportLayerNack:
				if s.video && p.MediaSSRC == s.ssrc {
					v.resend.ask(p)
				}
			case *rtcp.TransportLayerCC:
				v.estimate.feedback(p)
			case *rtcp.ReceiverReport:
				v.estimate.report(p)
				if s.video {
					v.resend.report(p)
				}
			}
		}
	}
}

// times returns what its tracks showed last.
func (v *viewer) times() map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	all := map[string]any{}
	for _, s := range []*sender{v.video, v.audio} {
		if s != nil && s.shown.time != 0 {
			all[s.ID()] = map[string]int64{"rtp": int64(s.shown.rtp), "time_us": s.shown.time}
		}
	}
	return all
}

// connect adds the tracks that an offer asks for to its connection.
func (v *viewer) connect(video, audio bool) error {
	for _, wanted := range []struct{ video, on bool }{{true, video}, {false, audio}} {
		if !wanted.on {
			continue
		}
		s := newSender(v, wanted.video)
		from, err := v.pc.AddTrack(s)
		if err != nil {
			return fmt.Errorf("add track: %w", err)
		}
		if wanted.video {
			v.video, v.resend = s, newResender(s)
		} else {
			v.audio = s
		}
		v.spawn(func() { v.listen(s, from) })
	}
	return nil
}
