package webrtc

// Bounds of what waits for one viewer: some two seconds.
const (
	maxQueuedPackets = 512
	maxQueuedBytes   = 1 << 20
)

// queued is a packet that waits to be written.
type queued struct {
	sender *sender
	packet *packet
	fresh  bool // its numbers do not follow on from the packet before
}

// push queues packets of a layer if they are for it. It never waits.
func (v *viewer) push(s *sender, l *layer, batch []*packet) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case !v.started || l != s.active && l != s.next:
	case l == s.active && !s.waiting:
		v.enqueue(s, batch, false)
		if !s.within && len(s.held) > 0 {
			v.takeOver(s, s.next)
		}
	default:
		s.hold(batch)
		if len(s.held) > 0 && !s.holds() {
			v.takeOver(s, l)
		}
	}
}

// hold keeps packets of a layer that is to take over, from its key frame on.
func (s *sender) hold(batch []*packet) {
	if len(s.held) == 0 {
		for len(batch) > 0 && !batch[0].key {
			batch = batch[1:]
		}
	}
	s.held = append(s.held, batch...)
}

// holds says whether what is held waits for the end of the picture that is going
// out. When the next picture has begun the rest does not come any more.
func (s *sender) holds() bool {
	first, last := s.held[0].rtp.Timestamp, s.held[len(s.held)-1].rtp.Timestamp
	return s.within && first == last && len(s.held) < maxQueuedPackets
}

// takeOver makes a layer the one whose packets go out, from those that are held on.
func (v *viewer) takeOver(s *sender, l *layer) {
	if l != s.active && s.active != nil && s.video {
		v.server.metrics.switches.WithLabelValues(string(l.quality)).Inc()
	}
	batch := s.held
	s.active, s.next, s.waiting, s.held = l, nil, false, nil
	v.enqueue(s, batch, true)
}

func (v *viewer) enqueue(s *sender, batch []*packet, fresh bool) {
	s.within = s.video && !batch[len(batch)-1].rtp.Marker
	for _, p := range batch {
		if len(v.queue) >= maxQueuedPackets || v.bytes > maxQueuedBytes {
			v.overflow()
			return
		}
		v.queue = append(v.queue, queued{s, p, fresh})
		v.bytes += len(p.rtp.Payload)
		fresh = false
	}
	v.wake()
}

// wake has what waits written.
func (v *viewer) wake() {
	select {
	case v.ready <- struct{}{}:
	default:
	}
}

// overflow drops what waits; both tracks begin anew.
func (v *viewer) overflow() {
	v.server.metrics.dropped.Add(float64(len(v.queue)))
	clear(v.queue)
	v.queue, v.bytes = v.queue[:0], 0
	for _, s := range []*sender{v.video, v.audio} {
		if s != nil {
			s.restart()
			s.askKey()
		}
	}
}

// restart makes nothing go out up to the next key frame.
func (s *sender) restart() { s.waiting, s.within, s.held = true, false, nil }

// pauseAt makes it begin anew where a layer goes on.
func (v *viewer) pauseAt(l *layer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range []*sender{v.video, v.audio} {
		if s != nil && s.active == l {
			s.restart()
		}
	}
}
