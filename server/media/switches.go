package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chalkline/protocol"
	"chalkline/replay"
)

// SwitchesPrefix stands in a room's table before a participant's id, a slash and the
// kind of a source that is muted or hidden.
const SwitchesPrefix = "media/switches/"

// The words of a row, with a space between them.
const (
	mutedWord  = "muted"
	hiddenWord = "hidden"
)

// keepSwitches remembers what of a source is switched off, if that is another than
// before.
func (r *Registry) keepSwitches(s *Source) error {
	if r.cfg.Table == nil {
		return nil
	}
	s.keeping.Lock()
	defer s.keeping.Unlock()
	var off []string
	i := s.Info() // within the lock: the newest is kept last
	if i.Muted {
		off = append(off, mutedWord)
	}
	if i.Hidden {
		off = append(off, hiddenWord)
	}
	value := strings.Join(off, " ")
	if s.kept != nil && *s.kept == value {
		return nil
	}
	s.kept = nil
	ctx, cancel := context.WithTimeout(context.Background(), tableWait)
	defer cancel()
	key := SwitchesPrefix + s.name()
	keep := func() error { return r.cfg.Table.Put(ctx, s.Room, key, []byte(value)) }
	if len(off) == 0 {
		keep = func() error { return r.cfg.Table.Delete(ctx, s.Room, key) }
	}
	if err := keep(); err != nil {
		return fmt.Errorf("media: keep switches: %w", err)
	}
	s.kept = &value
	return nil
}

// recallSwitches sets a new source's switches to what was remembered. Where that cannot
// be read there is no source: nobody is shown what was hidden. The error is a
// *protocol.Error.
func (r *Registry) recallSwitches(s *Source) error {
	if r.cfg.Table == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), tableWait)
	defer cancel()
	value, err := r.cfg.Table.Get(ctx, s.Room, SwitchesPrefix+s.name())
	if err != nil && !errors.Is(err, replay.ErrNoKey) {
		r.cfg.Logger.Error("switches not read", "room", s.Room, "kind", s.Kind, "error", err)
		return protocol.NewError(protocol.StoreUnavailable, "reason", "failed")
	}
	kept := string(value)
	off := strings.Fields(kept)
	s.kept = &kept
	s.info.Muted, s.info.Hidden = slices.Contains(off, mutedWord), slices.Contains(off, hiddenWord)
	return nil
}
