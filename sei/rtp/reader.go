package rtp

import (
	pion "github.com/pion/rtp"

	"chalkline/sei"
)

// Reader reads the stamps of one RTP stream. The zero Reader is ready. It
// belongs to one goroutine.
type Reader struct {
	stamp     sei.Stamp
	timestamp uint32
	sequence  uint16
	fragment  []byte // an SEI NAL unit that is coming in parts; nil: none
}

// Push takes the next packet, in order, and returns the stamp of its frame if
// the packet had a part of it.
func (r *Reader) Push(p *pion.Packet) (sei.Stamp, bool) {
	if p.SequenceNumber != r.sequence+1 {
		r.fragment = nil
	}
	r.sequence = p.SequenceNumber
	if p.Timestamp != r.timestamp {
		r.timestamp, r.stamp, r.fragment = p.Timestamp, sei.Stamp{}, nil
	}
	found := false
	if typeOf(p.Payload) == typeFUA {
		found = r.stamp.ReadNAL(r.join(p.Payload))
	} else {
		r.fragment = nil
		for nal := range units(p.Payload) {
			found = r.stamp.ReadNAL(nal) || found
		}
	}
	return r.stamp, found && r.stamp.Time != 0
}

// join returns an SEI NAL unit when its last part has come, else nil.
func (r *Reader) join(payload []byte) []byte {
	if len(payload) < 2 {
		r.fragment = nil
		return nil
	}
	head := payload[1]
	switch {
	case sei.Type(head&0x1f) != sei.TypeSEI:
		r.fragment = nil
		return nil
	case head&fuStart != 0:
		r.fragment = []byte{payload[0]&0xe0 | head&0x1f}
	case r.fragment == nil || len(r.fragment)+len(payload) > sei.MaxNAL:
		r.fragment = nil
		return nil
	}
	r.fragment = append(r.fragment, payload[2:]...)
	if head&fuEnd == 0 {
		return nil
	}
	whole := r.fragment
	r.fragment = nil
	return whole
}
