package ingest

import (
	"chalkline/sei"
	"chalkline/server/media"
)

// By how many µs an encoder's own stamp may be before and after its arrival (MED8),
// and how long it stands for units without one.
const (
	maxBefore = 10_000_000
	maxAfter  = 100_000
	maxStands = 2_000_000
)

// stamps says what times the units of a publication have (MED8).
type stamps struct {
	publication *media.Publication
	arrivals    arrivals
	pictured    bool // arrivals are those of pictures

	captured   bool // the encoder stamps
	found      int64
	foundMedia int64

	begun bool
	last  int64 // stamp of a picture
	map0  int64 // room time of media time 0, as of then
}

// sound returns the room time of a sound that arrives, its media time in µs.
func (s *stamps) sound(arrival, at int64) int64 {
	if !s.pictured {
		s.note(arrival, at)
	}
	return s.time(arrival, at)
}

// picture returns the stamp of a picture that arrives, with what it says already.
func (s *stamps) picture(arrival, at int64, found sei.Stamp) sei.Stamp {
	if !s.pictured {
		s.pictured, s.arrivals = true, arrivals{}
	}
	s.note(arrival, at)
	stamp := sei.Stamp{}
	if found.Time >= arrival-maxBefore && found.Time <= arrival+maxAfter {
		if !s.captured {
			s.captured = true
			s.publication.Captures()
		}
		s.found, s.foundMedia = found.Time, at
		stamp.Status = found.Status
	}
	stamp.Time = s.time(arrival, at)
	stamp.Status |= s.status(stamp.Time, at)
	stamp.Origin = s.publication.Source.Origin(s.stands(at))
	return stamp
}

// anew forgets what was learnt: the timeline begins anew.
func (s *stamps) anew() { s.arrivals, s.foundMedia, s.found = arrivals{}, 0, 0 }

func (s *stamps) note(arrival, at int64) {
	if s.arrivals.note(arrival, at) {
		s.publication.Jump()
	}
}

// time returns the room time of a media time: the encoder's, held to the bounds of its
// stamps, or that of arrival less the offset that was calibrated.
func (s *stamps) time(arrival, at int64) int64 {
	if s.stands(at) {
		return min(max(s.found+at-s.foundMedia, arrival-maxBefore), arrival+maxAfter)
	}
	offset, _ := s.publication.Source.Offset()
	return s.arrivals.at(at) - offset
}

// stands says whether an encoder's stamp counts for a media time.
func (s *stamps) stands(at int64) bool {
	return s.found != 0 && distance(at, s.foundMedia) <= maxStands
}

// status says whether a stamp follows on from the one before.
func (s *stamps) status(stamp, at int64) sei.Status {
	mapping := stamp - at
	jumped, backward := s.begun && distance(mapping, s.map0) > step, stamp < s.last
	s.begun, s.last, s.map0 = true, stamp, mapping
	switch {
	case jumped && backward:
		return sei.Jumped | sei.Backward
	case jumped:
		return sei.Jumped
	}
	return 0
}
