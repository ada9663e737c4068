package media

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"chalkline/replay"
)

// maxOffset bounds what a source is calibrated to, µs: encoders and their
// networks are not a minute behind.
const maxOffset = 60_000_000

// tableWait is how long a calibration is waited for when a source is made.
const tableWait = 5 * time.Second

// OffsetPrefix stands in a room's table before a participant's id, a slash and the
// kind of a source that was calibrated.
const OffsetPrefix = "media/offset/"

// offsetKey is where a source's calibration is kept: µs, in decimal.
func offsetKey(participant string, kind Kind) string {
	return OffsetPrefix + tableName(participant, kind)
}

// Calibrate sets by how many µs a source's units are older than their arrival,
// 0 … 60 000 000, and remembers it.
func (r *Registry) Calibrate(ctx context.Context, s *Source, us int64) error {
	if us < 0 || us > maxOffset {
		return fmt.Errorf("media: calibrate: offset of %d µs", us)
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if now, _ := s.Offset(); r.cfg.Table != nil && (!s.offsetKept || now != us) {
		s.offsetKept = false
		key := offsetKey(s.Participant, s.Kind)
		if err := r.cfg.Table.Put(ctx, s.Room, key, strconv.AppendInt(nil, us, 10)); err != nil {
			return fmt.Errorf("media: calibrate: %w", err)
		}
		s.offsetKept = true
	}
	s.calibrate(us)
	return nil
}

// recall returns the calibration that was remembered, false if there is none.
func (r *Registry) recall(room replay.Room, participant string, kind Kind) (us int64, ok bool) {
	if r.cfg.Table == nil {
		return 0, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), tableWait)
	defer cancel()
	value, err := r.cfg.Table.Get(ctx, room, offsetKey(participant, kind))
	if err == nil {
		us, err = strconv.ParseInt(string(value), 10, 64)
	}
	if err == nil && us >= 0 && us <= maxOffset {
		return us, true
	}
	if !errors.Is(err, replay.ErrNoKey) {
		r.cfg.Logger.Warn("calibration not read", "room", room, "kind", kind, "error", err)
	}
	return 0, false
}
